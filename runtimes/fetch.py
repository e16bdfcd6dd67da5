"""The one bounded, address-checked way out: calls of every runtime, and the documents that manifests refer to."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

import anyio

from auth import SecretsInUse
from runtimes.carriers import Progress
from runtimes.credentials import whole_request
from runtimes.errors import FetchError, InvocationError
from runtimes.exchanges import Watched
from runtimes.failures import FAILURES, failed, no_answer
from runtimes.files import read_file
from runtimes.http import HttpClient, HttpRequest, HttpResponse, Lasts, StreamedResponse, is_url, shown_url
from runtimes.network import AddressRules, ContactRefused, Origin, origin_of
from runtimes.proxy import check_proxied, checked_proxy
from runtimes.queues import Queues
from runtimes.redirects import REDIRECTS, send_following
from runtimes.transport import CarrierName, HttpLimits, Transport, exchange

if TYPE_CHECKING:
    import ssl

    from runtimes.addresses import Resolve
    from runtimes.streaming import Streams

MAX_DOCUMENT_REDIRECTS = 3
"""Redirects followed for a document."""

DOCUMENT_TIMEOUT = 20.0
"""Seconds a document may take to arrive."""

_QUERY_VALUE = re.compile(r"=[^&]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """One line for a log of what was sent: no header, no body, no value of a query."""

    method: str
    url: str
    """With the names of its query and without their values."""
    status: int | None
    error: str | None
    duration: float
    """Seconds."""
    bytes: int
    """Of the answer's body, as far as it was read."""


def _redacted(url: str) -> str:
    query = url.partition("#")[0].partition("?")[2]
    return shown_url(url) + (f"?{_QUERY_VALUE.sub('=…', query)}" if query else "")


