"""The prebuilt functions for ticks, which count 100 nanoseconds since the year 1. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.response.cards.arithmetic import EXACT, as_float, as_number, is_numeric, is_whole
from orchestrator.response.cards.date_arguments import PATTERN_AND_LOCALE, instant_of, write
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.instants import within
from orchestrator.response.cards.values import Ticks, Value

MAX_TICK_CHARS: Final = 400
"""Characters of a text that is read as a count of ticks."""

_BEFORE_1970: Final = 621_355_968_000_000_000
_PER_MILLISECOND: Final = 10_000
_PER_MINUTE: Final = 60 * 1_000 * _PER_MILLISECOND
_WHOLE = re.compile(r"\s*(?:([+-]?\d+)(?:\.0*)?|([+-]?)\.0+)\s*", re.ASCII)
_WITH_EXPONENT = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?[eE]\+?(\d{1,3})\s*", re.ASCII)
_LARGE = re.compile(r"-?(?:\d+|\d*(?:\.\d*)?[eE]\+?\d+)", re.ASCII)
"""How a number is written that floating point does not have exactly."""

_OTHER_BASE = re.compile(r"\s*0(?:x([0-9a-f]+)|o([0-7]+)|b([01]+))\s*", re.ASCII | re.IGNORECASE)


def _read(text: str) -> int | None:
    """The whole number that a text is; empty text is 0."""
    if len(text) > MAX_TICK_CHARS:
        return None
    if not text.strip():
        return 0
    if whole := _WHOLE.fullmatch(text):
        return int(whole[1] or 0)
    if other := _OTHER_BASE.fullmatch(text):
        return int(other[1] or other[2] or other[3], 16 if other[1] else 8 if other[2] else 2)
    if not (match := _WITH_EXPONENT.fullmatch(text)) or not (match[2] or match[3]):
        return None
    fraction = (match[3] or "").rstrip("0")
    zeros = int(match[4]) - len(fraction)
    if zeros < 0:
        return None
    return int(f"{match[1]}{match[2]}{fraction}{'0' * zeros}")


def _ticks_of(value: Value) -> int:
    if isinstance(value, Ticks):
        return value
    if isinstance(value, str):
        ticks = _read(value)
        ticks = None if ticks is not None and abs(ticks) >= EXACT and not _LARGE.fullmatch(value) else ticks
    else:
        ticks = int(as_float(value)) if is_numeric(value) and is_whole(value) else None
    if ticks is None:
        raise NoValue("expected a whole number of ticks, or text that is one")
    return ticks


def _ticks(arguments: Sequence[Value], _setting: Setting) -> Value:
    return Ticks(_BEFORE_1970 + instant_of(arguments[0]) * _PER_MILLISECOND)


def _format_ticks(arguments: Sequence[Value], setting: Setting) -> Value:
    since = _ticks_of(arguments[0]) - _BEFORE_1970
    milliseconds = abs(since) // _PER_MILLISECOND
    moment = within(milliseconds if since >= 0 else -milliseconds)
    if moment is None:
        raise NoValue("that many ticks are too far away")
    return write(moment, arguments[1:], setting)


def _ticks_to(per_unit: int) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], _setting: Setting) -> Value:
        ticks = arguments[0]
        if not isinstance(ticks, Ticks) and not is_whole(ticks):
            raise NoValue("expected a whole number of ticks")
        return as_number(as_float(ticks) / per_unit)

    return call


def _converter(name: str, per_unit: int) -> Function:
    return Function(name=name, gives=Kind.NUMBER, takes=(Kind.NUMBER,), call=_ticks_to(per_unit))


FUNCTIONS: Final = (
    Function(name="ticks", gives=Kind.NUMBER, takes=(Kind.STRING,), call=_ticks),
    Function(
        name="formatTicks", gives=Kind.STRING, takes=(Kind.NUMBER,), may_take=PATTERN_AND_LOCALE, call=_format_ticks
    ),
    _converter("ticksToDays", 24 * 60 * _PER_MINUTE),
    _converter("ticksToHours", 60 * _PER_MINUTE),
    _converter("ticksToMinutes", _PER_MINUTE),
)
"""The functions of this module."""
