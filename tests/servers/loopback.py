"""A small HTTP/1.1 server on loopback whose answers a test decides, well-behaved or not.

    async def handler(request: Request) -> Answer:
        return json_response({"echo": request.json()})

    async with serve(handler) as server:
        ...  # server.url, server.requests

A handler that must not answer awaits `anyio.sleep_forever()`; one that must drop the connection returns `Raw()`. What
a handler raises is raised again when the server is left.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import urlsplit

import orjson

from runtimes.values import Json, parse_json

MAX_HEAD_BYTES = 1024 * 1024
"""The longest request head that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, as it arrived."""

    method: str
    target: str
    """The request target, percent-encoding and all."""
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """The query of the target, still percent-encoded."""
        return urlsplit(self.target).query

    def header(self, name: str) -> str | None:
        """The first field of that name, whatever its case."""
        return next((value for key, value in self.headers if key.casefold() == name.casefold()), None)

    def json(self) -> Json:
        """The body as JSON. Raises: `InvalidJson`."""
        return parse_json(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer; `Content-Length` is added unless it is among the headers."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunked:
    """An answer in chunked transfer coding, each piece written as it comes."""

    chunks: AsyncIterable[bytes]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Bytes written as they are, after which the connection is closed; empty drops it without a word."""

    data: bytes = b""
    refrain: bytes = b""
    """Written over and over after that, as long as the client listens."""


Answer = Response | Chunked | Raw
Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(slots=True, kw_only=True)
class LoopbackServer:
    """A running server and what reached it."""

    url: str
    """`http://127.0.0.1:PORT`, or https where it is encrypted, without a slash at the end."""
    port: int
    requests: list[Request] = field(default_factory=list[Request])
    """Every request, in the order of arrival."""
    connections: int = 0
    """How many connections were opened."""
    failures: list[Exception] = field(default_factory=list[Exception])
    """What handlers raised."""


def json_response(value: Json, status: int = 200) -> Response:
    """An answer of type application/json."""
    return Response(status=status, headers=(("Content-Type", "application/json"),), body=orjson.dumps(value))


def text_response(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
    """An answer in UTF-8 text."""
    return Response(status=status, headers=(("Content-Type", content_type),), body=text.encode())


async def _read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return body


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunked(reader)
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _version = request_line.split(" ", 2)
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    body = await _read_body(reader, {name.lower(): value for name, value in headers})
    return Request(method=method, target=target, headers=headers, body=body)


def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _framed(answer: Response, method: str) -> bytes:
    headers = answer.headers
    if answer.status not in {204, 304} and all(name.lower() != "content-length" for name, _ in headers):
        headers = (*headers, ("Content-Length", str(len(answer.body))))
    return _head(answer.status, headers) + (b"" if method == "HEAD" else answer.body)


async def _write(writer: asyncio.StreamWriter, answer: Response | Chunked, method: str) -> None:
    if isinstance(answer, Response):
        writer.write(_framed(answer, method))
        await writer.drain()
        return
    writer.write(_head(answer.status, (*answer.headers, ("Transfer-Encoding", "chunked"))))
    await writer.drain()
    async for chunk in answer.chunks:
        writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _converse(
    server: LoopbackServer, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        request = await _read_request(reader)
        server.requests.append(request)
        answer = await handler(request)
        if isinstance(answer, Raw):
            writer.write(answer.data)
            await writer.drain()
            while answer.refrain:
                writer.write(answer.refrain)
                await writer.drain()
            return
        await _write(writer, answer, request.method)


@asynccontextmanager
async def serve(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncGenerator[LoopbackServer]:
    """Serves on a free port of 127.0.0.1 until the context is left; connections are kept, and secret with `tls`."""
    server = LoopbackServer(url="", port=0)
    tasks: set[asyncio.Task[None]] = set()

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(server, handler, reader, writer)
            writer.close()
            await writer.wait_closed()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        except Exception as error:  # noqa: BLE001 - whatever a test's handler raises is reported to the test
            server.failures.append(error)

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.create_task(conversation(reader, writer))
        tasks.add(task)
        # not at the end of the coroutine: one that is cancelled before its first step has no end
        task.add_done_callback(lambda _: writer.transport.abort())
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, limit=MAX_HEAD_BYTES, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"
    try:
        yield server
    finally:
        listener.close()
        waiting = tuple(tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    if server.failures:
        raise server.failures[0]
