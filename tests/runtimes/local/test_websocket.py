"""Local plugins behind WebSocket, well-behaved and not (RFC 6455, issue 10)."""

from __future__ import annotations

import re
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage

from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.transports.base import CannotStart, Transport, TransportClosed
from runtimes.local.transports.of_address import UrlAddress, opener_for, read_address
from runtimes.local.transports.websocket import MAX_REASON_CHARS, open_websocket
from tests.servers.certificates import certificates
from tests.servers.local_peers import Converse, Talk, tcp_server
from tests.servers.no_http import NoHttp

pytestmark = pytest.mark.requirement("issue:10")

SILENT_SECONDS = 0.05
"""How long a server that does not answer the handshake is waited for."""


class Opened:
    """The server's side of a WebSocket."""

    def __init__(self, talk: Talk, protocol: WSConnection, opening: Request) -> None:
        self.opening = opening
        self.talk = talk
        self._protocol = protocol
        self._come: list[Event] = []

    async def say(self, event: Event) -> None:
        await self.talk.send(self._protocol.send(event))

    async def next(self) -> Event:
        while not self._come:
            self._protocol.receive_data(await self.talk.receive())
            self._come += self._protocol.events()
        return self._come.pop(0)


def opening(converse: Callable[[Opened], Awaitable[None]]) -> Converse:
    """Accepts the WebSocket and speaks over it."""

    async def accepted(talk: Talk) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        protocol.receive_data(await talk.receive())
        (request,) = protocol.events()
        assert isinstance(request, Request)
        await talk.send(protocol.send(AcceptConnection()))
        await converse(Opened(talk, protocol, request))

    return accepted


def saying(*pieces: Event | bytes) -> Converse:
    """Says these, then waits for the other side to leave."""

    async def converse(socket: Opened) -> None:
        for piece in pieces:
            if isinstance(piece, bytes):
                await socket.talk.send(piece)
            else:
                await socket.say(piece)
        while True:
            await socket.talk.receive()

    return opening(converse)


@asynccontextmanager
async def reached(
    converse: Converse, path: str = "/rpc", tls: ssl.SSLContext | None = None, trusting: ssl.SSLContext | None = None
) -> AsyncGenerator[Transport, None]:
    async with tcp_server(converse, tls) as port:
        with anyio.fail_after(30):
            url = f"{'ws' if tls is None else 'wss'}://127.0.0.1:{port}{path}"
            async with opener_for(url, "auto", NoHttp(), trusting)() as transport:
                yield transport


async def why_not(converse: Converse, seconds: float = 10.0, tls: ssl.SSLContext | None = None) -> str:
    """Why no WebSocket opens."""
    async with tcp_server(converse, tls) as port:
        address = read_address(f"{'ws' if tls is None else 'wss'}://127.0.0.1:{port}/rpc")
        assert isinstance(address, UrlAddress)
        with anyio.fail_after(30), pytest.raises(CannotStart) as failure:
            async with open_websocket(address.url, address.origin, seconds=seconds):
                raise NotImplementedError
    return str(failure.value)


async def received(transport: Transport, count: int) -> list[bytes]:
    messages: list[bytes] = []
    while len(messages) < count:
        come = await transport.receive()
        assert come, "the other side has ended"
        messages += come
    return messages


async def echo(socket: Opened) -> None:
    while True:
        event = await socket.next()
        if isinstance(event, TextMessage | BytesMessage):
            await socket.say(event)


async def test_messages_go_and_come_in_order() -> None:
    messages = [b'{"n":%d}' % number for number in range(100)] + ['"ü\N{SNOWMAN}"'.encode(), b"x" * 200_000]
    async with reached(opening(echo)) as transport:
        for message in messages:
            await transport.send(message)
        parts = await received(transport, len(messages))
    assert parts == messages


async def test_what_is_no_ascii_in_a_path_is_percent_encoded_and_the_rest_is_as_written() -> None:
    targets: list[str] = []

    async def converse(socket: Opened) -> None:
        targets.append(socket.opening.target)
        await socket.say(TextMessage(data="{}"))

    async with reached(opening(converse), "/\N{SNOWMAN}/a%20b;c?q=\xfc&\"'[]") as transport:
        await received(transport, 1)
    assert targets == ["/%E2%98%83/a%20b;c?q=%C3%BC&\"'[]"]


