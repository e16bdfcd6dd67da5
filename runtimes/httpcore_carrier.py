"""Exchanges carried by `httpcore2`, which also knows proxies and, where its extra is installed, HTTP/2.

Loaded when it is chosen, since the library is heavy. There is no client of `httpx2` here: a client keeps cookies,
prepares redirects and logs whole URLs, of which we want none.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import aclosing, contextmanager
from urllib.parse import unquote, urlsplit

import anyio
import httpcore2

from runtimes.addresses import NoAddress, Resolve, judged_addresses, reason_of
from runtimes.carriers import CLOSE_SECONDS, CONNECT_SECONDS, IDLE_SECONDS, Arriving, Broken, Outgoing, Progress
from runtimes.http import Headers
from runtimes.proxy import is_loopback

FAILURES = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)
"""What can go wrong below."""

MAX_IDLE_CONNECTIONS = 64
"""Connections of one pool that are kept alive between requests, as many as one origin is sent at once; each request
looks at all of them."""

MAX_LINE_BYTES = httpcore2.AsyncHTTP11Connection.MAX_INCOMPLETE_EVENT_SIZE
"""How many bytes of a header, a trailer or the extension of a chunk are waited with for its end."""

Framed = Callable[[httpcore2.AsyncNetworkStream], httpcore2.AsyncNetworkStream]
"""What an encrypted stream becomes once its handshake has agreed on a protocol."""

_BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError)
"""What can go wrong with a connection, and need not with the next one."""

_QUOTED = re.compile(r""":? *(?:bytearray\()?b?['"].*""", re.DOTALL)
"""Where the library quotes a field or a line, of the request or of an answer that may echo it."""

_ENDED = "the connection was closed"
"""Where the library says no more than that, whichever side it was."""

_OVERLONG = "Receive buffer too long"
"""What the library says where something had no end within `MAX_LINE_BYTES`: the server would do so again."""


def told(failure: Exception) -> Broken:
    """What one of `FAILURES` is in words, without what went over the connection."""
    reason = str(failure) or (_ENDED if isinstance(failure, httpcore2.NetworkError) else type(failure).__name__)
    if isinstance(failure, httpcore2.RemoteProtocolError) and reason == _OVERLONG:
        return Broken(f"its header, trailer or chunk extension has no end within {MAX_LINE_BYTES} bytes", is_lost=False)
    if isinstance(failure, httpcore2.ProtocolError):
        reason = _QUOTED.sub("", reason) or type(failure).__name__
    return Broken(reason, is_lost=isinstance(failure, _BROKEN))


@contextmanager
def _telling() -> Generator[None]:
    try:
        yield
    except FAILURES as error:
        broken = told(error)
    else:
        return
    raise broken


class _Told:
    """Passes on what `httpcore2` says of each step; asking a proxy for a tunnel sends nothing of the request."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        if not event.endswith(".send_request_headers.started"):
            return
        sent = info.get("request")
        if not (isinstance(sent, httpcore2.Request) and sent.method == b"CONNECT"):
            self._progress.is_sent = True


class _ClosingStream(httpcore2.AsyncNetworkStream):
    """A stream that closes when its TLS handshake is cancelled, which `httpcore2` leaves to the collector."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, framed: Framed) -> None:
        self._stream = stream
        self._framed = framed

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return self._framed(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._stream.aclose()
            raise


class _PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves a name, judges every answer, and connects to one of exactly those."""

    def __init__(self, resolve: Resolve, framed: Framed | None, *, is_allowed: bool) -> None:
        """`framed` is for connections that are encrypted, and None for others."""
        self._resolve = resolve
        self._framed = framed
        self._is_allowed = is_allowed
        # pyright takes the class that stands in where anyio is not installed
        self._network: httpcore2.AsyncNetworkBackend = httpcore2.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await judged_addresses(self._resolve, host, port, is_allowed=self._is_allowed)
        except NoAddress as error:
            raise httpcore2.ConnectError(str(error)) from None
        reason = ""
        for address in addresses:
            try:
                stream = await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
                return stream if self._framed is None else _ClosingStream(stream, self._framed)
            except httpcore2.ConnectError as error:
                reason = reason_of(error) or str(error)
            except httpcore2.ConnectTimeout as error:
                reason = reason_of(error) or f"no connection within {timeout:g} s"
        raise httpcore2.ConnectError(reason)


class _Arriving:
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer
        self.status = answer.status
        self.headers: Headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers
        )

    async def pieces(self) -> AsyncGenerator[bytes]:
        with _telling():
            async with aclosing(self._answer.aiter_stream()) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def aclose(self) -> None:
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await self._answer.aclose()


def _proxy(url: str) -> httpcore2.Proxy:
    parts = urlsplit(url)
    if parts.username is None and parts.password is None:
        return httpcore2.Proxy(url)
    auth = (unquote(parts.username or "").encode(), unquote(parts.password or "").encode())
    return httpcore2.Proxy(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), auth=auth)


def _unframed(stream: httpcore2.AsyncNetworkStream) -> httpcore2.AsyncNetworkStream:
    return stream


def _http2() -> tuple[type[httpcore2.AsyncConnectionPool], Framed | None]:
    """The pool that offers HTTP/2, where the extra is installed; through a proxy it is never offered."""
    try:
        from runtimes.http2 import ExclusivePool, framed
    except ImportError:
        return httpcore2.AsyncConnectionPool, None
    return ExclusivePool, framed


class HttpcoreCarrier:
    """As `Carrier`. Loopback hosts that are allowed by name are reached past the proxy: its loopback is another
    machine's."""

    def __init__(
        self,
        resolve: Resolve,
        connections: int,
        tls: ssl.SSLContext | None,
        proxy: str | None,
        *,
        offers_http2: bool = True,
    ) -> None:
        """Each pool has so many connections at most; a request beyond them waits within its own time. HTTP/2 can be
        offered only where its extra is installed."""
        self._offers_http2 = offers_http2
        self._resolve = resolve
        self._connections = connections
        self._tls = tls
        self._proxy = None if proxy is None else _proxy(proxy)
        self._pools: dict[tuple[str, bool, bool], httpcore2.AsyncConnectionPool] = {}

    def _pool(self, scheme: str, host: str, *, is_allowed: bool) -> httpcore2.AsyncConnectionPool:
        proxy = None if is_allowed and is_loopback(host) else self._proxy
        key = (scheme, is_allowed, proxy is None)
        if key not in self._pools:
            self._pools[key] = self._opened(scheme, proxy, is_allowed=is_allowed)
        return self._pools[key]

    def _opened(self, scheme: str, proxy: httpcore2.Proxy | None, *, is_allowed: bool) -> httpcore2.AsyncConnectionPool:
        is_tls = scheme == "https"
        is_offered = is_tls and proxy is None and self._offers_http2
        make, framed = _http2() if is_offered else (httpcore2.AsyncConnectionPool, None)
        backend = _PinnedBackend(self._resolve, (framed or _unframed) if is_tls else None, is_allowed=is_allowed)
        return make(
            ssl_context=self._ssl_context() if is_tls else None,
            proxy=proxy,
            max_connections=self._connections,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            http2=framed is not None,
            network_backend=None if proxy else backend,
        )

    def _ssl_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpcore2.default_ssl_context()
        return self._tls

    async def begin(self, outgoing: Outgoing, progress: Progress, /, *, is_allowed: bool) -> Arriving:
        """As `Carrier.begin`. Raises: `Broken`, `ContactRefused`."""
        place = outgoing.place
        pool = self._pool(place.scheme, place.host, is_allowed=is_allowed)
        request = httpcore2.Request(
            method=outgoing.method.encode("ascii"),
            url=httpcore2.URL(
                scheme=place.scheme.encode("ascii"),
                host=place.host.encode("ascii"),
                port=place.port,
                target=outgoing.target.encode("ascii"),
            ),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in outgoing.fields],
            content=outgoing.body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}, "trace": _Told(progress)},
        )
        with _telling():
            return _Arriving(await pool.handle_async_request(request))

    async def aclose(self) -> None:
        """As `Carrier.aclose`."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()
