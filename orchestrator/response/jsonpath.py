"""RFC 9535 queries over an answer, bounded: the query comes from a plugin, the answer from an API (spec 9.4.2.1)."""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from orchestrator.response.jsonpath_budget import Budget, BudgetSpent, CostlyQuery, InvalidQuery
from runtimes.values import Json

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathError

    from orchestrator.response.jsonpath_evaluation import Nodes

MAX_QUERY = 1024
"""Characters of a query."""

MAX_NESTING = 32
"""How deep brackets and parentheses of a query may lie in each other; the parser recurses."""

MAX_NODES = 10_000
"""Results of one query; further ones are left out."""

_FIRST = "A-Za-z_\x80-\ud7ff\ue000-\U0010ffff"
_NAME = f"[{_FIRST}][0-9{_FIRST}]*"
"""A name that a query may have without quotes."""

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NUMBER = re.compile(rf"{_QUOTED}|(?<!\w)(?P<number>-?[0-9]+(?:[eE][+-]?[0-9]+)?)(?![\w.])", re.DOTALL)

__all__ = ["MAX_NODES", "MAX_QUERY", "Budget", "CostlyQuery", "InvalidQuery", "check_query", "is_query", "select"]


@cache
def _plain() -> re.Pattern[str]:
    """`$`, `$.a`, `$.a.b`: nearly all queries in real manifests, and 25 times faster by hand.

    As the other, it is compiled when it is wanted: the range of characters in a name takes a while.
    """
    return re.compile(rf"\$((?:\.{_NAME})*)")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(rf"{_QUOTED}|(?P<dots>\.\.?)(?P<name>{_NAME})|(?P<bracket>[\[\](){{}}])", re.DOTALL)


def _refuse_large(query: str) -> None:
    """Raises: `CostlyQuery`."""
    if len(query) > MAX_QUERY:
        raise CostlyQuery(query, f"is longer than the {MAX_QUERY} characters that a JSONPath query may have")
    depth = 0
    for word in _word().finditer(query):
        bracket = word["bracket"] or ""
        depth += (bracket in "[(") * bool(bracket) - (bracket in "])") * bool(bracket)
        if depth > MAX_NESTING:
            raise CostlyQuery(query, f"nests more than {MAX_NESTING} deep", word.start() + 1)


def _written_out(query: str) -> tuple[str, list[tuple[int, int]]]:
    """The query with names beyond ASCII in quotes: the parser takes only some of them without, and all of them with.

    Beside it, the offsets after each such name, in what was written out and in the query.
    """
    if query.isascii():
        return query, []
    text, end = "", 0
    offsets: list[tuple[int, int]] = []
    for word in _word().finditer(query):
        name = word["name"]
        if name is None or name.isascii():
            continue
        dots = ".." if word["dots"] == ".." else ""
        text += f"{query[end : word.start()]}{dots}['{name}']"
        end = word.end()
        offsets.append((len(text), end))
    return text + query[end:], offsets


def _column(error: JSONPathError, length: int, offsets: list[tuple[int, int]]) -> int:
    if error.token is None:
        return 0
    at, shift = error.token.index, 0
    for written_out, original in offsets:
        if at >= written_out:
            shift = original - written_out
    return min(max(at + shift, 0), length) + 1


def _reason(error: JSONPathError) -> str:
    """The parser's own words, without its idea of the place."""
    return str(error.args[0]) if error.args else "it is malformed"


def _too_large_at(query: str) -> int:
    """The column of the first whole number that is larger than any that can be compared; 0 without one."""
    numbers = (word for word in _NUMBER.finditer(query) if word["number"])
    return next((word.start() + 1 for word in numbers if math.isinf(float(word["number"]))), 0)


@lru_cache(maxsize=512)
def _compiled(query: str) -> Nodes:
    """Raises: `InvalidQuery`."""
    import jsonpath_rfc9535

    from orchestrator.response.jsonpath_evaluation import evaluator

    _refuse_large(query)
    text, offsets = _written_out(query)
    try:
        return evaluator(jsonpath_rfc9535.compile(text))
    except jsonpath_rfc9535.JSONPathError as error:
        column = _column(error, len(query), offsets)
        raise InvalidQuery(query, f"is not a JSONPath query: {_reason(error)}", column) from None
    except OverflowError:
        column = _too_large_at(query)
        raise InvalidQuery(query, "is not a JSONPath query: the number is too large", column) from None
    except (RecursionError, ValueError):
        raise InvalidQuery(query, "is not a JSONPath query that can be read") from None


def check_query(query: str) -> None:
    """Raises: `InvalidQuery` for what is no RFC 9535 query, `CostlyQuery` for one that is too large to be evaluated."""
    if not _plain().fullmatch(query) or len(query) > MAX_QUERY:
        _compiled(query)


def is_query(text: str) -> bool:
    """True for an RFC 9535 query, also for one that is too large to be evaluated here."""
    try:
        check_query(text)
    except CostlyQuery:
        return True
    except InvalidQuery:
        return False
    return True


def _walk(value: Json, names: list[str]) -> list[Json]:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return []
        value = value[name]
    return [value]


def select(query: str, value: Json, budget: Budget | None = None) -> list[Json]:
    """The nodes that the query selects, at most `MAX_NODES`, in order.

    Queries that belong together share a budget; else each has one of its own.

    Raises: `InvalidQuery`, and `CostlyQuery` where it takes more than the host spends on one query.
    """
    if (plain := _plain().fullmatch(query)) and len(query) <= MAX_QUERY:
        return _walk(value, plain[1].split(".")[1:])
    from orchestrator.response.jsonpath_evaluation import Evaluation

    nodes, run = _compiled(query), Evaluation(root=value, budget=budget or Budget())
    try:
        with run.budget.running():
            return nodes(value, run)[:MAX_NODES]
    except BudgetSpent as spent:
        raise CostlyQuery(query, str(spent)) from None