async def test_the_handshake_asks_for_the_path_and_offers_nothing_else() -> None:
    openings: list[Request] = []

    async def converse(socket: Opened) -> None:
        openings.append(socket.opening)
        await socket.say(TextMessage(data="{}"))

    async with reached(opening(converse), "/rpc/a%20b?key=1") as transport:
        await received(transport, 1)
    (opened,) = openings
    assert opened.target == "/rpc/a%20b?key=1"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", opened.host)
    assert (opened.extensions, opened.subprotocols) == ([], [])
    assert b"origin" not in {name.lower() for name, _ in opened.extra_headers}


async def test_binary_messages_and_messages_in_pieces_are_messages_too() -> None:
    async with reached(
        saying(
            BytesMessage(data=b'{"a":1}'),
            TextMessage(data='{"b"', message_finished=False),
            Ping(payload=b"between"),
            TextMessage(data="", message_finished=False),
            TextMessage(data=":2}"),
        )
    ) as transport:
        assert await received(transport, 2) == [b'{"a":1}', b'{"b":2}']


async def test_a_ping_is_answered_and_a_pong_is_none_of_our_business() -> None:
    heard: list[Event] = []

    async def converse(socket: Opened) -> None:
        await socket.say(Pong(payload=b"unasked"))
        await socket.say(Ping(payload=b"there?"))
        heard.append(await socket.next())
        await socket.say(TextMessage(data="{}"))

    async with reached(opening(converse)) as transport:
        assert await received(transport, 1) == [b"{}"]
    assert heard == [Pong(payload=b"there?")]


async def test_many_who_send_at_once_do_not_mix_their_messages() -> None:
    messages = [bytes([65 + number]) * 100_000 for number in range(20)]
    come: list[str] = []
    all_there = anyio.Event()

    async def converse(socket: Opened) -> None:
        text = ""
        while len(come) < len(messages):
            event = await socket.next()
            assert isinstance(event, TextMessage)
            text += event.data
            if event.message_finished:
                come.append(text)
                text = ""
        all_there.set()

    async with reached(opening(converse)) as transport:
        async with anyio.create_task_group() as tasks:
            for message in messages:
                tasks.start_soon(transport.send, message)
        await all_there.wait()
    assert sorted(come) == [message.decode() for message in messages]


@pytest.mark.parametrize(
    ("code", "reason", "last_words"),
    [
        (1000, None, "it has closed the WebSocket with code 1000"),
        (1011, "out of order", "it has closed the WebSocket with code 1011: out of order"),
        (4321, "\x1b[31mred\nline", "it has closed the WebSocket with code 4321: [31mredline"),
    ],
)
async def test_when_it_closes_that_is_its_end_and_the_code_its_last_words(
    code: int, reason: str | None, last_words: str
) -> None:
    async with reached(saying(TextMessage(data="{}"), CloseConnection(code=code, reason=reason))) as transport:
        assert await received(transport, 1) == [b"{}"]
        assert await transport.receive() == []
        assert await transport.last_words() == last_words
        with pytest.raises(TransportClosed, match=re.escape(last_words)):
            await transport.send(b"{}")


async def test_one_that_drops_the_connection_has_said_nothing() -> None:
    async def converse(socket: Opened) -> None:
        del socket

    async with reached(opening(converse)) as transport:
        assert await transport.receive() == []
        assert await transport.last_words() == "it has closed the connection without a word"
        with pytest.raises(TransportClosed):
            await transport.send(b"{}")


