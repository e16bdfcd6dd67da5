"""Values of the card language as JSON values, each counted. Pure."""

from __future__ import annotations

import math

from orchestrator.response.cards.json_text import MAX_NESTING
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import ABSENT, Missing, Ticks, Value
from runtimes.values import Json


def to_json(value: Value, budget: Budget, depth: int = 0) -> Json:
    """A copy that holds JSON only: what is missing is null in an array and left out of an object.

    Raises: `CardLimit`.
    """
    if isinstance(value, str):
        budget.make(len(value))
        return value
    if isinstance(value, dict | list | bytes):
        if depth > MAX_NESTING:
            raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
        budget.make(1 + len(value))
        budget.spend(len(value))
        return _container(value, budget, depth + 1)
    return _scalar(value)


def _scalar(value: bool | float | Missing | None) -> Json:
    if isinstance(value, Ticks):
        return str(int(value))
    if value is ABSENT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _container(value: dict[str, Value] | list[Value] | bytes, budget: Budget, depth: int) -> Json:
    if isinstance(value, list):
        return [to_json(item, budget, depth) for item in value]
    if isinstance(value, bytes):
        return {str(index): byte for index, byte in enumerate(value)}
    return {name: to_json(item, budget, depth) for name, item in value.items() if item is not ABSENT}
