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

_PLAIN = re.compile(r"\$((?:\.[A-Za-z_][A-Za-z0-9_]*)*)")
"""`$`, `$.a`, `$.a.b`: nearly all queries in real manifests, and 25 times faster by hand."""


class InvalidQuery(ValueError):
    """The text is not an RFC 9535 query."""


def _refuse_costly(query: str) -> None:
    bare = _QUOTED.sub("''", query)
    if len(_SEARCH.findall(bare)) > MAX_SEARCHES:
        raise InvalidQuery(f"{query!r} has more than {MAX_SEARCHES} filter or descendant segment")
    if _REGEX.search(bare):
        raise InvalidQuery(f"{query!r} uses match() or search(), which this host does not evaluate")


@lru_cache(maxsize=512)
def _compiled(query: str) -> JSONPathQuery:
    import jsonpath_rfc9535

    _refuse_costly(query)
    try:
        return jsonpath_rfc9535.compile(query)
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
