"""Servers in this process that a talking plugin stands behind: sockets, HTTP and WebSocket, all on this machine.

Each is a context that gives the address of a local endpoint. What is opened is closed at its end.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, TextMessage
from wsproto.events import Request as Opening

from runtimes.local.framing import Frames, Spoken, framed
from runtimes.values import Json, parse_json
from tests.servers.loopback import Answer, Raw, Request, Response, serve
from tests.servers.talking_plugin import Ended, TalkingPlugin

READ_BYTES = 64 * 1024


class Ending(Exception):
    """The other side has ended the connection."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def receive(self) -> bytes:
        """What has come. Raises: `Ending`."""
        if not (data := await self.reader.read(READ_BYTES)):
            raise Ending
        return data

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Converse = Callable[[Talk], Awaitable[None]]
"""Speaks on one connection until it ends."""

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _serving(converse: Converse) -> AsyncGenerator[Connected]:
    """What takes connections until the context is left."""
    async with anyio.create_task_group() as tasks:

        async def speak(talk: Talk) -> None:
            try:
                with suppress(Ending, OSError):
                    await converse(talk)
            finally:
                talk.writer.close()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.start_soon(speak, Talk(reader, writer))

        yield connected
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def tcp_server(converse: Converse, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """Speaks on a free port of 127.0.0.1, and gives it."""
    async with _serving(converse) as connected:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()


@asynccontextmanager
async def unix_server(path: Path, converse: Converse) -> AsyncGenerator[None]:
    """Speaks at a socket in the file system."""
    async with _serving(converse) as connected:
        server = await asyncio.start_unix_server(connected, path)
        try:
            yield
        finally:
            server.close()


async def _answered(plugin: TalkingPlugin, message: bytes, say: Callable[[bytes], Awaitable[None]]) -> bool:
    """Says what the plugin says; false where it leaves."""
    try:
        for said in plugin.take(message):
            await say(said)
    except Ended:
        return False
    return True


def streaming(plugin: TalkingPlugin, spoken: Spoken) -> Converse:
    """Lines or headers over a stream of bytes."""

    async def converse(talk: Talk) -> None:
        async def say(message: bytes) -> None:
            await talk.send(framed(message, spoken))

        frames = Frames(spoken)
        while True:
            for message in frames.receive(await talk.receive()):
                if not await _answered(plugin, message, say):
                    return

    return converse


def over_websocket(plugin: TalkingPlugin) -> Converse:
    """Text messages over a WebSocket; binary ones are taken as well."""

    async def converse(talk: Talk) -> None:
        async def say(message: bytes) -> None:
            await talk.send(protocol.send(TextMessage(data=message.decode())))

        protocol = WSConnection(ConnectionType.SERVER)
        text = b""
        while True:
            protocol.receive_data(await talk.receive())
            for event in protocol.events():
                if isinstance(event, Opening):
                    await talk.send(protocol.send(AcceptConnection()))
                elif isinstance(event, CloseConnection):
                    return
                elif isinstance(event, TextMessage | BytesMessage):
                    text += event.data.encode() if isinstance(event.data, str) else event.data
                    if event.message_finished and not await _answered(plugin, text, say):
                        await talk.send(protocol.send(CloseConnection(code=1011, reason="out of order")))
                        return
                    text = b"" if event.message_finished else text

    return converse


@dataclass(slots=True)
class _Posts:
    """The requests whose answers are still to come, each with what there is to say to it."""

    plugin: TalkingPlugin
    said: dict[int, list[bytes]] = field(default_factory=dict[int, list[bytes]])
    come: dict[int, anyio.Event] = field(default_factory=dict[int, anyio.Event])

    async def answer(self, request: Request) -> Answer:
        message = request.json()
        assert isinstance(message, dict)
        number = message.get("id") if "method" in message else None
        if isinstance(number, int):
            self.said[number], self.come[number] = [], anyio.Event()
        try:
            for said in self.plugin.take(request.body):
                self._hand_out(said, number)
        except Ended:
            return Raw()
        if not isinstance(number, int):
            return Response(status=204)
        await self.come[number].wait()
        return _answer_of(self.said.pop(number))

    def _hand_out(self, said: bytes, number: Json) -> None:
        """Garbage and notifications belong to the request that is being answered."""
        try:
            message = parse_json(said)
        except ValueError:
            message = None
        its = message.get("id") if isinstance(message, dict) and "method" not in message else number
        assert isinstance(its, int)
        if its in self.said:
            self.said[its].append(said)
            if not isinstance(message, dict) or "method" not in message:
                self.come[its].set()


def _answer_of(said: list[bytes]) -> Response:
    body = said[0] if len(said) == 1 else b"[" + b",".join(said) + b"]"
    return Response(headers=(("Content-Type", "application/json"),), body=body)


@asynccontextmanager
async def post_server(plugin: TalkingPlugin) -> AsyncGenerator[str]:
    """A URL that takes a message with each POST and answers when it has the answer."""
    async with serve(_Posts(plugin).answer) as server:
        yield f"{server.url}/rpc"
