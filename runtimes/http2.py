"""HTTP/2 for the pools of `runtimes.transport`: connections that carry one exchange at a time and end with a bad one.

Not a multiplexer, though the protocol is one. `httpcore2` cannot reset a stream: the rest of an answer that is left
early would use up the window of all others, and a write that is cancelled breaks the encryption for them. With a
connection to itself no exchange can harm another, and one that is left early ends its connection, as over HTTP/1.1.
Needs `h2`, an optional extra.
"""

from __future__ import annotations

import re
import struct
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager

import anyio
import httpcore2
from h2.events import ConnectionTerminated, StreamReset
from h2.exceptions import H2Error

from runtimes.network import ContactRefused

MAX_FRAME_BYTES = 16 * 1024
"""Payload of a frame; no server is told that it may send longer ones (RFC 9113, 6.5.2)."""

MAX_BARREN_FRAMES = 1000
"""Frames that bring no content (header fields, settings, pings, windows), counted since something was last sent."""

LEAVE_SECONDS = 2.0
"""How long it may take to close a connection."""

_FRAME = struct.Struct(">HBBBL")
_GOAWAY = struct.Struct(">LL")
_DATA, _HEADERS, _GOING_AWAY = 0, 1, 7
_NO_ERROR = 0
_STREAM_BITS = 0x7FFFFFFF
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Frames:
    """What goes over one connection, frame by frame: it is held to limits, and a server may leave it in good order.

    `h2` gives up every answer when the server announces that it accepts no further request, also one that is under way
    and promised. Such an announcement is kept from it and remembered here.
    """

    def __init__(self) -> None:
        self.is_leaving = False
        """True once the server has announced that it accepts no further request."""
        self._held = bytearray()
        self._newest = 0
        self._barren = 0

    def send(self, data: bytes) -> None:
        """Told of whole frames that are sent."""
        start = len(_PREFACE) if data.startswith(_PREFACE) else 0
        while len(data) - start >= _FRAME.size:
            high, low, kind, _, stream = _FRAME.unpack_from(data, start)
            start += _FRAME.size + (high << 8 | low)
            if kind == _HEADERS:
                self._newest = stream
            if kind in {_HEADERS, _DATA}:
                self._barren = 0

    def receive(self, data: bytes) -> bytes:
        """The whole frames that have arrived and are for `h2`. Raises: `httpcore2.RemoteProtocolError`."""
        held = self._held
        held += data
        passed = bytearray()
        start = 0
        while len(held) - start >= _FRAME.size:
            high, low, kind, _, _ = _FRAME.unpack_from(held, start)
            length = high << 8 | low
            if length > MAX_FRAME_BYTES:
                raise httpcore2.RemoteProtocolError(f"a frame is longer than {MAX_FRAME_BYTES} bytes")
            end = start + _FRAME.size + length
            if end > len(held):
                break
            if kind != _DATA or not length:
                self._count()
            if kind != _GOING_AWAY or not self._is_orderly(held[start + _FRAME.size : end]):
                passed += held[start:end]
            start = end
        del held[:start]
        return bytes(passed)

    def _count(self) -> None:
        self._barren += 1
        if self._barren > MAX_BARREN_FRAMES:
            raise httpcore2.RemoteProtocolError(f"more than {MAX_BARREN_FRAMES} frames bring no content")

    def _is_orderly(self, payload: bytearray) -> bool:
        """True where the newest request will still be answered."""
        if len(payload) < _GOAWAY.size:
            return False
        last, code = _GOAWAY.unpack_from(payload)
        if code != _NO_ERROR or last & _STREAM_BITS < self._newest:
            return False
        self.is_leaving = True
        return True


