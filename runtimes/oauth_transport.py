"""What an OAuth client sends, over our own bounded and address-checked client: an `httpx2` transport.

Imported lazily, since `httpx2` is heavy. The answer is read to its end before it is handed on, no redirect is followed,
and nothing of a request but its place is told in an error.
"""

from __future__ import annotations

from collections.abc import Iterable

import httpx2

from runtimes.errors import InvocationError
from runtimes.http import Headers, HttpClient, HttpRequest, HttpResponse
from runtimes.network import AddressRules, ContactRefused, origin_of

TIMEOUT = 30.0
"""Seconds one exchange with an authorization server may take."""

MAX_BYTES = 1024 * 1024
"""How long an answer of an authorization server may be, after decoding."""

UNUSABLE = "it was asked, and has no usable answer"
"""All that is said of an exchange that broke."""

_OF_THE_CONNECTION = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})
"""Fields of a request that whoever sends it writes."""

_OF_THE_TRANSFER = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""Fields of an answer that do not hold for a body that has been decoded."""


def _sent(headers: httpx2.Headers) -> Headers:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
    return tuple(field for field in fields if field[0].lower() not in _OF_THE_CONNECTION)


def _received(headers: Headers) -> list[tuple[bytes, bytes]]:
    fields = [field for field in headers if field[0].lower() not in _OF_THE_TRANSFER]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def _failure(error: InvocationError) -> httpx2.TransportError:
    """The same without what the other side said: once something was sent, its words may be those that it was sent."""
    if error.is_unsent:
        return httpx2.UnsupportedProtocol(error.reason)
    if error.not_executed is not None:
        return httpx2.ConnectError(error.reason)
    return httpx2.ReadError(UNUSABLE)


class ClientTransport(httpx2.AsyncBaseTransport):
    """Sends over a client that it does not close. Raises: `httpx2.TransportError`, with no secret in it:
    `httpx2.UnsupportedProtocol` for what is never sent, whoever asks again, `httpx2.ConnectError` for what was not sent
    this time, and `httpx2.ReadError` for what has no usable answer.
    """

    def __init__(self, http: HttpClient, allowed_hosts: Iterable[str] = ()) -> None:
        """Secrets go over https, and over http to those hosts only that are allowed, each `HOST` or `HOST:PORT`.

        Which addresses may be reached is the client's to decide. Raises: `ValueError` for an entry that is no host.
        """
        self._http = http
        self._allowed = AddressRules(allowed_hosts)

    def _check(self, url: str) -> None:
        try:
            origin = origin_of(url)
        except ContactRefused as error:
            raise httpx2.UnsupportedProtocol(f"nothing was sent: {error}") from None
        if origin.scheme != "https" and not self._allowed.names(origin):
            raise httpx2.UnsupportedProtocol(
                f"nothing was sent to {origin}: secrets go over https; `--allow-host {origin.host}` sends them so"
            )

    async def _answer(self, asked: HttpRequest) -> HttpResponse | httpx2.TransportError:
        try:
            return await self._http.send(asked)
        except InvocationError as error:
            return _failure(error)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One exchange."""
        url = str(request.url)
        self._check(url)
        asked = HttpRequest(
            method=request.method,
            url=url,
            headers=_sent(request.headers),
            body=await request.aread() or None,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES + 1,
        )
        answer = await self._answer(asked)
        if isinstance(answer, httpx2.TransportError):
            raise answer  # here, so that nothing stands behind it
        if len(answer.body) > MAX_BYTES:
            raise httpx2.ReadError(f"the answer of {origin_of(url)} is longer than {MAX_BYTES} bytes")
        return httpx2.Response(answer.status, headers=_received(answer.headers), stream=httpx2.ByteStream(answer.body))
