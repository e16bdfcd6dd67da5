"""One hop over one pool: `httpx2` requests carried by `httpcore2` to addresses that were checked and pinned.

Loaded on the first request, since the HTTP libraries are heavy; `runtimes.fetch` stands above it. There is no
`httpx2.AsyncClient` here: a client keeps cookies, prepares redirects and logs whole URLs, of which we want none.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from ipaddress import ip_address

import anyio
import httpcore2
import httpx2

from runtimes.codings import BadContent, decoder_for
from runtimes.http import Headers, HttpRequest, HttpResponse
from runtimes.network import check_addresses
from runtimes.proxy import is_loopback
from runtimes.telling_logs import quieten_telling_logs

MAX_CONNECTIONS = 64
"""Open connections of one pool; a request beyond them waits within its own time."""

MAX_IDLE_CONNECTIONS = 16
"""Connections of one pool that are kept alive between requests."""

IDLE_SECONDS = 15.0
"""How long an idle connection is kept."""

CONNECT_SECONDS = 10.0
"""How long one address may take to accept a connection."""

CLOSE_SECONDS = 2.0
"""How long the end of an exchange may take once it is decided."""

MAX_HEADER_BYTES = 64 * 1024
"""The header fields of an answer, names and values together."""

MAX_ADDRESSES = 16
"""How many addresses of a host are tried."""

DEFAULT_HEADERS = (("User-Agent", "plugin-orchestrator"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
"""Sent when the request does not name them."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host and port, the best first. Raises: `OSError`."""

Framed = Callable[[httpcore2.AsyncNetworkStream], httpcore2.AsyncNetworkStream]
"""What an encrypted stream becomes once its handshake has agreed on a protocol."""

_IS_ALLOWED = "runtimes.is_allowed"


class Progress:
    """How far an exchange has come: what was never sent was certainly not carried out."""

    def __init__(self) -> None:
        self.is_queued = True
        self.is_sent = False

    async def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Told by `httpcore2` of each step; asking a proxy for a tunnel sends nothing of the request."""
        if not event.endswith(".send_request_headers.started"):
            return
        sent = info.get("request")
        self.is_sent = self.is_sent or not (isinstance(sent, httpcore2.Request) and sent.method == b"CONNECT")


async def _system_addresses(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _connect_reason(error: BaseException, timeout: float | None) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__
    return f"no connection within {timeout:g} s" if isinstance(error, httpcore2.ConnectTimeout) else str(error)


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
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError(f"the name {host!r} cannot be resolved") from None
        check_addresses(host, map(ip_address, addresses), is_allowed=self._is_allowed)
        reason = "it has no address"
        for address in addresses[:MAX_ADDRESSES]:
            try:
                stream = await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
                return stream if self._framed is None else _ClosingStream(stream, self._framed)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                reason = _connect_reason(error, timeout)
        raise httpcore2.ConnectError(reason)


class _BodyStream(httpx2.AsyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        async with aclosing(self._response.aiter_stream()) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


def _proxy(url: str) -> httpcore2.Proxy:
    parsed = httpx2.Proxy(url)
    return httpcore2.Proxy(str(parsed.url), auth=parsed.raw_auth)


def _unframed(stream: httpcore2.AsyncNetworkStream) -> httpcore2.AsyncNetworkStream:
    return stream


def _http2() -> tuple[type[httpcore2.AsyncConnectionPool], Framed | None]:
    """The pool that offers HTTP/2, where the extra is installed; through a proxy it is never offered."""
    try:
        from runtimes.http2 import ExclusivePool, framed
    except ImportError:
        return httpcore2.AsyncConnectionPool, None
    return ExclusivePool, framed


class PooledTransport(httpx2.AsyncBaseTransport):
    """Pools of kept-alive connections, apart for hosts that are allowed by name and for all others.

    So a connection that one plugin was allowed to open to a private address never serves another plugin. Loopback hosts
    that are allowed by name are reached past the proxy: its loopback is another machine's.
    """

    def __init__(
        self,
        proxy: str | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        quieten_telling_logs()
        self._max_connections = max_connections
        self._proxy = None if proxy is None else _proxy(proxy)
        self._resolve = resolve or _system_addresses
        self._tls = tls
        self._pools: dict[tuple[str, bool, bool], httpcore2.AsyncConnectionPool] = {}

    def _pool(self, scheme: str, host: str, *, is_allowed: bool) -> httpcore2.AsyncConnectionPool:
        proxy = None if is_allowed and is_loopback(host) else self._proxy
        key = (scheme, is_allowed, proxy is None)
        if key not in self._pools:
            self._pools[key] = self._opened(scheme, proxy, is_allowed=is_allowed)
        return self._pools[key]

    def _opened(self, scheme: str, proxy: httpcore2.Proxy | None, *, is_allowed: bool) -> httpcore2.AsyncConnectionPool:
        is_tls = scheme == "https"
        make, framed = _http2() if is_tls and proxy is None else (httpcore2.AsyncConnectionPool, None)
        backend = _PinnedBackend(self._resolve, (framed or _unframed) if is_tls else None, is_allowed=is_allowed)
        return make(
            ssl_context=self._ssl_context() if is_tls else None,
            proxy=proxy,
            max_connections=self._max_connections,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            http2=framed is not None,
            network_backend=None if proxy else backend,
        )

    def _ssl_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpcore2.default_ssl_context()
        return self._tls

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        is_allowed = bool(request.extensions.get(_IS_ALLOWED))
        pool = self._pool(request.url.scheme, request.url.host, is_allowed=is_allowed)
        assert isinstance(request.stream, AsyncIterable)
        answer = await pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_BodyStream(answer))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()


async def _read(response: httpx2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    decoder = decoder_for(response.headers.get("content-encoding", ""))
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            body += decoder.decode(chunk, max_bytes - len(body))
            if len(body) >= max_bytes:
                return bytes(body)
    decoder.finish()
    return bytes(body)


def _prepared(request: HttpRequest, progress: Progress, *, is_allowed: bool) -> httpx2.Request:
    named = {name.lower() for name, _ in request.headers}
    defaults = [field for field in DEFAULT_HEADERS if field[0].lower() not in named]
    return httpx2.Request(
        request.method,
        request.url,
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in (*request.headers, *defaults)],
        content=request.body,
        extensions={
            "timeout": {"connect": CONNECT_SECONDS},
            "trace": progress.trace,
            _IS_ALLOWED: is_allowed,
        },
    )


@asynccontextmanager
async def opened(
    transport: httpx2.AsyncBaseTransport, request: HttpRequest, progress: Progress, *, is_allowed: bool
) -> AsyncGenerator[tuple[httpx2.Response, Headers]]:
    """The answer to one request, whose body is still to be read, and its header. Raises: as `exchange`."""
    response = await transport.handle_async_request(_prepared(request, progress, is_allowed=is_allowed))
    try:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
            raise BadContent(f"its header is longer than {MAX_HEADER_BYTES} bytes")
        yield response, headers
    finally:
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await response.aclose()


async def exchange(
    transport: httpx2.AsyncBaseTransport, request: HttpRequest, progress: Progress, *, is_allowed: bool
) -> HttpResponse:
    """One request and its answer, cut at the request's `max_bytes`. Raises: `ContactRefused`, one of
    `runtimes.failures.FAILURES`."""
    async with opened(transport, request, progress, is_allowed=is_allowed) as (response, headers):
        body = await _read(response, request.max_bytes)
    return HttpResponse(status=response.status_code, headers=headers, body=body, url=request.url)
