"""Exchanges carried by `aiohttp`, whose cost does not grow with the connections that are open; HTTP/1.1 only.

Loaded when it is chosen, since the library is heavy and an optional extra. Of `aiohttp` there is the parser, the writer
and the pool. Where a connection goes, what is written into a header and what a server may send without an end are
decided here; `aiohttp` would resolve names, add fields and repeat requests by itself.
"""

from __future__ import annotations

import asyncio
import io
import re
import select
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from urllib.parse import SplitResult

import aiohttp
import anyio
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from multidict import CIMultiDict
from yarl import URL

from runtimes.addresses import NoAddress, Resolve, judged_addresses, reason_of
from runtimes.aiohttp_handler import CLOSED_BY_US, CUT, MAX_BARREN_BYTES, BoundedHandler
from runtimes.answer_headers import ILLEGAL_LINE
from runtimes.carriers import CLOSE_SECONDS, CONNECT_SECONDS, IDLE_SECONDS, Arriving, Broken, Outgoing, Place, Progress
from runtimes.http import Headers

_MAX_FIELD_BYTES = 4 * MAX_BARREN_BYTES
"""More than that and whatever is read from a socket at once: `aiohttp` shall not be the one to end an answer."""

MAX_BODY_AT_ONCE = 512 * 1024
"""Of a body that is handed over in one piece; a longer one is written piece by piece."""

_NO_ANSWER = "Server disconnected without sending a response."
_CLOSED_BY_SERVER = "the server closed the connection"
_QUOTED = re.compile(r"""[:(]?\s*b?['"\n].*|:\s*$""", re.DOTALL)
"""Where the library quotes what the server sent."""

_NO_VALUE = re.compile(rb"[\x00\n\x0b\x0c\r]")
"""What no header field has in it; `aiohttp` is lenient."""

_ILLEGAL_FIELD = "Invalid header"
"""How the library begins to say so."""

_CONTENT_TYPE = "Content-Type"


def _told(failure: Exception) -> Broken:
    """What went wrong, in words of ours or in the library's without what it quotes."""
    if isinstance(failure, aiohttp.ServerDisconnectedError):
        return Broken(_NO_ANSWER, is_lost=True)
    if isinstance(failure, aiohttp.ClientPayloadError):
        return Broken(CUT, is_lost=True)
    if isinstance(failure, OSError):
        return Broken(reason_of(failure) or _CLOSED_BY_SERVER, is_lost=True)
    if isinstance(failure, aiohttp.ClientResponseError):
        if failure.message.startswith(_ILLEGAL_FIELD):
            return Broken(ILLEGAL_LINE, is_lost=True)
        return Broken(_QUOTED.sub("", failure.message) or type(failure).__name__, is_lost=True)
    if isinstance(failure, aiohttp.ClientConnectionError):  # only a connector that is closed raises it as it is
        return Broken(CLOSED_BY_US, is_lost=False)
    return Broken(type(failure).__name__, is_lost=True)


class _Stale(Exception):
    """An idle connection that the server has closed, or has something to say on: nothing was sent over it."""


def _is_readable(transport: asyncio.Transport) -> bool:
    """True where something has come that nobody has read, or the other side has closed."""
    number: int = transport.get_extra_info("socket").fileno()
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


class _Connector(aiohttp.BaseConnector):
    """Resolves a name, judges every answer, and connects to one of exactly those."""

    def __init__(
        self, resolve: Resolve, tls: Callable[[], ssl.SSLContext], connections: int, *, is_allowed: bool
    ) -> None:
        super().__init__(limit=connections, keepalive_timeout=IDLE_SECONDS)
        self._resolve = resolve
        self._tls = tls
        self._is_allowed = is_allowed

    def close(self, *, abort_ssl: bool = True) -> Awaitable[None]:
        """Closes all connections; encrypted ones without the goodbye that a server might keep us waiting for."""
        return super().close(abort_ssl=abort_ssl)

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        """Raises: `Broken`, `ContactRefused`."""
        host, port = req.host, req.port or 0
        try:
            addresses = await judged_addresses(self._resolve, host, port, is_allowed=self._is_allowed)
        except NoAddress as error:
            raise Broken(str(error), is_lost=False) from None
        reason = ""
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await self._connected(address, port, host.rstrip(".") if req.is_ssl() else None)
            except ssl.SSLError as error:
                raise Broken(str(error), is_lost=False) from None
            except TimeoutError:
                reason = f"no connection within {CONNECT_SECONDS:g} s"
            except OSError as error:
                reason = reason_of(error) or str(error) or _CLOSED_BY_SERVER
        raise Broken(reason, is_lost=False)

    async def _connected(self, address: str, port: int, encrypted_for: str | None) -> ResponseHandler:
        loop = asyncio.get_running_loop()
        make = partial(BoundedHandler, loop)
        if encrypted_for is None:
            _, handler = await loop.create_connection(make, address, port)
            return handler
        _, handler = await loop.create_connection(
            make,
            address,
            port,
            ssl=self._tls(),
            server_hostname=encrypted_for,
            ssl_handshake_timeout=CONNECT_SECONDS,
            ssl_shutdown_timeout=CLOSE_SECONDS,
        )
        return handler


