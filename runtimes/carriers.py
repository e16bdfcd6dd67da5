"""What carries one exchange to where it goes, whatever library does it: a seam and no more.

Above it stands `runtimes.transport`, which chooses; below it are `runtimes.httpcore_carrier` and
`runtimes.aiohttp_carrier`.
A carrier keeps connections and nothing else: no cookie, no redirect, no proxy of the environment, no repeat of what may
have been sent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlsplit

from runtimes.http import Headers, HttpRequest
from runtimes.network import MAX_REMEMBERED_HOSTS, authority_end

IDLE_SECONDS = 15.0
"""How long an idle connection is kept."""

CONNECT_SECONDS = 10.0
"""How long one address may take to accept a connection."""

CLOSE_SECONDS = 2.0
"""How long the end of an exchange may take once it is decided."""

DEFAULT_HEADERS = (("User-Agent", "plugin-orchestrator"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
"""Sent when the request does not name them."""

_SAYS_ITS_LENGTH = frozenset({"POST", "PUT", "PATCH"})
"""Methods of which a request without a body says so."""

_IN_PATHS = "!$%&'()*+,-./:;=?@[]^_|~"
_IN_QUERIES = _IN_PATHS + "`{}"


class Broken(Exception):
    """An exchange came to nothing; the message may quote a status line of the server, and no field or body."""

    def __init__(self, reason: str, *, is_lost: bool) -> None:
        super().__init__(reason)
        self.is_lost = is_lost
        """True where the next connection may do better."""


@dataclass(slots=True)
class Progress:
    """How far an exchange has come: what was never sent was certainly not carried out."""

    is_queued: bool = True
    is_sent: bool = False
    """True from before the first byte of the request is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request goes, as its URL spells it in lower case."""

    scheme: str
    host: str
    """Without brackets."""
    port: int | None
    """None where it is the scheme's own."""
    authority: str
    """Host and port, as a `Host` field has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request as it is written: no carrier adds a field to it, or leaves one out."""

    method: str
    place: Place
    target: str
    """Path and query; the path has no dot segments, what no URL may have is percent-encoded, and the rest is as it was
    given."""
    fields: Headers
    body: bytes | None


class Arriving(Protocol):
    """An answer whose header has come."""

    @property
    def status(self) -> int:
        """The HTTP status, 200 or more."""
        ...

    @property
    def headers(self) -> Headers:
        """Its header, as it came."""
        ...

    def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it comes, still in its content coding; gone through once. Raises: `Broken`."""
        ...

    async def aclose(self) -> None:
        """Ends the exchange: a connection that is in the middle of an answer is closed, within `CLOSE_SECONDS`."""
        ...


class Carrier(Protocol):
    """Sends requests over connections that it keeps, apart for hosts that are allowed by name and for all others.

    So a connection that one plugin was allowed to open to a private address never serves another plugin.
    """

    async def begin(self, outgoing: Outgoing, progress: Progress, /, *, is_allowed: bool) -> Arriving:
        """Raises: `Broken`, `ContactRefused`."""
        ...

    async def aclose(self) -> None:
        """Closes the connections; the next request opens new ones."""
        ...


@lru_cache(maxsize=MAX_REMEMBERED_HOSTS)
def _place(start: str) -> Place:
    parts = urlsplit(start)
    host, port = parts.hostname or "", parts.port
    own_port = {"http": 80, "https": 443}[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    port = None if port == own_port else port
    return Place(scheme=parts.scheme, host=host, port=port, authority=shown if port is None else f"{shown}:{port}")


def _without_dots(path: str) -> str:
    """The path without its segments `.` and `..`, which lead nowhere above its root (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    segments = path.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _target(rest: str) -> str:
    path, mark, query = rest.partition("#")[0].partition("?")
    path = _without_dots(path if path.startswith("/") else f"/{path}")
    return quote(path, safe=_IN_PATHS) + (mark and f"?{quote(query, safe=_IN_QUERIES)}")


def outgoing(request: HttpRequest) -> Outgoing:
    """A request, whose URL has been judged, as it is written."""
    end = authority_end(request.url)
    place, method = _place(request.url[:end]), request.method.upper()
    named = {name.lower() for name, _ in request.headers}
    fields = [] if "host" in named else [("Host", place.authority)]
    fields += request.headers
    fields += [field for field in DEFAULT_HEADERS if field[0].lower() not in named]
    says_length = request.body or method in _SAYS_ITS_LENGTH
    if says_length and "content-length" not in named:
        fields.append(("Content-Length", str(len(request.body or b""))))
    return Outgoing(
        method=method, place=place, target=_target(request.url[end:]), fields=tuple(fields), body=request.body or None
    )
