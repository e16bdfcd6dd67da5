"""One hop: what carries it is chosen here and nowhere else, and its answer is read within limits.

`aiohttp` where the extra `fast` is installed: its cost per request does not grow with the connections that are open.
`httpcore2` for everything else: requests through a proxy, HTTP/2 to encrypted servers where the extra `http2` is
installed, and what `aiohttp` would not write byte for byte. Both are loaded when they are needed.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Literal

from runtimes.addresses import Resolve, system_addresses
from runtimes.carriers import Arriving, Carrier, Outgoing, Progress, outgoing
from runtimes.codings import BadContent, decoder_for
from runtimes.http import HttpRequest, HttpResponse
from runtimes.queues import MAX_EXCHANGES_PER_ORIGIN
from runtimes.telling_logs import quieten_telling_logs

MAX_CONNECTIONS = 256
"""Open connections of one pool; a request beyond them waits within its own time."""

MAX_HEADER_BYTES = 64 * 1024
"""The header fields of an answer, names and values together."""

CarrierName = Literal["aiohttp", "httpcore2"]
"""The libraries that carry exchanges."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_PLAIN_VALUE = re.compile(r"(?:[!-~]+(?: +[!-~]+)*)?")


@cache
def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How much goes on at once."""

    connections: int = MAX_CONNECTIONS
    """Open connections of one pool: there is one for hosts that are allowed by name, and one for all others."""
    per_origin: int = MAX_EXCHANGES_PER_ORIGIN
    """Requests that one origin is sent at once; a request beyond them waits in a queue, within its own time."""

    def __post_init__(self) -> None:
        """Raises: `ValueError`, when nothing could go on."""
        if min(self.connections, self.per_origin) < 1:
            raise ValueError("connections and per_origin are 1 at least")


def _is_plain(outgoing: Outgoing) -> bool:
    """True for a request that every library writes alike: names are tokens, values printable ASCII, no query is there
    and empty, and what frames the body is its length, said once."""
    if outgoing.target.endswith("?"):
        return False
    framing: list[tuple[str, str]] = []
    for name, value in outgoing.fields:
        if not (_TOKEN.fullmatch(name) and _PLAIN_VALUE.fullmatch(value)):
            return False
        if name[:1] in "CcTt" and (lower := name.lower()) in _FRAMING:
            framing.append((lower, value))
    return framing in ([], [("content-length", str(len(outgoing.body or b"")))])


class Transport:
    """Sends each request over the carrier that suits it, and keeps the carriers."""

    def __init__(
        self,
        *,
        connections: int = MAX_CONNECTIONS,
        proxy: str | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        carrier: CarrierName | None = None,
    ) -> None:
        """`carrier` is for those who know which one they want; None is the choice that the module tells of.

        Raises: `ValueError`, when that carrier cannot be had, or knows no proxy.
        """
        if carrier == "aiohttp" and not _is_installed("aiohttp"):
            raise ValueError("aiohttp is not installed; it comes with the extra 'fast'")
        if carrier == "aiohttp" and proxy is not None:
            raise ValueError("aiohttp carries nothing through a proxy; leave the choice of the carrier open")
        quieten_telling_logs()
        self._connections = connections
        self._proxy = proxy
        self._resolve = resolve or system_addresses
        self._tls = tls
        self._is_fast = carrier != "httpcore2" and proxy is None and _is_installed("aiohttp")
        self._offers_http2 = carrier != "aiohttp"
        """Where both carriers may meet one server, they share a TLS context, and it says what is offered."""
        self._has_http2 = carrier is None and _is_installed("h2")
        self._carriers: dict[CarrierName, Carrier] = {}

    async def begin(self, request: HttpRequest, progress: Progress, *, is_allowed: bool) -> Arriving:
        """Sends a request whose URL has been judged. Raises: `ContactRefused`, one of `runtimes.failures.FAILURES`."""
        written = outgoing(request)
        is_fast = self._is_fast and not (self._has_http2 and written.place.scheme == "https") and _is_plain(written)
        carrier = self._carrier("aiohttp" if is_fast else "httpcore2")
        return await carrier.begin(written, progress, is_allowed=is_allowed)

    def _carrier(self, name: CarrierName) -> Carrier:
        if name not in self._carriers:
            self._carriers[name] = self._aiohttp() if name == "aiohttp" else self._httpcore()
        return self._carriers[name]

    def _aiohttp(self) -> Carrier:
        from runtimes.aiohttp_carrier import AiohttpCarrier

        return AiohttpCarrier(self._resolve, self._connections, self._tls)

    def _httpcore(self) -> Carrier:
        from runtimes.httpcore_carrier import HttpcoreCarrier

        return HttpcoreCarrier(
            self._resolve, self._connections, self._tls, self._proxy, offers_http2=self._offers_http2
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        carriers, self._carriers = self._carriers, {}
        for carrier in carriers.values():
            await carrier.aclose()


async def _read(arriving: Arriving, coding: str, max_bytes: int) -> bytes:
    body = bytearray()
    decoder = decoder_for(coding)
    async with aclosing(arriving.pieces()) as pieces:
        async for piece in pieces:
            body += decoder.decode(piece, max_bytes - len(body))
            if len(body) >= max_bytes:
                return bytes(body)
    decoder.finish()
    return bytes(body)


def content_coding(arriving: Arriving) -> str:
    """The codings of its body, one after the other; empty where it has none."""
    return ", ".join(value for name, value in arriving.headers if name.lower() == "content-encoding")


def _check_header(arriving: Arriving) -> None:
    """Raises: `BadContent`."""
    if sum(len(name) + len(value) for name, value in arriving.headers) > MAX_HEADER_BYTES:
        raise BadContent(f"its header is longer than {MAX_HEADER_BYTES} bytes")


@asynccontextmanager
async def opened(
    transport: Transport, request: HttpRequest, progress: Progress, *, is_allowed: bool
) -> AsyncGenerator[Arriving]:
    """The answer to one request, whose body is still to be read. Raises: as `exchange`."""
    arriving = await transport.begin(request, progress, is_allowed=is_allowed)
    try:
        _check_header(arriving)
        yield arriving
    finally:
        await arriving.aclose()


async def exchange(transport: Transport, request: HttpRequest, progress: Progress, *, is_allowed: bool) -> HttpResponse:
    """One request and its answer, cut at the request's `max_bytes`. Raises: `ContactRefused`, one of
    `runtimes.failures.FAILURES`."""
    arriving = await transport.begin(request, progress, is_allowed=is_allowed)
    try:
        _check_header(arriving)
        body = await _read(arriving, content_coding(arriving), request.max_bytes)
    finally:
        await arriving.aclose()
    return HttpResponse(status=arriving.status, headers=arriving.headers, body=body, url=request.url)
