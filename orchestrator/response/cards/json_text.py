"""Values of the card language as JSON text, written as the reference writes it. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import ABSENT, Missing, Ticks, Value, number_text

MAX_NESTING = 160
"""Containers inside each other that are walked: data, and what a template wraps around it."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_MAX_INDEX = 2**32 - 2
"""The largest name of a member that is read as a number."""

_STRING = json.JSONEncoder(ensure_ascii=False)
_HALF = re.compile("[\ud800-\udfff]")


def is_index(name: str) -> bool:
    """True for the name of an array's element, as an object may have it too."""
    return name[:1].isdigit() and _INDEX.fullmatch(name) is not None and int(name) <= _MAX_INDEX


def members(container: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The members in the order of the language: names that are numbers first, rising, then the others as they came."""
    numbered = [name for name in container if is_index(name)]
    if not numbered:
        return list(container.items())
    numbered.sort(key=int)
    return [(name, container[name]) for name in [*numbered, *(key for key in container if not is_index(key))]]


def _quoted(text: str) -> str:
    quoted = _STRING.encode(text)
    return quoted if quoted.isascii() else _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", quoted)


def _scalar(value: bool | int | float | str | Missing | None) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Ticks):
        return f'"{int(value)}"'
    if isinstance(value, int | float) and math.isfinite(value):
        return number_text(value)
    return "null"


def _write(value: Value, pieces: list[str], budget: Budget, depth: int) -> None:
    if depth > MAX_NESTING:
        raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
    if isinstance(value, bytes):
        budget.make(8 * len(value))
        value = {str(index): byte for index, byte in enumerate(value)}
    if isinstance(value, dict):
        opening = "{"
        for name, member in members(value):
            if member is not ABSENT:
                pieces.append(f"{opening}{_quoted(name)}:")
                budget.make(len(name) + 4)
                _write(member, pieces, budget, depth + 1)
                opening = ","
        pieces.append("}" if opening == "," else "{}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            pieces.append("," if index else "[")
            _write(element, pieces, budget, depth + 1)
        pieces.append("]" if value else "[]")
    else:
        text = _scalar(value)
        budget.make(len(text) + 1)
        pieces.append(text)


def json_text(value: Value, budget: Budget) -> str:
    """Compact JSON; what JSON cannot say is null, and left out of objects. Raises: `CardLimit`."""
    pieces: list[str] = []
    _write(value, pieces, budget, 0)
    return "".join(pieces)
