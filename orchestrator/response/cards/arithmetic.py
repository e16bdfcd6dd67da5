"""Numbers as the reference counts: 64-bit floating point, whole numbers kept as integers. Pure."""

from __future__ import annotations

import math
from typing import Final, TypeAlias, TypeGuard

from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.values import Value, is_number

Number: TypeAlias = int | float

EXACT: Final = 2**53
"""The integers up to here are the same as 64-bit floating point numbers."""


def is_numeric(value: Value) -> TypeGuard[Number]:
    """True for what arithmetic takes, and tells the type checker so."""
    return is_number(value)


def as_float(number: Number) -> float:
    """The nearest number that floating point has; beyond its range it is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_whole(value: Value) -> TypeGuard[Number]:
    """True for a number without a fraction, `2.0` included."""
    return is_numeric(value) and as_float(value).is_integer()


def as_number(number: float) -> Number:
    """The same number, as an integer where it is one that floating point has exactly; there is no negative zero."""
    if -EXACT <= number <= EXACT and number.is_integer():
        return int(number)
    return number


def numbers_of(value: Value) -> list[Number]:
    """The elements of an array that holds nothing but numbers. Raises: `NoValue`."""
    if not isinstance(value, list):
        raise NoValue("expected an array of numbers")
    numbers = [element for element in value if is_numeric(element)]
    if len(numbers) != len(value):
        raise NoValue("expected an array of numbers, but an element is none")
    return numbers


def number_of(value: Value) -> Number:
    """Raises: `NoValue` for what is no number."""
    if not is_numeric(value):
        raise NoValue("expected a number")
    return value


def whole_of(value: Value) -> int:
    """Raises: `NoValue` for what is no number, or has a fraction."""
    if not is_whole(value):
        raise NoValue("expected a whole number")
    return int(as_float(value))


def nearest(number: float) -> float:
    """Rounded to a whole number; halves go up, towards positive infinity."""
    if not math.isfinite(number):
        return number
    below = math.floor(number)
    return float(below + 1 if number - below >= 0.5 else below)


def power(base: float, exponent: float) -> float:
    """Never raises: what has no result is NaN, what is too large is infinite."""
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan
    is_odd = exponent.is_integer() and exponent % 2 == 1 if math.isfinite(exponent) else False
    sign = -1.0 if is_odd and math.copysign(1, base) < 0 else 1.0
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return sign * math.inf
    except ValueError:
        return sign * math.inf if base == 0 else math.nan


def rounded(number: Number, digits: Number) -> float:
    """Rounded to so many digits behind the point, 0 or more, as decimals of 64-bit floating point come out."""
    value, scale = as_float(number), power(10.0, as_float(digits))
    return nearest(value * scale) / scale