class FramedStream(httpcore2.AsyncNetworkStream):
    """An encrypted stream on which HTTP/2 was agreed."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._frames = Frames()

    @property
    def is_spent(self) -> bool:
        """True where no further request should be sent: the server is leaving, or has something to say unasked."""
        return self._frames.is_leaving or bool(self._stream.get_extra_info("is_readable"))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while data := await self._stream.read(max_bytes, timeout):
            if passed := self._frames.receive(data):
                return passed
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._frames.send(buffer)
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def framed(stream: httpcore2.AsyncNetworkStream) -> httpcore2.AsyncNetworkStream:
    """The stream as it is, or held to the limits of HTTP/2 where its handshake agreed on that."""
    tls = stream.get_extra_info("ssl_object")
    return FramedStream(stream) if tls is not None and tls.selected_alpn_protocol() == "h2" else stream


def _told(reason: object) -> str:
    """What `httpcore2` gives as the reason of a failure, in words."""
    if isinstance(reason, StreamReset):
        return f"the request was reset with error code {reason.error_code}"
    if isinstance(reason, ConnectionTerminated):
        return f"the connection was ended with error code {reason.error_code}"
    if isinstance(reason, H2Error):
        return f"the rules of HTTP/2 are broken ({type(reason).__name__}: {reason})"
    return str(reason)


@contextmanager
def _as_protocol_errors() -> Generator[None]:
    """`httpcore2` lets some mistakes of a server out as whatever stumbled over them."""
    try:
        yield
    except ContactRefused:
        raise
    except httpcore2.ProtocolError as error:
        raise httpcore2.RemoteProtocolError(_told(error.args[0])) from error
    except H2Error as error:
        raise httpcore2.RemoteProtocolError(_told(error)) from error
    except ValueError as error:
        raise httpcore2.RemoteProtocolError(f"a value is malformed: {error}") from error


def _stream_of(answer: httpcore2.Response) -> FramedStream | None:
    """The stream of an answer that came by HTTP/2."""
    # extensions are untyped, and pyright asks what else may be in them
    stream = answer.extensions["network_stream"]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return stream if isinstance(stream, FramedStream) else None


def _check(answer: httpcore2.Response) -> None:
    """What a reader of HTTP/1.1 would have seen to. Raises: `httpcore2.RemoteProtocolError`."""
    if not 200 <= answer.status <= 999:
        raise httpcore2.RemoteProtocolError(f"{answer.status} is no status of an answer")
    if any(not _NAME.fullmatch(name) or _CONTROL.search(value) for name, value in answer.headers):
        raise httpcore2.RemoteProtocolError("a header field is malformed")


class _Body:
    def __init__(self, answer: httpcore2.Response, connection: ExclusiveConnection) -> None:
        self._answer = answer
        self._connection = connection
        self._is_whole = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        with _as_protocol_errors():
            async with aclosing(self._answer.aiter_stream()) as chunks:
                async for chunk in chunks:
                    yield chunk
        self._is_whole = True

    async def aclose(self) -> None:
        if not self._is_whole:
            await self._connection.leave()
        await self._answer.aclose()
        self._connection.is_busy = False


class ExclusiveConnection(httpcore2.AsyncConnectionInterface):
    """A connection of either protocol that carries one exchange at a time, and is closed when one is left early."""

    def __init__(self, connection: httpcore2.AsyncConnectionInterface) -> None:
        self._connection = connection
        self._stream: FramedStream | None = None
        self._is_left = False
        self.is_busy = False
        """True from a request until its answer is closed."""

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        if self.is_busy or self._is_left:
            raise httpcore2.ConnectionNotAvailable
        self.is_busy = True
        try:
            with _as_protocol_errors():
                answer = await self._connection.handle_async_request(request)
            stream = _stream_of(answer)
            if stream is not None:
                self._stream = stream
                _check(answer)
        except BaseException:
            await self.leave()
            raise
        return httpcore2.Response(answer.status, headers=answer.headers, content=_Body(answer, self))

    async def leave(self) -> None:
        """Closes the connection, whatever is under way on it."""
        self._is_left = True
        with anyio.move_on_after(LEAVE_SECONDS, shield=True):
            await self._connection.aclose()

    async def aclose(self) -> None:
        await self._connection.aclose()

    def info(self) -> str:
        return self._connection.info()

    def can_handle_request(self, origin: httpcore2.Origin) -> bool:
        return self._connection.can_handle_request(origin)

    def is_connected(self) -> bool:
        return self._connection.is_connected()

    def is_available(self) -> bool:
        return self.is_idle() and self._connection.is_available()

    def has_expired(self) -> bool:
        is_spent = self._stream is not None and self.is_idle() and self._stream.is_spent
        return is_spent or self._connection.has_expired()

    def is_idle(self) -> bool:
        return not self.is_busy and self._connection.is_idle()

    def is_closed(self) -> bool:
        return self._is_left or self._connection.is_closed()


class ExclusivePool(httpcore2.AsyncConnectionPool):
    """A pool that offers HTTP/2, and whose connections carry one exchange at a time."""

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        return ExclusiveConnection(super().create_connection(origin))
