"""The receiving end of a connection of `runtimes.aiohttp_carrier`: what `aiohttp` parses, within limits of ours.

A header is judged here before `aiohttp` sees it, since that takes more for an answer than there should be. What comes
while no answer is awaited, or after one, ends the connection: it is nobody's answer.
"""

from __future__ import annotations

import asyncio

from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import StreamReader

from runtimes.answer_headers import header_end, judged_status
from runtimes.carriers import Broken

MAX_BARREN_BYTES = 100 * 1024
"""How many bytes a header may have; and how many of a body may be no content: extensions of chunks and trailers."""

CUT = "peer closed connection without sending complete message body"
"""Of a body that the end of its connection ended."""

CLOSED_BY_US = "the client was closed"
"""Of what was under way when that happened."""

_OVERLONG = f"its header, trailer or chunk extension has no end within {MAX_BARREN_BYTES} bytes"
_ILLEGAL_CHUNK = "illegal chunk header"

_FRAMING_BYTES = 12
"""What frames a chunk, which has a byte of content at least: up to eight digits, and two ends of lines."""

_LAST_BYTES = b"\r\n\r\n"
"""What a body in chunks ends with."""


class BoundedHandler(ResponseHandler):
    """The receiving end of a connection: held to a limit in what brings neither a whole header nor content.

    What has come of a body can be read also where it breaks off; `aiohttp` would drop it for the error.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.is_used = False
        """True once a request was sent over it."""
        self._header: bytearray | None = bytearray()
        """What has come of the one that is awaited; None where none is."""
        self._given = 0
        """Bytes of the body, its framing included."""
        self._broken: tuple[StreamReader, Broken] | None = None

    def begin(self) -> None:
        """Told that a request is sent."""
        early = b"" if self._header is None or self.is_used else bytes(self._header)
        self.is_used, self._header = True, bytearray()
        if early:  # of a server that speaks first
            self._take_header(early)

    def failure_of(self, body: StreamReader) -> Broken | None:
        """Why a body that was read to its end is not whole; None where it is."""
        return self._broken[1] if self._broken is not None and self._broken[0] is body else None

    def data_received(self, data: bytes) -> None:
        """Told of whatever comes, and with nothing to go on with what was held back."""
        if self._header is not None:
            self._take_header(data)
        elif self._payload is not None and not self._payload.is_eof():
            self._take_body(data)
        elif data:
            self._hang_up()

    def _take_header(self, data: bytes) -> None:
        header = self._header
        assert header is not None
        seen = len(header)
        header += data
        while self.is_used and (end := header_end(header, seen)):
            answered, header[:end], seen = bytes(header[:end]), b"", 0
            if len(answered) > MAX_BARREN_BYTES:
                break
            try:
                status = judged_status(answered)
            except Broken as failure:
                self._end(None, failure)
                return
            if status >= 200:
                self._begin_body(answered, bytes(header))
                return
        if len(header) > MAX_BARREN_BYTES:
            self._end(None, Broken(_OVERLONG, is_lost=False))

    def _begin_body(self, header: bytes, start: bytes) -> None:
        self._header, self._given = None, 0
        super().data_received(header)
        if start:
            self.data_received(start)

    def _take_body(self, data: bytes) -> None:
        body = self._payload
        assert body is not None
        self._given += len(data)
        super().data_received(data)
        if self._given - body.total_bytes * (1 + _FRAMING_BYTES) > MAX_BARREN_BYTES:
            self._end(body, Broken(_OVERLONG, is_lost=False))
        elif body.is_eof():
            if self._given > body.total_bytes and not _LAST_BYTES.endswith(data[-len(_LAST_BYTES) :]):
                self._hang_up()
        elif self.exception() is not None:
            self._end(body, Broken(_ILLEGAL_CHUNK, is_lost=True))

    def close(self) -> None:
        """Ends the connection at once, whatever is still to be written; who reads from it is told."""
        body, is_awaited = self._payload, self.is_used and self._header is not None
        super().abort()
        if is_awaited and self.exception() is None:
            self.set_exception(Broken(CLOSED_BY_US, is_lost=True))
        if body is not None and not body.is_eof():
            self._cut(body, Broken(CLOSED_BY_US, is_lost=True))

    abort = close

    def connection_lost(self, exc: BaseException | None) -> None:
        """Told of the end; it ends the body too where nothing says how long that is."""
        body = self._payload
        if body is None or body.is_eof():
            super().connection_lost(exc)
            return
        self._payload = None  # else it is given an error
        super().connection_lost(exc)
        if exc is not None or not body.is_eof():
            self._cut(body, Broken(CUT, is_lost=True))

    def _hang_up(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.abort()

    def _end(self, body: StreamReader | None, failure: Broken) -> None:
        self._header = None
        self.set_exception(failure)
        if body is not None and not body.is_eof():
            self._payload = None
            self._cut(body, failure)
        self._hang_up()

    def _cut(self, body: StreamReader, failure: Broken) -> None:
        self._broken = (body, failure)
        body.feed_eof()
