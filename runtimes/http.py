"""HTTP as the runtimes see it: one request, one bounded answer.

A seam and no more: `runtimes.fetch` carries it out, tests with a handler. It is not a client library:
no sessions, no cookies, no redirects that the caller did not allow.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from auth import Attached

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order they are sent; names keep their spelling."""

Lasts = Literal["needed", "optional"]
"""Of an answer that is listened to without an end: whether anything comes without it."""

MAX_RESPONSE_BYTES = 5 * 1024 * 1024
"""How much of an answer is read, after decoding."""

REQUEST_TIMEOUT = 30.0
"""Seconds one exchange may take from the first byte sent to the last one read."""


_USERINFO = re.compile(r"//[^/]*@")


def is_url(location: str) -> bool:
    """True for an http or https URL, whatever the case of its scheme."""
    return location[:8].lower().startswith(("http://", "https://"))


def shown_url(url: str) -> str:
    """A URL without what may be secret in it, its query and its user; a path stays as it is."""
    if not is_url(url):
        return url
    return _USERINFO.sub("//", re.split(r"[?#]", url, maxsplit=1)[0])


def _first(headers: Headers, name: str) -> str | None:
    wanted, length = name.lower(), len(name)
    for key, value in headers:
        if len(key) == length and key.lower() == wanted:
            return value
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request, complete: what is here is what is sent."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    timeout: float = REQUEST_TIMEOUT
    """Seconds for the whole exchange."""
    max_bytes: int = MAX_RESPONSE_BYTES
    max_redirects: int = 0
    """Redirects to follow, as `runtimes.redirects` has it."""
    credentials: frozenset[str] = frozenset()
    """The names, case folded, of parameters of its query that carry credentials: these go to no other origin."""
    attached: tuple[Attached, ...] = ()
    """The credentials that go out with it; who sends it writes them where they belong (`runtimes.credentials`)."""
    via: str = ""
    """The origin that was asked and redirected to this one; empty for a request that is still where it was meant."""

    def __repr__(self) -> str:
        """Tells nothing of what may be secret: fields, body and query."""
        headers, body = len(self.headers), len(self.body or b"")
        return f"<HttpRequest {self.method} {shown_url(self.url)}, {headers} headers, {body} bytes>"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One answer, read to its end."""

    status: int
    headers: Headers
    body: bytes
    url: str
    """Where the answer came from, after redirects."""
    unfollowed: str = ""
    """Of a redirect that was not followed: the reason."""
    notes: tuple[str, ...] = ()
    """What there is to know of how redirects led to it, a line each, of URLs the origins only."""

    def __repr__(self) -> str:
        """Tells nothing of what may be secret: of a token endpoint's answer that is all of it."""
        headers, body = len(self.headers), len(self.body)
        return f"<HttpResponse {self.status} of {shown_url(self.url)}, {headers} headers, {body} bytes>"

    def header(self, name: str) -> str | None:
        """The first field of that name, whatever its case."""
        return _first(self.headers, name)


class HttpClient(Protocol):
    """Sends requests, to the addresses it allows and nowhere else."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Raises: `InvocationError`, saying whether the request can have been carried out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedResponse:
    """One answer whose body is read while it comes."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]
    """The body, decoded, to be gone through once. Raises: `InvocationError`, when it breaks off, or is longer than the
    request allows."""

    def __repr__(self) -> str:
        """Tells as little as that of `HttpResponse`."""
        return f"<StreamedResponse {self.status}, {len(self.headers)} headers>"

    def header(self, name: str) -> str | None:
        """As that of `HttpResponse`."""
        return _first(self.headers, name)


@runtime_checkable
class StreamingClient(HttpClient, Protocol):
    """A client that can also hand out an answer before its end."""

    def stream(
        self, request: HttpRequest, /, *, lasts: Lasts | None = None
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """One exchange that lasts as long as the context; no redirect is followed.

        The request's `timeout` is for all until the header has come, and its `max_bytes` for the whole body. What
        `lasts` takes the place of no other answer, and is refused at once where too many of them are under way.

        Entering raises: `InvocationError`, as `send`.
        """
        ...
