"""How values compare in a filter of an RFC 9535 query (2.3.5.2.2). Pure.

It does not recurse over what it compares, and pays for every step.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from orchestrator.response.jsonpath_budget import Budget
from runtimes.values import Json


class _Nothing(Enum):
    NOTHING = auto()


NOTHING: Literal[_Nothing.NOTHING] = _Nothing.NOTHING
"""The special result of RFC 9535, 2.4.1: no value, not even null."""

Value = Json | Literal[_Nothing.NOTHING]


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _pairs(left: Json, right: Json) -> list[tuple[Json, Json]] | None:
    """What has to be equal for these two to be so; None when they differ whatever is in them."""
    if isinstance(left, dict) and isinstance(right, dict):
        return [(left[name], right[name]) for name in left] if left.keys() == right.keys() else None
    if isinstance(left, list) and isinstance(right, list):
        return list(zip(left, right, strict=True)) if len(left) == len(right) else None
    if _is_number(left) and _is_number(right):
        return [] if left == right else None
    return [] if type(left) is type(right) and left == right else None


def _equal(left: Value, right: Value, budget: Budget) -> bool:
    """RFC 9535, 2.3.5.2.2: by value and kind; numbers by what they are worth, `true` is not 1."""
    budget.spend(1)
    if left is NOTHING or right is NOTHING:
        return left is right
    waiting = [(left, right)]
    while waiting:
        inner = _pairs(*waiting.pop())
        if inner is None:
            return False
        budget.spend(len(inner))
        waiting.extend(inner)
    return True


def _less(left: Value, right: Value, budget: Budget) -> bool:
    """Only numbers and texts have an order."""
    budget.spend(1)
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return isinstance(left, (int, float)) and isinstance(right, (int, float)) and left < right


COMPARISONS: dict[str, Callable[[Value, Value, Budget], bool]] = {
    "==": _equal,
    "!=": lambda left, right, budget: not _equal(left, right, budget),
    "<": _less,
    ">": lambda left, right, budget: _less(right, left, budget),
    "<=": lambda left, right, budget: _less(left, right, budget) or _equal(left, right, budget),
    ">=": lambda left, right, budget: _less(right, left, budget) or _equal(left, right, budget),
}
"""The operators by how they are written; each raises `BudgetSpent`."""
