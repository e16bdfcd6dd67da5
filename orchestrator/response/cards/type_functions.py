"""Prebuilt functions of the card language that ask what kind a value is of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.response.cards.coercion import whole
from orchestrator.response.cards.function import Function, Kind, Setting
from orchestrator.response.cards.instants import iso_instant
from orchestrator.response.cards.values import Ticks, Value, is_number


def _is_object(value: Value) -> bool:
    """Null and arrays are objects too, as they are in the reference's own language."""
    return value is None or isinstance(value, dict | list | bytes | Ticks)


def _is_integer(value: Value) -> bool:
    return whole(value) is not None


def _is_float(value: Value) -> bool:
    return is_number(value) and whole(value) is None


def _is_date_time(value: Value) -> bool:
    return isinstance(value, str) and iso_instant(value) is not None


def _test(name: str, holds: Callable[[Value], bool]) -> Function:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        del setting
        return holds(arguments[0])

    return Function(name=name, gives=Kind.BOOLEAN, takes=(Kind.ANY,), call=call)


FUNCTIONS: tuple[Function, ...] = (
    _test("isString", lambda value: isinstance(value, str)),
    _test("isInteger", _is_integer),
    _test("isFloat", _is_float),
    _test("isArray", lambda value: isinstance(value, list)),
    _test("isObject", _is_object),
    _test("isBoolean", lambda value: isinstance(value, bool)),
    _test("isDateTime", _is_date_time),
)
