"""RFC 9535 queries over an answer, bounded: the query comes from a plugin, the answer from an API (spec 9.4.2.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from runtimes.values import Json

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

MAX_QUERY = 1024
"""Characters of a query; longer ones break a recursive parser."""

MAX_NODES = 1000
"""Results of one query."""

MAX_SEARCHES = 1
"""Filters and descendant segments in a query: each multiplies the work, and the engine has no budget of steps."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_SEARCH = re.compile(r"\.\.|\?")
_REGEX = re.compile(r"\b(?:match|search)\s*\(")

_FIRST = "A-Za-z_\x80-\ud7ff\ue000-\U0010ffff"
_NAME = f"[{_FIRST}][0-9{_FIRST}]*"
"""A name that a query may have without quotes."""

_PLAIN = re.compile(rf"\$((?:\.{_NAME})*)")
"""`$`, `$.a`, `$.a.b`: nearly all queries in real manifests, and 25 times faster by hand."""

_QUOTED_OR_NAMED = re.compile(rf"{_QUOTED.pattern}|(?P<dots>\.\.?)(?P<name>{_NAME})")


class InvalidQuery(ValueError):
    """The text is not an RFC 9535 query."""


def _refuse_costly(query: str) -> None:
    bare = _QUOTED.sub("''", query)
    if len(_SEARCH.findall(bare)) > MAX_SEARCHES:
        raise InvalidQuery(f"{query!r} has more than {MAX_SEARCHES} filter or descendant segment")
    if _REGEX.search(bare):
        raise InvalidQuery(f"{query!r} uses match() or search(), which this host does not evaluate")


def _in_quotes(match: re.Match[str]) -> str:
    name = match["name"]
    if name is None or name.isascii():
        return match[0]
    return f"{match['dots'] if match['dots'] == '..' else ''}['{name}']"


def _parsed(query: str) -> JSONPathQuery:
    """Names beyond ASCII are put in quotes: the engine takes only some of them without, and all of them with."""
    import jsonpath_rfc9535

    return jsonpath_rfc9535.compile(_QUOTED_OR_NAMED.sub(_in_quotes, query))


def is_query(text: str) -> bool:
    """True for an RFC 9535 query, also for one that is too costly to be evaluated here."""
    import jsonpath_rfc9535

    try:
        _parsed(text)
    except (jsonpath_rfc9535.JSONPathError, RecursionError):
        return False
    return True


@lru_cache(maxsize=512)
def _compiled(query: str) -> JSONPathQuery:
    import jsonpath_rfc9535

    _refuse_costly(query)
    try:
        return _parsed(query)
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as error:
        raise InvalidQuery(f"{query!r} is not a JSONPath query: {error}") from None


def _walk(value: Json, names: list[str]) -> list[Json]:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return []
        value = value[name]
    return [value]


def select(query: str, value: Json) -> list[Json]:
    """The nodes that the query selects, at most `MAX_NODES`, in order.

    Raises: `InvalidQuery`.
    """
    if len(query) > MAX_QUERY:
        raise InvalidQuery(f"a JSONPath query may have {MAX_QUERY} characters")
    if plain := _PLAIN.fullmatch(query):
        return _walk(value, plain[1].split(".")[1:])
    import jsonpath_rfc9535

    selected: list[Json] = []
    try:
        for node in _compiled(query).finditer(value):
            found: Json = node.value  # type: ignore[assignment]  # a node of a Json value is one
            selected.append(found)
            if len(selected) == MAX_NODES:
                break
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as error:
        raise InvalidQuery(f"{query!r} cannot be evaluated: {error}") from None
    return selected
