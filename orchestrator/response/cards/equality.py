"""When values of the card language are the same: as `==` has it, and as searching and sets have it. Pure."""

from __future__ import annotations

import sys
from collections.abc import Hashable

from orchestrator.response.cards.coercion import double
from orchestrator.response.cards.json_text import MAX_NESTING
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import ABSENT, Ticks, Value, is_number

_OBJECT = (dict, bytes, Ticks)
"""What has members, for the reference: bytes have their places, ticks have one."""


def _members(value: Value) -> dict[str, Value] | None:
    if isinstance(value, dict):
        return value
    if isinstance(value, bytes):
        return {str(index): byte for index, byte in enumerate(value)}
    return {"value": str(int(value))} if isinstance(value, Ticks) else None


def _are_exactly_equal(left: Value, right: Value, budget: Budget, depth: int) -> bool:
    """Inside objects null is not the same as missing, and numbers are compared to the last bit."""
    budget.spend()
    if depth > MAX_NESTING:
        raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            _are_exactly_equal(one, other, budget, depth + 1) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, _OBJECT) and isinstance(right, _OBJECT):
        ours, theirs = _members(left) or {}, _members(right) or {}
        return len(ours) == len(theirs) and all(
            name in theirs and _are_exactly_equal(member, theirs[name], budget, depth + 1)
            for name, member in ours.items()
        )
    return identity(left) == identity(right)


def is_equal(left: Value, right: Value, budget: Budget, depth: int = 0) -> bool:
    """What `==` gives: null is missing, arrays and objects are compared by content. Raises: `CardLimit`."""
    budget.spend()
    if depth > MAX_NESTING:
        raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
    if left is None or right is None or left is ABSENT or right is ABSENT:
        return left in (None, ABSENT) and right in (None, ABSENT)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            is_equal(one, other, budget, depth + 1) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, _OBJECT) and isinstance(right, _OBJECT):
        return _are_exactly_equal(left, right, budget, depth)
    if isinstance(left, str) and isinstance(right, str):
        budget.read(min(len(left), len(right)))
        return left == right
    return is_same(left, right) or _are_close(left, right)


def _are_close(left: Value, right: Value) -> bool:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return False
    both = is_number(left) and is_number(right)
    return both and abs(double(left) - double(right)) < sys.float_info.epsilon


def identity(value: Value) -> Hashable:
    """Equal for what a set takes for one: equal scalars of one kind, and the very same array or object."""
    if isinstance(value, bool):
        return (value,)
    if isinstance(value, int | float) and not isinstance(value, Ticks):
        return double(value) if value == value else ("NaN",)
    if isinstance(value, str) or value is None or value is ABSENT:
        return value
    return ("at", id(value))


def is_same(left: Value, right: Value) -> bool:
    """As `identity`, but NaN is nothing, not even itself."""
    is_nan = isinstance(left, float) and left != left
    return not is_nan and identity(left) == identity(right)
