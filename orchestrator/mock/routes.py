"""Which operation a request means: path templates, the most concrete first (OpenAPI 3.1.1, Paths Object). Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from orchestrator.mock.exchange import query_pairs
from runtimes.openapi.document import Entry

MAX_PATH_CHARS = 8 * 1024
"""Of a path that is looked for; longer ones are nowhere."""

_NAME = re.compile(r"\{([^{}]+)\}")
_TRIPLE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


def normalised(path: str) -> str:
    """A path in one spelling (RFC 3986 6.2.2): what needs no encoding has none, hexadecimal digits are upper case."""

    def one(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if _UNRESERVED.fullmatch(char) else match[0].upper()

    return _TRIPLE.sub(one, quote(path, safe="/:@!$&'()*+,;=%~"))


Pieces = tuple[str, ...]
"""Text, name, text, name, text: a template taken apart."""


def _filled(pieces: Pieces, text: str, least: int) -> tuple[str, ...] | None:
    """What stands in the place of the names, each at least so long; None where a text is not of the template.

    Each name ends where the text after it first comes: this takes no more than one look at each character.
    """
    first, *literals = pieces[::2]
    if not literals:
        return () if text == first else None
    if not text.startswith(first):
        return None
    at, values = len(first), list[str]()
    for number, literal in enumerate(literals, start=1):
        start = at + least
        if number == len(literals):
            end = len(text) - len(literal) if text.endswith(literal) else -1
        else:
            end = text.find(literal, start) if literal else start
        if end < start:
            return None
        values.append(text[at:end])
        at = end + len(literal)
    return tuple(values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """An operation and what its requests look like."""

    entry: Entry
    segments: tuple[Pieces, ...]
    """Of its path, in one spelling."""
    query: tuple[tuple[str, Pieces], ...]
    """The pairs of a query in the template, decoded."""
    rank: tuple[int, ...]
    """Segment by segment: 0 for text, 1 for text with names in it, 2 for a name alone; more pairs in a query first."""


def _segment_rank(segment: str) -> int:
    if _NAME.fullmatch(segment):
        return 2
    return 1 if _NAME.search(segment) else 0


def _pieces(template: str) -> Pieces:
    found = _NAME.split(template)
    return tuple(piece if index % 2 else normalised(piece) for index, piece in enumerate(found))


def route_of(entry: Entry) -> Route:
    """The route of an operation."""
    path, _, query = entry.path.partition("?")
    segments = (path if path.startswith("/") else f"/{path}").split("/")
    pairs = tuple((name, tuple(_NAME.split(unquote_plus(value)))) for name, value, _ in query_pairs(query))
    rank = (*map(_segment_rank, segments), -len(pairs))
    return Route(entry=entry, segments=tuple(map(_pieces, segments)), query=pairs, rank=rank)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A route with what stands in the place of its names."""

    route: Route
    path: Mapping[str, str]
    query: Mapping[str, str]


def _path_values(route: Route, segments: Sequence[str]) -> Mapping[str, str] | None:
    """What stands in the place of the names in the path of a template; None where it is another path."""
    if len(segments) != len(route.segments):
        return None
    found: dict[str, str] = {}
    for pieces, segment in zip(route.segments, segments, strict=True):
        values = _filled(pieces, segment, least=1)
        if values is None:
            return None
        found |= dict(zip(pieces[1::2], values, strict=True))
    return found


def _query_values(route: Route, query: str) -> Mapping[str, str] | None:
    """What stands in the place of the names in the query of a template, decoded; None where its texts are not there."""
    given = {name: unquote_plus(value) for name, value, _ in query_pairs(query)} if route.query else {}
    found: dict[str, str] = {}
    for name, pieces in route.query:
        values = _filled(pieces, given[name], least=0) if name in given else None
        if values is None:
            return None
        found |= dict(zip(pieces[1::2], values, strict=True))
    return found


class Routes:
    """The operations of a description."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._routes = sorted(map(route_of, entries), key=lambda route: route.rank)

    def at(self, path: str, query: str) -> Iterator[Found]:
        """The operations at a path, the best fitting first."""
        if len(path) > MAX_PATH_CHARS:
            return
        segments = normalised(path).split("/")
        for route in self._routes:
            values = _path_values(route, segments)
            in_query = _query_values(route, query) if values is not None else None
            if values is not None and in_query is not None:
                yield Found(route=route, path=values, query=in_query)

    def near(self, path: str) -> str | None:
        """The path template that looks most like a path."""
        templates = [route.entry.path for route in self._routes]
        found = difflib.get_close_matches(path[:200], templates, n=1, cutoff=0.5)
        return found[0] if found else None
