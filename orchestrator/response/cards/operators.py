"""The comparisons of the card language, as operators and by name, and `coalesce`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.response.cards.coercion import double
from orchestrator.response.cards.equality import is_equal
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.utf16 import units
from orchestrator.response.cards.values import ABSENT, Value, is_number

_ANY: Final = Kind.ANY


def _never(_arguments: Sequence[Value]) -> Value:
    """What a comparison is worth when a side of it has no value."""
    return False


def _order(left: Value, right: Value, setting: Setting) -> int:
    if isinstance(left, str) and isinstance(right, str):
        setting.budget.read(min(len(left), len(right)))
        one, other = units(left), units(right)
        return (one > other) - (one < other)
    if isinstance(left, int | float) and isinstance(right, int | float) and is_number(left) and is_number(right):
        return (double(left) > double(right)) - (double(left) < double(right))
    raise NoValue("only two numbers or two texts can be ordered")


def _ordered(holds: Callable[[int], bool]) -> Callable[[Sequence[Value], Setting], Value]:
    """A comparison by what comes first; nothing is before or behind what is not there."""

    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        left, right = arguments
        if left is None or left is ABSENT or right is None or right is ABSENT:
            return False
        return holds(_order(left, right, setting))

    return call


def _equals(arguments: Sequence[Value], setting: Setting) -> Value:
    return is_equal(arguments[0], arguments[1], setting.budget)


def _differs(arguments: Sequence[Value], setting: Setting) -> Value:
    return not is_equal(arguments[0], arguments[1], setting.budget)


def _exists(arguments: Sequence[Value], _setting: Setting) -> Value:
    return arguments[0] is not None and arguments[0] is not ABSENT


def _coalesce(arguments: Sequence[Value], _setting: Setting) -> Value:
    return next((value for value in arguments if value is not None and value is not ABSENT), ABSENT)


def _comparison(name: str, takes: int, call: Callable[[Sequence[Value], Setting], Value]) -> Function:
    return Function(name=name, gives=Kind.BOOLEAN, takes=(_ANY,) * takes, call=call, rescue=_never, compares=True)


FUNCTIONS: Final = (
    _comparison("==", 2, _equals),
    _comparison("!=", 2, _differs),
    _comparison("<", 2, _ordered(lambda order: order < 0)),
    _comparison("<=", 2, _ordered(lambda order: order <= 0)),
    _comparison(">", 2, _ordered(lambda order: order > 0)),
    _comparison(">=", 2, _ordered(lambda order: order >= 0)),
    _comparison("exists", 1, _exists),
    Function(name="coalesce", takes=(_ANY,), rest=_ANY, call=_coalesce),
)
"""All functions of this module."""
