"""`aiohttp` below the interface of `httpx2`: what carries requests to a model where the extra `fast` is installed.

It is the `openai` client's way out and nothing else: one origin, no redirects, no cookies, no proxies, and bodies that
are bytes. How many connections there are at once is decided above. Importing this imports `aiohttp`.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import weakref
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from types import TracebackType

import aiohttp
import httpx2
from yarl import URL

from orchestrator.model.wrong_answers import BrokenAnswer, InvalidAnswer

MAX_LINE_BYTES = 100 * 1024
"""The longest line of the head of an answer: what `httpx2` takes for all of it."""

MAX_LINES = 1000
"""How many lines the head of an answer may have."""

PIECE_BYTES = 256 * 1024
"""How much of a body is handed on at once."""

_BROKEN_CHUNK = re.compile(r"\bchunk (?:size|data|ext)", re.IGNORECASE)
"""What the parser says of a body that cannot be read; where that comes together with the head, both are lost."""


def _mapped_response(error: aiohttp.ClientResponseError) -> httpx2.TransportError:
    """An answer that is no HTTP; one that is, and broke off in its first bytes, as any other that breaks off."""
    if _BROKEN_CHUNK.search(error.message):
        return BrokenAnswer(str(error))
    return InvalidAnswer(str(error))


def _mapped(error: aiohttp.ClientError | TimeoutError | ValueError) -> httpx2.TransportError:
    """The error of `httpx2` that says the same."""
    if isinstance(error, aiohttp.ClientResponseError):
        return _mapped_response(error)
    if isinstance(error, ValueError):  # a header that cannot be written
        return httpx2.LocalProtocolError(str(error))
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx2.ConnectTimeout(str(error))
    if isinstance(error, TimeoutError):
        return httpx2.ReadTimeout(str(error))
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx2.ConnectError(str(error))
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        return httpx2.RemoteProtocolError(str(error))
    return httpx2.ReadError(str(error))


@contextmanager
def _mapping() -> Generator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise _mapped(error) from error


class _Body(httpx2.AsyncByteStream):
    """The body of an answer: each piece is all that has come since the last one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        with _mapping():
            while chunk := await content.readany():
                yield chunk

    async def aclose(self) -> None:
        self._response.release()  # gives the connection back where the body has ended, else closes it


class _Sending:
    """The body of a request on its way; entered until the head of the answer is there.

    Each piece has its time to be taken, and so has the head of the answer after the last one.
    """

    def __init__(self, body: bytes, connect: float, idle: float) -> None:
        """`connect` and `idle` are the longest waits, in seconds, for a connection and for anything after that."""
        self._body = body
        self._idle = idle
        self._waiting = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._alarm = self._loop.call_later(connect + idle, self._expire)

    async def __aenter__(self) -> bytes | AsyncIterator[bytes]:
        """The body, in pieces where it is long."""
        await self._waiting.__aenter__()
        return self._body if len(self._body) <= PIECE_BYTES else self._pieces()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        await self._waiting.__aexit__(kind, error, trace)

    def _expire(self) -> None:
        self._waiting.reschedule(self._loop.time())  # so that what has come while the loop stood still is seen first

    async def _pieces(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PIECE_BYTES):
            if not self._alarm.cancelled():  # else the answer came before all was sent
                self._alarm.cancel()
                self._alarm = self._loop.call_later(self._idle, self._expire)
            yield self._body[start : start + PIECE_BYTES]


class _Connector(aiohttp.TCPConnector):
    """One that closes its connections without a word where nobody has closed it."""

    def __del__(self, _warnings: object = None) -> None:
        if not self.closed:
            self._close()


class _Opened:
    """A session, and the event loop that it is of."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.loop = asyncio.get_running_loop()
        self.leave = weakref.finalize(self, session.detach)
        """Has the session say nothing of not having been closed."""


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Carries requests over one session, which is opened by the first of them, and anew in another event loop."""

    def __init__(
        self, *, connect: float, idle: float, keep_alive: float, context: ssl.SSLContext | None = None
    ) -> None:
        """All but `context` are seconds; that one is for https, None where there is none.

        `connect` is the longest wait for a connection, `idle` the longest for the other side to take or to send the
        next bytes. A connection that nobody uses is kept for `keep_alive`.
        """
        self._connect = connect
        self._idle = idle
        self._context = context
        self._keep_alive = keep_alive
        self._opened: _Opened | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None or self._opened.loop is not asyncio.get_running_loop():
            self._opened = _Opened(self._new())
        return self._opened.session

    def _new(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(
            total=None, connect=self._connect, sock_connect=self._connect, sock_read=self._idle
        )
        return aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=self._keep_alive, ssl=self._context or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=timeout,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_LINES,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, its body still to be read. Raises: `httpx2.TransportError`."""
        with _mapping():
            async with _Sending(await request.aread(), self._connect, self._idle) as body:
                response = await self._session().request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=request.headers.multi_items(),
                    data=body,
                    allow_redirects=False,
                )
        if response.status == 101:
            response.close()
            raise httpx2.RemoteProtocolError("the server wants to speak something else than HTTP")
        return httpx2.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        opened, self._opened = self._opened, None
        if opened is not None and opened.loop is asyncio.get_running_loop():
            await opened.session.close()