class SharedClient:
    """Sends every request of a host process over shared connections; used as it is, it reaches public addresses only.

    The connections open on first use and live until `aclose`. `log` is told of every exchange. With a `proxy` the
    proxy resolves names, so that only addresses written in a URL are judged; loopback hosts that are allowed by name
    are reached without it. `resolve` finds the addresses of names and `tls` knows whose certificates to trust, where it
    is not the system. HTTP/2 is offered where the extra `http2` is installed, and not through a proxy. `secrets` are
    those of the host: the log is told neither them nor what is sent along. `limits` says how much goes on at once, and
    `carrier` which library carries the exchanges; left alone it is the one that suits each (`runtimes.transport`).
    """

    def __init__(
        self,
        log: Callable[[HttpExchange], None] | None = None,
        proxy: str | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        secrets: SecretsInUse | None = None,
        limits: HttpLimits | None = None,
        carrier: CarrierName | None = None,
    ) -> None:
        """Raises: `ValueError` when the proxy is no http or https URL, or `carrier` cannot use one."""
        self._log = log
        self.secrets: SecretsInUse = secrets if secrets is not None else SecretsInUse()
        """What the log is not told; a host looks for the same, unless it is given others."""
        self._limits = limits or HttpLimits()
        self._queues = Queues(self._limits.per_origin)
        self._proxy = None if proxy is None else checked_proxy(proxy)
        self._new_transport = partial(Transport, proxy=self._proxy, resolve=resolve, tls=tls, carrier=carrier)
        self._transport = self._new_transport(connections=self._limits.connections)
        self._streams: Streams | None = None
        self._public = AddressRules()

    def allowing(self, hosts: Iterable[str]) -> HttpClient:
        """A view of this client that also reaches these hosts, each `HOST` or `HOST:PORT`.

        Raises: `ValueError` for an entry that is not a host.
        """
        return _AllowingClient(self, AddressRules(hosts))

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As `HttpClient.send`. Raises: `InvocationError`."""
        return await self.send_under(self._public, request)

    def stream(
        self, request: HttpRequest, /, *, lasts: Lasts | None = None
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """As `StreamingClient.stream`. Entering raises: `InvocationError`."""
        return self.stream_under(self._public, request, lasts=lasts)

    async def send_under(self, rules: AddressRules, request: HttpRequest) -> HttpResponse:
        """Sends to where the rules allow, and follows redirects there. Raises: `InvocationError`."""
        try:
            return await send_following(partial(self._logged, rules), request)
        except ContactRefused as refusal:
            raise InvocationError(f"nothing was sent: {refusal}", is_unsent=True) from None

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()
        if self._streams is not None:
            await self._streams.aclose()
            self._streams = None

    @asynccontextmanager
    async def stream_under(
        self, rules: AddressRules, request: HttpRequest, *, lasts: Lasts | None
    ) -> AsyncGenerator[StreamedResponse]:
        """As `StreamingClient.stream`, to where the rules allow. Raises: `InvocationError`."""
        from runtimes.streaming import MAX_LASTING, Streams

        request = self._whole(request)
        try:
            origin = self._checked(rules, request)
        except ContactRefused as refusal:
            raise InvocationError(f"nothing was sent: {refusal}", is_unsent=True) from None
        if self._streams is None:
            transport = self._new_transport(connections=self._limits.connections)
            lasting = self._new_transport(connections=MAX_LASTING)
            self._streams = Streams(transport, lasting, self.secrets, self._tell)
        is_allowed = rules.names(origin)
        async with self._streams.opened(request, origin, is_allowed=is_allowed, lasts=lasts) as streamed:
            yield streamed

    async def _logged(self, rules: AddressRules, request: HttpRequest) -> HttpResponse:
        watched = Watched(request)
        try:
            response = await self._exchange(rules, request)
            watched.status, watched.error, watched.bytes = response.status, None, len(response.body)
            return response
        except (InvocationError, ContactRefused) as failure:
            watched.error = str(failure)
            raise
        finally:
            self._tell(watched)

    def _tell(self, watched: Watched) -> None:
        if self._log is not None:
            self._log(
                HttpExchange(
                    method=watched.request.method,
                    url=self.secrets.masked(_redacted(watched.request.url)),
                    status=watched.status,
                    error=self.secrets.masked(watched.error) if watched.error is not None else None,
                    duration=time.monotonic() - watched.started,
                    bytes=watched.bytes,
                )
            )

    def _whole(self, request: HttpRequest) -> HttpRequest:
        """With its credentials in it, which are looked for from now on."""
        for one in request.attached:
            self.secrets.learn(one.name, *one.hides)
        return whole_request(request)

    def _checked(self, rules: AddressRules, request: HttpRequest) -> Origin:
        """Where it goes. Raises: `ContactRefused`."""
        origin = origin_of(request.url)
        rules.check_host(origin)
        if self._proxy is not None:
            check_proxied(origin.host, is_allowed=rules.names(origin))
        return origin

    async def _exchange(self, rules: AddressRules, request: HttpRequest) -> HttpResponse:
        request = self._whole(request)
        progress = Progress()
        try:
            origin = self._checked(rules, request)
            with anyio.fail_after(request.timeout):
                async with self._queues.turn(origin):
                    progress.is_queued = False
                    return await exchange(self._transport, request, progress, is_allowed=rules.names(origin))
        except TimeoutError:
            limit = f"no answer within {request.timeout:.3g} s"
            queue = f"; {self._limits.per_origin} other requests to it are under way" if progress.is_queued else ""
            failure = no_answer(request, limit + queue, is_sent=progress.is_sent)
        except FAILURES as error:
            failure = failed(request, error, self.secrets, is_sent=progress.is_sent)
        raise failure  # here, so that nothing stands behind it: the library's own error may quote what was sent


class _AllowingClient:
    def __init__(self, client: SharedClient, rules: AddressRules) -> None:
        self._client = client
        self._rules = rules

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        return await self._client.send_under(self._rules, request)

    def stream(
        self, request: HttpRequest, /, *, lasts: Lasts | None = None
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        return self._client.stream_under(self._rules, request, lasts=lasts)


async def _read_url(http: HttpClient, location: str, max_bytes: int, accept: str) -> bytes:
    request = HttpRequest(
        method="GET",
        url=location.partition("#")[0],
        headers=(("Accept", accept),),
        timeout=DOCUMENT_TIMEOUT,
        max_bytes=max_bytes + 1,
        max_redirects=MAX_DOCUMENT_REDIRECTS,
    )
    try:
        response = await http.send(request)
    except InvocationError as error:
        raise FetchError(str(error)) from None
    if response.status in REDIRECTS:
        reason = f": {response.unfollowed}" if response.unfollowed else ""
        raise FetchError(f"{shown_url(location)} redirects to another place, which is not followed{reason}")
    if response.status != 200:
        raise FetchError(f"{shown_url(location)} answered with HTTP status {response.status}")
    return response.body


async def fetch_document(http: HttpClient, location: str, *, max_bytes: int, accept: str = "*/*") -> bytes:
    """The bytes of a file or an http(s) URL, whole; a path may lead into a zip archive, as `app.zip/openapi.yaml`.

    Raises: `FetchError`, when it cannot be had or is longer than `max_bytes`.
    """
    by_url = is_url(location)
    data = await _read_url(http, location, max_bytes, accept) if by_url else await read_file(location, max_bytes)
    if len(data) > max_bytes:
        raise FetchError(f"{shown_url(location) if by_url else location!r} is larger than {max_bytes} bytes")
    return data


def resolve_location(base: str, reference: str, *, within: str | None = None) -> str:
    """Where a reference in the manifest at `base` leads (spec 3.1).

    A manifest from a URL refers to URLs only; one from a file to http(s) URLs and to files in its own folder. With
    `within` it is a document of a package: it refers to files in that folder only, and starts at its own.
    Raises: `FetchError` for anything else.
    """
    if within is not None:
        if is_url(reference):
            raise FetchError(f"{shown_url(reference)!r} is a URL, and no file of the package")
        return str(_inside(Path(base).parent, reference, Path(within)))
    if is_url(reference):
        return reference
    if is_url(base):
        try:
            target = urljoin(base, reference)
        except ValueError:
            target = ""
        if not is_url(target):
            raise FetchError(f"{reference!r} is not an http or https URL, as a manifest from a URL needs")
        return target
    return str(_inside(Path(base).parent, reference, Path(base).parent))


def _inside(folder: Path, reference: str, root: Path) -> Path:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", reference):
        raise FetchError(f"{reference!r} is neither an http or https URL nor a relative reference")
    name = unquote(reference.partition("#")[0].partition("?")[0]).replace("\\", "/")
    if not name or "\0" in name or name.startswith("/"):
        raise FetchError(f"{reference!r} is not a reference relative to the manifest")
    try:
        target = (folder / name).resolve()
        within = root.resolve()
        is_inside = target.is_relative_to(within)
    except (OSError, RuntimeError) as error:
        raise FetchError(f"cannot follow {reference!r}: {error}") from None
    if not is_inside:
        what = "the manifest's folder" if folder == root else "the package"
        raise FetchError(f"{reference!r} leads out of {what}")
    if any(os.path.isfile(step) for step in takewhile(within.__ne__, target.parents)):
        raise FetchError(f"{reference!r} leads into a file, and archives within a folder are not opened")
    return folder / name