FRAMES = {
    "an unknown kind of frame": b"\x83\x00",
    "a masked frame": b"\x81\x81\x00\x00\x00\x00a",
    "a compressed frame": b"\xc1\x01a",
    "a continuation of nothing": b"\x80\x01a",
    "text that is not UTF-8": b"\x81\x02\xc3\x28",
    "a ping in pieces": b"\x09\x01a",
    "a ping that is too long": b"\x89\x7e\x00\x80" + b"a" * 128,
    "a close of one byte": b"\x88\x01a",
    "a close with an impossible code": b"\x88\x02\x00\x01",
    "no WebSocket at all": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("frame", list(FRAMES.values()), ids=list(FRAMES))
async def test_what_breaks_the_protocol_ends_it_with_the_reason(frame: bytes) -> None:
    async with reached(saying(TextMessage(data="{}"), frame)) as transport:
        messages = await received(transport, 1)
        with pytest.raises(TransportClosed, match="it does not keep to WebSocket: ") as failure:
            messages += await transport.receive()
        with pytest.raises(TransportClosed):
            await transport.send(b"{}")
    assert messages == [b"{}"]
    assert len(str(failure.value)) < 2 * MAX_REASON_CHARS


@pytest.mark.parametrize(
    "start",
    [
        struct.pack("!BBQ", 0x81, 127, 1 << 30),
        b"\x01\x00" + struct.pack("!BBQ", 0x00, 127, 1 << 40),
        struct.pack("!BBQ", 0x82, 127, MAX_MESSAGE_BYTES + 1),
    ],
)
async def test_a_message_that_is_too_long_is_not_waited_for(start: bytes) -> None:
    sent = 0

    async def converse(socket: Opened) -> None:
        nonlocal sent
        await socket.talk.send(start)
        while True:
            await socket.talk.send(b"x" * 65536)
            sent += 65536

    async with reached(opening(converse)) as transport:
        with pytest.raises(TransportClosed, match=f"a message is longer than {MAX_MESSAGE_BYTES} bytes"):
            await transport.receive()
    assert sent < 16 * MAX_MESSAGE_BYTES


async def test_a_message_in_too_many_pieces_is_too_long_as_well() -> None:
    async def converse(socket: Opened) -> None:
        while True:
            await socket.say(TextMessage(data="x" * 1000, message_finished=False))

    async with reached(opening(converse)) as transport:
        with pytest.raises(TransportClosed, match="a message is longer than"):
            await transport.receive()


async def test_leaving_says_so() -> None:
    heard: list[Event] = []
    over = anyio.Event()

    async def converse(socket: Opened) -> None:
        heard.append(await socket.next())
        over.set()

    async with tcp_server(opening(converse)) as port:
        with anyio.fail_after(30):
            async with opener_for(f"ws://127.0.0.1:{port}", "auto", NoHttp())():
                pass
            await over.wait()
    assert heard == [CloseConnection(code=1000, reason="")]


def answering(data: bytes) -> Converse:
    async def converse(talk: Talk) -> None:
        await talk.receive()
        await talk.send(data)

    return converse


HANDSHAKES = {
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n": "HTTP status 404",
    b"HTTP/1.1 302 Found\r\nLocation: ws://example.com/\r\nContent-Length: 0\r\n\r\n": "HTTP status 302",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}": "HTTP status 200",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n": "it opens no WebSocket: ",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: c29tZXRoaW5nIGVsc2U=\r\n\r\n": "it opens no WebSocket: ",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: \xff\r\nConnection: \xff\r\n\r\n": "it opens no WebSocket: ",
    b'{"jsonrpc":"2.0"}\n': "it has closed the connection instead",
    b'{"jsonrpc":"2.0"}\r\n\r\n': "it opens no WebSocket: ",
    b"HTTP/1.1 101 S\r\n" + b"X: y\r\n" * 20_000: "it opens no WebSocket: ",
    b"": "it has closed the connection instead",
}


@pytest.mark.parametrize(("data", "says"), HANDSHAKES.items(), ids=map(str, range(len(HANDSHAKES))))
async def test_what_opens_no_websocket_is_a_failure_to_start(data: bytes, says: str) -> None:
    reason = await why_not(answering(data))
    assert says in reason
    assert len(reason) < 2 * MAX_REASON_CHARS


async def test_one_that_does_not_answer_the_handshake_is_not_waited_for() -> None:
    async def deaf(talk: Talk) -> None:
        while True:
            await talk.receive()

    assert await why_not(deaf, SILENT_SECONDS) == f"it opens no WebSocket within {SILENT_SECONDS:g} s"


async def test_one_that_goes_on_promising_an_answer_is_not_waited_for() -> None:
    async def promising(talk: Talk) -> None:
        while True:
            await talk.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    assert await why_not(promising, SILENT_SECONDS)


async def test_wss_is_held_to_its_certificates() -> None:
    keys = certificates()
    async with reached(opening(echo), tls=keys.serving(), trusting=keys.trusting()) as transport:
        await transport.send(b"{}")
        assert await received(transport, 1) == [b"{}"]
    assert "certificate" in await why_not(opening(echo), tls=keys.serving())
