"""The prebuilt functions for numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Final

from orchestrator.response.cards.arithmetic import (
    EXACT,
    Number,
    as_float,
    as_number,
    is_numeric,
    is_whole,
    nearest,
    number_of,
    numbers_of,
    power,
    rounded,
    whole_of,
)
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.number_formats import format_number
from orchestrator.response.cards.values import ABSENT, Value, number_text

MAX_DIGITS: Final = 15
"""Digits behind the point that `round` takes."""

MAX_ELEMENTS: Final = 2**32 - 1
"""Elements that an array of the reference has at most; what one expansion may make is less."""

_NUMBER = Kind.NUMBER
_NUMBER_OR_TEXT = Kind.NUMBER | Kind.STRING


def _sum_of_two(left: Number, right: Number) -> Number:
    both = left + right if isinstance(left, int) and isinstance(right, int) else None
    return both if both is not None and -EXACT <= both <= EXACT else as_number(as_float(left) + as_float(right))


def _product(left: Number, right: Number) -> Number:
    return as_number(as_float(left) * as_float(right))


def _quotient(left: Number, right: Number) -> Number:
    result = as_float(left) / as_float(right)
    is_floored = is_whole(left) and is_whole(right) and math.isfinite(result)
    return as_number(float(math.floor(result)) if is_floored else result)


def _text(operand: Value) -> str:
    if isinstance(operand, int | float):
        return number_text(as_float(operand))
    return operand if isinstance(operand, str) else ""


def _added(left: Value, right: Value, setting: Setting) -> Value:
    if is_numeric(left) and is_numeric(right):
        return _sum_of_two(left, right)
    if (left is ABSENT and is_numeric(right)) or (right is ABSENT and is_numeric(left)):
        raise NoValue("cannot add a number and nothing")
    before, after = _text(left), _text(right)
    setting.budget.make(len(before) + len(after))
    return before + after


def add(arguments: Sequence[Value], setting: Setting) -> Value:
    """Sums numbers, joins texts; what is missing counts as empty text beside text."""
    for operand in arguments:
        if operand is not ABSENT and not isinstance(operand, str) and not is_numeric(operand):
            raise NoValue("expected a number or text")
    setting.budget.spend(len(arguments))
    return reduce(lambda left, right: _added(left, right, setting), arguments)


def _folded(two: Callable[[Number, Number], Number]) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        setting.budget.spend(len(arguments))
        return reduce(two, [number_of(argument) for argument in arguments])

    return call


def _difference(left: Number, right: Number) -> Number:
    return _sum_of_two(left, -right)


subtract = _folded(_difference)
multiply = _folded(_product)


def divide(arguments: Sequence[Value], setting: Setting) -> Value:
    """Whole numbers give a whole number, rounded down. Raises: `NoValue` when a divisor is 0."""
    setting.budget.spend(len(arguments))
    numbers = [number_of(argument) for argument in arguments]
    if not all(numbers[1:]):
        raise NoValue("cannot divide by 0")
    return reduce(_quotient, numbers)


def _base(value: Value) -> float:
    """A number; an array with one element stands for it."""
    if is_numeric(value):
        return as_float(value)
    numbers = numbers_of(value)
    return as_float(numbers[0]) if len(numbers) == 1 else math.nan if numbers else 0.0


def raise_to_power(arguments: Sequence[Value], setting: Setting) -> Value:
    """`a ^ b`; further exponents are applied to the result."""
    setting.budget.spend(len(arguments))
    setting.budget.spend(sum(len(argument) for argument in arguments if isinstance(argument, list)))
    return as_number(reduce(power, [_base(argument) for argument in arguments]))


def modulo(arguments: Sequence[Value], _setting: Setting) -> Value:
    """The remainder, with the sign of the dividend. Raises: `NoValue` when the divisor is 0."""
    dividend, divisor = whole_of(arguments[0]), whole_of(arguments[1])
    if divisor == 0:
        raise NoValue("cannot take the remainder of a division by 0")
    return as_number(math.fmod(dividend, divisor))


def _spread(arguments: Sequence[Value], setting: Setting) -> list[float]:
    numbers: list[float] = []
    for argument in arguments:
        found = numbers_of(argument) if isinstance(argument, list) else [number_of(argument)]
        setting.budget.spend(1 + len(found))
        numbers.extend(map(as_float, found))
    return numbers


def _min(arguments: Sequence[Value], setting: Setting) -> Value:
    return as_number(min(_spread(arguments, setting), default=math.inf))


def _max(arguments: Sequence[Value], setting: Setting) -> Value:
    return as_number(max(_spread(arguments, setting), default=-math.inf))


def _total(value: Value, setting: Setting) -> tuple[Number, int]:
    numbers = numbers_of(value)
    if not numbers:
        raise NoValue("an empty array has no sum")
    setting.budget.spend(len(numbers))
    return reduce(_sum_of_two, numbers), len(numbers)


def _sum(arguments: Sequence[Value], setting: Setting) -> Value:
    return _total(arguments[0], setting)[0]


def _average(arguments: Sequence[Value], setting: Setting) -> Value:
    total, count = _total(arguments[0], setting)
    return as_number(as_float(total) / count)


def _range(arguments: Sequence[Value], setting: Setting) -> Value:
    start, count = whole_of(arguments[0]), whole_of(arguments[1])
    if count <= 0:
        raise NoValue("a range has one element at least")
    if count > MAX_ELEMENTS:
        raise NoValue(f"a range has at most {MAX_ELEMENTS} elements")
    setting.budget.make(count)
    setting.budget.spend(count)
    if abs(start) + count <= EXACT:
        return list(range(start, start + count))
    return [as_number(float(start) + step) for step in range(count)]


def _transformed(transform: Callable[[float], float]) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], _setting: Setting) -> Value:
        return as_number(transform(as_float(number_of(arguments[0]))))

    return call


def _floor(number: float) -> float:
    return float(math.floor(number)) if math.isfinite(number) else number


def _ceiling(number: float) -> float:
    return float(math.ceil(number)) if math.isfinite(number) else number


def _round(arguments: Sequence[Value], _setting: Setting) -> Value:
    number = number_of(arguments[0])
    if len(arguments) == 1:
        return as_number(nearest(as_float(number)))
    digits = whole_of(number_of(arguments[1]))
    if not 0 <= digits <= MAX_DIGITS:
        raise NoValue(f"a number is rounded to 0 to {MAX_DIGITS} digits")
    return as_number(rounded(number, digits))


def _sqrt(number: float) -> float:
    if number < 0:
        raise NoValue("a negative number has no square root")
    return math.sqrt(number)


def _rand(arguments: Sequence[Value], setting: Setting) -> Value:
    low, high = whole_of(arguments[0]), whole_of(arguments[1])
    if low > high:
        raise NoValue("the least random number is above the greatest")
    return as_number(float(math.floor(low + setting.random.random() * (high - low))))


def _format_number(arguments: Sequence[Value], setting: Setting) -> Value:
    number, precision = number_of(arguments[0]), number_of(arguments[1])
    named = arguments[2] if len(arguments) == 3 else ABSENT
    if not is_whole(precision) or not 0 <= precision < 1e21:
        raise NoValue("the precision of a number is a whole number of digits, 0 or more")
    return format_number(number, precision, named if isinstance(named, str) else setting.locale)


def _number(name: str, transform: Callable[[float], float]) -> Function:
    return Function(name=name, gives=_NUMBER, takes=(_NUMBER,), call=_transformed(transform))


def _many(name: str, call: Callable[[Sequence[Value], Setting], Value]) -> Function:
    return Function(name=name, gives=_NUMBER, takes=(_NUMBER, _NUMBER), rest=_NUMBER, call=call)


FUNCTIONS: Final = (
    Function(name="+", gives=_NUMBER_OR_TEXT, takes=(_NUMBER_OR_TEXT, _NUMBER_OR_TEXT), rest=_NUMBER_OR_TEXT, call=add),
    _many("-", subtract),
    _many("*", multiply),
    _many("/", divide),
    _many("^", raise_to_power),
    Function(name="%", gives=_NUMBER, takes=(_NUMBER, _NUMBER), call=modulo),
    Function(name="min", gives=_NUMBER, takes=(Kind.ANY,), rest=Kind.ANY, call=_min),
    Function(name="max", gives=_NUMBER, takes=(Kind.ANY,), rest=Kind.ANY, call=_max),
    Function(name="sum", gives=_NUMBER, takes=(Kind.ARRAY,), call=_sum),
    Function(name="average", gives=_NUMBER, takes=(Kind.ANY,), call=_average),
    Function(name="range", gives=Kind.ARRAY, takes=(_NUMBER, _NUMBER), call=_range),
    _number("floor", _floor),
    _number("ceiling", _ceiling),
    _number("abs", abs),
    _number("sqrt", _sqrt),
    Function(name="round", gives=_NUMBER, takes=(_NUMBER,), may_take=(_NUMBER,), call=_round),
    Function(name="rand", gives=_NUMBER, takes=(_NUMBER, _NUMBER), call=_rand),
    Function(
        name="formatNumber",
        gives=Kind.STRING,
        takes=(_NUMBER, _NUMBER),
        may_take=(Kind.STRING,),
        call=_format_number,
    ),
)
"""The functions of this module; those that are operators too under the names of the operators."""
