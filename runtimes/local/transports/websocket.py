"""A local plugin behind a WebSocket of this machine (RFC 6455): a message each way is a text or a binary message.

The protocol is `wsproto`'s, which does no I/O; the connection is ours. No proxy, no redirects, no extensions such as
compression, no pings of our own: a connection on one machine breaks visibly.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import anyio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.transports.base import CannotStart, Transport, TransportClosed
from runtimes.local.transports.sockets import CLOSE_SECONDS, CONNECT_SECONDS, SocketStream, connected_tcp
from runtimes.network import Origin

if TYPE_CHECKING:
    import ssl

MAX_REASON_CHARS = 200
"""How much of the reason of a close is quoted."""


_KEPT = "".join(char for char in map(chr, range(0x21, 0x7F)))
"""What goes into the target of a request as it is written; the rest is percent-encoded."""


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:MAX_REASON_CHARS]


class WebSocketTransport:
    """An open WebSocket."""

    def __init__(self, stream: SocketStream, protocol: WSConnection) -> None:
        self._stream = stream
        self._protocol = protocol
        self._part = bytearray()
        self._broken = ""
        self._closed = ""

    async def send(self, message: bytes, /) -> None:
        """Sends it as text. Raises: `TransportClosed`."""
        await self._send(TextMessage(data=message.decode()))

    async def receive(self) -> Sequence[bytes]:
        """The next messages; none once the other side has closed.

        Raises: `TransportClosed` where it breaks the protocol or sends a message that is too long.
        """
        messages: list[bytes] = []
        while True:
            for event in self._protocol.events():  # the first may have come with the handshake
                await self._take(event, messages)
            if messages or self._closed:
                return messages
            if self._broken:
                raise TransportClosed(self._broken)
            self._protocol.receive_data(await self._stream.receive() or None)

    async def last_words(self) -> str:
        """With which code it has closed, and why."""
        return self._closed

    async def close(self) -> None:
        """Says that nothing follows, where that can still be said."""
        if self._protocol.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            with suppress(TransportClosed):
                await self._send(CloseConnection(code=CloseReason.NORMAL_CLOSURE))

    async def _send(self, event: Event) -> None:
        try:
            data = self._protocol.send(event)
        except LocalProtocolError:
            raise TransportClosed(self._closed or "it has closed the WebSocket") from None
        await self._stream.send(bytes(data))

    async def _break(self, code: CloseReason, reason: str) -> None:
        self._broken = reason
        self._part.clear()
        with suppress(TransportClosed):
            await self._send(CloseConnection(code=code, reason=reason))

    async def _take(self, event: Event, messages: list[bytes]) -> None:
        if self._broken or self._closed:
            return
        match event:
            case TextMessage() | BytesMessage():
                await self._gather(event, messages)
            case Ping():
                with suppress(TransportClosed):
                    await self._send(event.response())
            case CloseConnection(code=code, reason=reason) if self._protocol.state is ConnectionState.OPEN:
                await self._break(CloseReason(code), f"it does not keep to WebSocket: {_printable(reason or '')}")
            case CloseConnection(code=CloseReason.ABNORMAL_CLOSURE):
                self._closed = "it has closed the connection without a word"
            case CloseConnection(code=code, reason=reason):
                text = _printable(reason or "")
                self._closed = f"it has closed the WebSocket with code {int(code)}{text and f': {text}'}"
                with suppress(TransportClosed):
                    await self.close()
            case _:
                pass  # a pong that nobody has asked for

    async def _gather(self, event: TextMessage | BytesMessage, messages: list[bytes]) -> None:
        self._part += event.data.encode() if isinstance(event.data, str) else event.data
        if len(self._part) > MAX_MESSAGE_BYTES:
            await self._break(CloseReason.MESSAGE_TOO_BIG, f"a message is longer than {MAX_MESSAGE_BYTES} bytes")
        elif event.message_finished:
            messages.append(bytes(self._part))
            self._part.clear()


async def _opened(stream: SocketStream, url: str) -> WSConnection:
    """Has the handshake (RFC 6455, 4.1). Raises: `CannotStart`."""
    protocol = WSConnection(ConnectionType.CLIENT)
    parts = urlsplit(url)
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_KEPT)
    await stream.send(protocol.send(Request(host=parts.netloc, target=target)))
    while data := await stream.receive():
        protocol.receive_data(data)
        if protocol.connection is not None:
            next(event for event in protocol.events() if isinstance(event, AcceptConnection))
            return protocol
        for event in protocol.events():
            if isinstance(event, RejectConnection):
                raise CannotStart(f"it does not open a WebSocket there: HTTP status {event.status_code}")
    raise CannotStart("it has closed the connection instead of opening a WebSocket")


@asynccontextmanager
async def open_websocket(
    url: str, origin: Origin, tls: ssl.SSLContext | None = None, seconds: float = CONNECT_SECONDS
) -> AsyncGenerator[Transport, None]:
    """Talks to a `ws` or `wss` URL of this machine for as long as the context lasts.

    Entering raises: `CannotStart`.
    """
    if origin.scheme == "https" and tls is None:
        import httpcore2

        tls = httpcore2.default_ssl_context()
    async with connected_tcp(origin.host, origin.port, seconds, tls=tls) as stream:
        try:
            with anyio.fail_after(seconds):
                transport = WebSocketTransport(stream, await _opened(stream, url))
        except TimeoutError:
            raise CannotStart(f"it opens no WebSocket within {seconds:g} s") from None
        except (RemoteProtocolError, TransportClosed, UnicodeError) as error:
            raise CannotStart(f"it opens no WebSocket: {_printable(str(error))}") from None
        try:
            yield transport
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await transport.close()
