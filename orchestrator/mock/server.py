"""A small HTTP/1.1 server on loopback: reads requests within limits, and asks a function for answers."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http.client import responses

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from orchestrator.errors import OrchestratorError
from orchestrator.mock.exchange import Answer, Request, refusal

HOST = "127.0.0.1"
"""Where it listens, and nowhere else."""

MAX_HEAD_BYTES = 64 * 1024
"""The longest request line with its header fields."""

MAX_HEADERS = 200
"""How many header fields a request may have."""

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The longest body of a request."""

MAX_LINE_BYTES = 1024
"""The longest line that says how long a chunk is."""

MAX_CONNECTIONS = 64
"""How many connections are served at once; others are refused."""

MAX_AT_ONCE = 4
"""How many requests are answered at once; others wait."""

READ_SECONDS = 30.0
"""Seconds that a request may take to arrive, from the last answer on."""

WRITE_SECONDS = 30.0
"""Seconds that an answer may take to leave."""

_REQUEST_LINE = re.compile(r"([A-Z][A-Z-]{0,30}) (/[!-~]*|\*) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,12}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?")


class CannotListen(OrchestratorError):
    """The port is taken, or not ours to take."""


class _Refused(Exception):
    """A request that is not read to its end; the connection closes after the answer."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.answer = refusal(status, title, detail=title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One exchange, for a log."""

    method: str
    path: str
    """Without its query."""
    answer: Answer
    seconds: float


Respond = Callable[[Request], Answer]
Log = Callable[[Served], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    request: Request
    is_lasting: bool
    """True when the connection may carry another request."""


def _head(data: bytes) -> _Head:
    """Raises: `_Refused`."""
    line, *rest = data.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise _Refused(400, "the request line is not one of HTTP/1.1 with a path")
    fields = [_FIELD.fullmatch(text) for text in rest]
    if len(fields) > MAX_HEADERS:
        raise _Refused(431, f"the request has more than {MAX_HEADERS} header fields")
    known = tuple((field[1], field[2]) for field in fields if field is not None)
    if len(known) < len(fields):
        raise _Refused(400, "a header field cannot be read")
    request = Request(method=match[1], target=match[2], headers=known)
    wishes = (request.header("Connection") or "").lower()
    return _Head(request=request, is_lasting=match[3] == "1" and "close" not in wishes)


class _Connection:
    """One connection, and the requests on it, one after the other."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._reader = BufferedByteReceiveStream(stream)

    async def read(self) -> _Head:
        """The next request. Raises: `_Refused`, and what a connection raises that ends."""
        try:
            head = _head(await self._reader.receive_until(b"\r\n\r\n", MAX_HEAD_BYTES))
        except anyio.DelimiterNotFound:
            raise _Refused(431, f"the header of the request is longer than {MAX_HEAD_BYTES} bytes") from None
        return replace(head, request=replace(head.request, body=await self._body(head.request)))

    async def _body(self, request: Request) -> bytes:
        coding, length = request.header("Transfer-Encoding"), request.header("Content-Length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise _Refused(400, "the length of the body is not clear")
            await self._go_on(request)
            return await self._chunks()
        if length is None:
            return b""
        if not _LENGTH.fullmatch(length):
            raise _Refused(400, "the length of the body is not clear")
        if int(length) > MAX_BODY_BYTES:
            raise _Refused(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
        await self._go_on(request)
        return await self._reader.receive_exactly(int(length))

    async def _go_on(self, request: Request) -> None:
        if (request.header("Expect") or "").lower() == "100-continue":
            await self._stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _line(self) -> bytes:
        try:
            return await self._reader.receive_until(b"\r\n", MAX_LINE_BYTES)
        except anyio.DelimiterNotFound:
            raise _Refused(400, "a chunk of the body cannot be read") from None

    async def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _CHUNK.fullmatch(await self._line())
            if size is None:
                raise _Refused(400, "a chunk of the body cannot be read")
            length = int(size[1], 16)
            if len(body) + length > MAX_BODY_BYTES:
                raise _Refused(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
            if length == 0:
                break
            body += await self._reader.receive_exactly(length)
            if await self._reader.receive_exactly(2) != b"\r\n":
                raise _Refused(400, "a chunk of the body cannot be read")
        for _ in range(MAX_HEADERS):
            if not await self._line():
                return bytes(body)
        raise _Refused(431, f"the request has more than {MAX_HEADERS} header fields")

    async def write(self, answer: Answer, *, is_head: bool, is_lasting: bool) -> None:
        """Sends an answer."""
        fields = list(answer.headers)
        if answer.media_type:
            fields.append(("Content-Type", answer.media_type))
        if answer.status not in {204, 304}:
            fields.append(("Content-Length", str(len(answer.body))))
        if not is_lasting:
            fields.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Status')}"]
        lines += [f"{name}: {_one_line(value)}" for name, value in fields]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", errors="replace")
        has_body = not is_head and answer.status not in {204, 304}
        with anyio.fail_after(WRITE_SECONDS):
            await self._stream.send(head + answer.body if has_body else head)


def _one_line(value: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", value)


class _Server:
    def __init__(self, respond: Respond, log: Log) -> None:
        self._respond = respond
        self._log = log
        self._connections = 0
        self._at_once = anyio.CapacityLimiter(MAX_AT_ONCE)

    async def serve(self, stream: SocketStream) -> None:
        """One connection, to its end."""
        async with stream:
            if self._connections >= MAX_CONNECTIONS:
                return
            self._connections += 1
            try:
                await self._converse(_Connection(stream))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, anyio.IncompleteRead):
                return
            except TimeoutError:
                return
            finally:
                self._connections -= 1

    async def _converse(self, connection: _Connection) -> None:
        is_lasting = True
        while is_lasting:
            try:
                with anyio.fail_after(READ_SECONDS):
                    head = await connection.read()
            except _Refused as refused:
                self._log(Served(method="-", path="-", answer=refused.answer, seconds=0.0))
                await connection.write(refused.answer, is_head=False, is_lasting=False)
                return
            is_lasting = head.is_lasting
            request, started = head.request, time.monotonic()
            answer = await anyio.to_thread.run_sync(self._respond, request, limiter=self._at_once)
            await connection.write(answer, is_head=request.method == "HEAD", is_lasting=is_lasting)
            seconds = time.monotonic() - started
            self._log(Served(method=request.method, path=request.path, answer=answer, seconds=seconds))


def _silent(served: Served) -> None:
    del served


@asynccontextmanager
async def listening(respond: Respond, *, port: int = 0, log: Log = _silent) -> AsyncGenerator[str]:
    """Serves on a port of `HOST`, 0 being any free one, until the context is left; yields `HOST:PORT`.

    `respond` is called in threads. Raises: `CannotListen`.
    """
    try:
        listener = await anyio.create_tcp_listener(local_host=HOST, local_port=port)
    except (OSError, OverflowError) as error:
        raise CannotListen(f"cannot listen on {HOST}:{port}: {error}; choose another port with --port") from None
    server = _Server(respond, log)
    async with listener, anyio.create_task_group() as serving:
        serving.start_soon(listener.serve, server.serve)
        taken = listener.extra(SocketAttribute.local_port)  # noqa: S610  # no database is near
        try:
            yield f"{HOST}:{taken}"
        finally:
            serving.cancel_scope.cancel()
