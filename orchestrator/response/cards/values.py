"""What an expression of the card language can be worth. Pure."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Final, Literal, TypeAlias

from runtimes.values import Json, JsonObject


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""The value of a path that leads nowhere; unlike null, which data can hold."""

Missing: TypeAlias = Literal[Absent.ABSENT]


class Ticks(int):
    """A count of 100 nanoseconds since the year 1: a whole number of its own kind, which arithmetic does not take."""


Value: TypeAlias = bool | int | float | str | bytes | Missing | list["Value"] | dict[str, "Value"] | None


def from_json(value: Json) -> Value:
    """The same thing, as a value of the language; nothing is copied."""
    return value  # type: ignore[return-value]  # Json is a subset; containers are not changed through it


_EXACT_BELOW = 2**53
_EXPONENT_FROM = 21
_EXPONENT_TO = -7


def _digits(digits: str, point: int) -> str:
    """The significant digits with the decimal point after the first `point` of them."""
    count = len(digits)
    if _EXPONENT_TO < point - 1 < 0:
        return f"0.{'0' * -point}{digits}"
    if 0 < point <= _EXPONENT_FROM:
        return digits.ljust(point, "0") if count <= point else f"{digits[:point]}.{digits[point:]}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def number_text(number: float) -> str:
    """A number as the language writes it: shortest form, whole numbers without a point, `1e+21`, `NaN`, `Infinity`."""
    if isinstance(number, int) and -_EXACT_BELOW < number < _EXACT_BELOW:
        return str(int(number))
    if number != number:
        return "NaN"
    if abs(number) > sys.float_info.max:
        return "Infinity" if number > 0 else "-Infinity"
    mantissa, _, exponent = f"{abs(float(number))!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + ("" if fraction == "0" else fraction)).lstrip("0")
    if not digits:
        return "0"
    point = len(whole.lstrip("0")) or -(len(fraction) - len(fraction.lstrip("0")))
    return ("-" if number < 0 else "") + _digits(digits.rstrip("0"), point + int(exponent or 0))


def is_number(value: Value) -> bool:
    """True for what arithmetic takes; a boolean is no number, and neither is NaN or a count of ticks."""
    return isinstance(value, int | float) and not isinstance(value, bool | Ticks) and value == value


__all__ = ["ABSENT", "Absent", "JsonObject", "Missing", "Ticks", "Value", "from_json", "is_number", "number_text"]
