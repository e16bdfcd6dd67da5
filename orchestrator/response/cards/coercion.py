"""What the card language takes a value for where it wants text or a number: the rules are those of ECMAScript. Pure."""

from __future__ import annotations

import math
import re

from orchestrator.response.cards.json_text import MAX_NESTING, json_text
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.utf16 import WHITE_SPACE, units
from orchestrator.response.cards.values import ABSENT, Ticks, Value, number_text

_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)")
_WHOLE = re.compile(r"[+-]?[0-9]++")
_RADIX = re.compile(r"0(?:[xX](?P<x>[0-9a-fA-F]++)|[oO](?P<o>[0-7]++)|[bB](?P<b>[01]++))")
_RADICES = {"x": 16, "o": 8, "b": 2}

_EXACT_BELOW = 2**53
"""Up to here every integer is a double."""

MAX_DIGITS = 4000
"""Digits of an integer that are read exactly; one with more is beyond every double."""


def double(number: float) -> float:
    """The number as the language has it: no integer is more exact than a double, or larger."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def whole(value: Value) -> int | None:
    """The integer that a value is, also `2.0`; None for everything else."""
    if isinstance(value, bool | Ticks):
        return None
    if isinstance(value, int) and abs(value) <= _EXACT_BELOW:
        return value
    number = double(value) if isinstance(value, int | float) else math.nan
    return int(number) if number.is_integer() else None


def leading_number(text: str) -> float:
    """The decimal number that a text starts with; NaN where it starts with none."""
    match = _DECIMAL.match(text.lstrip(WHITE_SPACE))
    return float(match[0].replace("Infinity", "inf")) if match else math.nan


def leading_integer(text: str) -> float:
    """The digits that a text starts with, as a double; NaN where it starts with none."""
    match = _WHOLE.match(text.lstrip(WHITE_SPACE))
    return float(match[0]) if match else math.nan


def _number_of_text(text: str) -> float:
    text = text.strip(WHITE_SPACE)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text.replace("Infinity", "inf"))
    match = _RADIX.fullmatch(text)
    if match is None or match.lastgroup is None or len(text) > MAX_DIGITS:
        return math.nan
    return double(int(match[match.lastgroup], _RADICES[match.lastgroup]))


def script_text(value: Value, budget: Budget, depth: int = 0) -> str:
    """A value as sorting, joining and `+` of the reference's own language write it. Raises: `CardLimit`."""
    if depth > MAX_NESTING:
        raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
    budget.spend()
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = ["" if item is None or item is ABSENT else script_text(item, budget, depth + 1) for item in value]
        budget.make(len(texts) + sum(map(len, texts)))
        return ",".join(texts)
    if isinstance(value, bytes):
        budget.make(4 * len(value))
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return "[object Object]"
    if value is None or value is ABSENT:
        return "null" if value is None else "undefined"
    return _scalar_text(value)


def _scalar_text(value: float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, Ticks) else number_text(value)


def text_of(value: Value, budget: Budget) -> str:
    """A value within text: nothing for null and missing data, JSON for objects and arrays. Raises: `CardLimit`."""
    if isinstance(value, str):
        return value
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, dict | list | bytes):
        return json_text(value, budget)
    return _scalar_text(value)


def _primitive(value: Value, budget: Budget) -> str | float:
    if isinstance(value, str):
        return units(value)
    if value is ABSENT:
        return math.nan
    if value is None:
        return 0.0
    return units(script_text(value, budget)) if isinstance(value, dict | list | bytes) else double(value)


def script_number(value: Value, budget: Budget) -> float:
    """What the reference's own language counts with; NaN for what is no number to it. Raises: `CardLimit`."""
    primitive = _primitive(value, budget)
    return _number_of_text(primitive) if isinstance(primitive, str) else primitive


def compared(left: Value, right: Value, budget: Budget) -> int | None:
    """-1, 0 or 1: what comes first; None for what has no order, such as a number and a word. Raises: `CardLimit`."""
    budget.spend()
    first, second = _primitive(left, budget), _primitive(right, budget)
    if isinstance(first, str) and isinstance(second, str):
        budget.read(min(len(first), len(second)))
        return (first > second) - (first < second)
    one = _number_of_text(first) if isinstance(first, str) else first
    other = _number_of_text(second) if isinstance(second, str) else second
    return None if one != one or other != other else (one > other) - (one < other)


def order(left: Value, right: Value, budget: Budget) -> int:
    """As `compared`, for sorting: 0 for what has no order. Raises: `CardLimit`."""
    return compared(left, right, budget) or 0
