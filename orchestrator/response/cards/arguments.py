"""What prebuilt functions ask of their arguments before they do their work. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.response.cards.coercion import whole
from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.values import ABSENT, Ticks, Value, number_text

_MAX_SHOWN = 40
"""Characters of a text that a message shows."""


def named(value: Value) -> str:
    """A value in a message: its kind, and what it is where that is short."""
    if isinstance(value, str):
        return repr(value if len(value) <= _MAX_SHOWN else value[: _MAX_SHOWN - 1] + "…")
    if value is None or value is ABSENT:
        return "null" if value is None else "missing data"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, bytes):
        return "binary data"
    if isinstance(value, bool):
        return str(value).lower()
    return "a count of ticks" if isinstance(value, Ticks) else f"the number {number_text(value)}"


def text(value: Value) -> str:
    """The text that was given; nothing for missing data. Raises: `NoValue`, also for null."""
    if isinstance(value, str):
        return value
    if value is ABSENT:
        return ""
    raise NoValue(f"{named(value)} is no text")


def exact_text(value: Value) -> str:
    """The text that was given. Raises: `NoValue`, also for missing data."""
    if isinstance(value, str):
        return value
    raise NoValue(f"{named(value)} is no text")


def array(value: Value) -> list[Value]:
    """Raises: `NoValue`."""
    if isinstance(value, list):
        return value
    raise NoValue(f"{named(value)} is no array")


def integer(value: Value) -> int:
    """Raises: `NoValue`."""
    number = whole(value)
    if number is None:
        raise NoValue(f"{named(value)} is no integer")
    return number


def place(value: Value, length: int) -> int:
    """An integer from 0 to that length. Raises: `NoValue`."""
    number = integer(value)
    if 0 <= number <= length:
        return number
    raise NoValue(f"{named(value)} is out of range, which is 0 to {length}")


def at(arguments: Sequence[Value], index: int) -> Value:
    """The argument at that place; missing data where none was given."""
    return arguments[index] if index < len(arguments) else ABSENT