class _Request(aiohttp.ClientRequest):
    """A request that says when it is sent, and over what."""

    progress: Progress
    handler: BoundedHandler

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Raises: `_Stale`, when the connection is not to be used."""
        handler, transport = conn.protocol, conn.transport
        assert isinstance(handler, BoundedHandler)
        if handler.is_used and (handler.should_close or transport is None or _is_readable(transport)):
            raise _Stale
        self.handler = handler
        handler.begin()
        self.progress.is_sent = True
        return await super().send(conn)


class _Sending:
    """What `aiohttp` asks to send one request: it is written as it is, and never a second time once it was begun."""

    handler: BoundedHandler
    """Which has the answer."""

    def __init__(self, fields: CIMultiDict[str], progress: Progress) -> None:
        self._fields = fields
        self._progress = progress

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Raises: `Broken`, `ContactRefused`."""
        assert isinstance(request, _Request)
        request.headers, request.progress = self._fields, self._progress
        while True:  # each turn closes one idle connection
            try:
                response = await handler(request)
                self.handler = request.handler
                return response
            except _Stale:
                continue
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                broken = Broken(CLOSED_BY_US, is_lost=False)  # the pool cancels what waits for a connection
            except (aiohttp.ClientError, OSError) as error:
                broken = _told(error)
            raise broken


def _url(place: Place, target: str) -> URL:
    """Where a request goes, exactly as given; made so that `yarl` does not keep it, as it keeps the URLs that it
    parses: a query may have credentials."""
    path, _, query = target.partition("?")
    url = URL()
    url.__setstate__((SplitResult(place.scheme, place.authority, path, query, ""),))
    return url


class _Arriving:
    def __init__(self, response: aiohttp.ClientResponse, handler: BoundedHandler) -> None:
        self._response = response
        self._handler = handler
        self.status = response.status
        self.headers: Headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
        )

    async def pieces(self) -> AsyncGenerator[bytes]:
        content = self._response.content
        try:
            while piece := await content.readany():
                yield piece
            broken = self._handler.failure_of(content)
        except (aiohttp.ClientError, OSError) as error:
            broken = _told(error)
        if broken is not None:
            raise broken

    async def aclose(self) -> None:
        if not self._response.closed:
            self._response.close()


def _checked(response: aiohttp.ClientResponse, handler: BoundedHandler) -> _Arriving:
    """Raises: `Broken`."""
    if any(_NO_VALUE.search(value) for _, value in response.raw_headers):
        response.close()
        raise Broken(ILLEGAL_LINE, is_lost=True)
    return _Arriving(response, handler)


class AiohttpCarrier:
    """As `Carrier`. What is not ASCII in a header is not for it: `aiohttp` writes that in UTF-8."""

    def __init__(self, resolve: Resolve, connections: int, tls: ssl.SSLContext | None) -> None:
        """There are so many connections at most, for hosts that are allowed by name and for others each; a request
        beyond them waits within its own time."""
        self._resolve = resolve
        self._connections = connections
        self._tls = tls
        self._is_tls_chosen = False
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    def _session(self, *, is_allowed: bool) -> aiohttp.ClientSession:
        if is_allowed not in self._sessions:
            self._sessions[is_allowed] = aiohttp.ClientSession(
                connector=_Connector(self._resolve, self._ssl_context, self._connections, is_allowed=is_allowed),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=_Request,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                auto_decompress=False,
                trust_env=False,
                max_line_size=_MAX_FIELD_BYTES,
                max_field_size=_MAX_FIELD_BYTES,
                max_headers=_MAX_FIELD_BYTES,
            )
        return self._sessions[is_allowed]

    def _ssl_context(self) -> ssl.SSLContext:
        """The one for all connections; chosen when the first of them is encrypted."""
        if not self._is_tls_chosen:
            if self._tls is None:
                from httpcore2 import default_ssl_context

                self._tls = default_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
            self._is_tls_chosen = True
        assert self._tls is not None
        return self._tls

    async def begin(self, outgoing: Outgoing, progress: Progress, /, *, is_allowed: bool) -> Arriving:
        """As `Carrier.begin`. Raises: `Broken`, `ContactRefused`."""
        fields, body, place = CIMultiDict(outgoing.fields), outgoing.body, outgoing.place
        sending = _Sending(fields, progress)
        needs_type = outgoing.method in aiohttp.ClientRequest.POST_METHODS and _CONTENT_TYPE not in fields
        response = await self._session(is_allowed=is_allowed).request(
            outgoing.method,
            _url(place, outgoing.target),
            data=io.BytesIO(body) if body is not None and len(body) > MAX_BODY_AT_ONCE else body,
            skip_auto_headers=(_CONTENT_TYPE,) if needs_type else None,
            allow_redirects=False,
            middlewares=(sending,),
        )
        return _checked(response, sending.handler)

    async def aclose(self) -> None:
        """As `Carrier.aclose`."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await session.close()
