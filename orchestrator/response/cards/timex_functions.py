"""The prebuilt functions for TIMEX expressions. Pure but for the zone database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.response.cards.arithmetic import is_whole
from orchestrator.response.cards.date_arguments import instant_of, now
from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.instants import Civil, civil
from orchestrator.response.cards.time_zones import offset_at, time_zone
from orchestrator.response.cards.timex import (
    Timex,
    dated,
    has,
    is_date,
    is_date_range,
    is_definite,
    is_duration,
    is_time,
    parse_timex,
    resolve,
    spoken,
    time_text,
)
from orchestrator.response.cards.values import Value

MAX_TIMEX_CHARS: Final = 200
"""Characters of a text that can be a TIMEX expression; a longer one says nothing."""

_COMPUTED = frozenset({"types", "timex"})
_OPEN_HOUR = re.compile(r"TXX:[0-5][0-9]:[0-5][0-9]")


def _timex_of(value: Value) -> Timex:
    """What an expression says, or an object whose members are named as its parts. Raises: `NoValue`, `Crash`."""
    if isinstance(value, str):
        return parse_timex(value) if len(value) <= MAX_TIMEX_CHARS else {}
    if isinstance(value, dict) and value:
        if not value.keys().isdisjoint(_COMPUTED):
            raise Crash("a timex computes its 'types' and its 'timex'; they cannot be given")
        return {"minute": 0, "second": 0} | value if has(value, "hour") else value
    if isinstance(value, list) and value:
        return {}
    raise NoValue("expected a timex such as 'XXXX-10-31'")


def _test(name: str, is_so: Callable[[Timex], bool]) -> Function:
    def call(arguments: Sequence[Value], _setting: Setting) -> Value:
        return is_so(_timex_of(arguments[0]))

    return Function(name=name, gives=Kind.BOOLEAN, takes=(Kind.ANY,), call=call)


def _resolve(arguments: Sequence[Value], _setting: Setting) -> Value:
    return resolve(_timex_of(arguments[0]))


def _date_read_back(arguments: Sequence[Value], _setting: Setting) -> Value:
    return spoken(instant_of(arguments[1]), instant_of(arguments[0]))


def _clock_now(arguments: Sequence[Value], setting: Setting) -> Civil:
    """What calendar and clock show now, in the zone that the second argument names."""
    moment = now(setting)
    zone = arguments[1] if len(arguments) == 2 else None
    return civil(moment + offset_at(moment, time_zone(zone)) if isinstance(zone, str) else moment)


def _open_date(value: Value) -> tuple[int, int]:
    """The month and the day of an expression that names no year. Raises: `NoValue`."""
    timex = _timex_of(value)
    month, day = timex.get("month"), timex.get("dayOfMonth")
    if timex.get("year") or not month or not day or not is_whole(month) or not is_whole(day):
        raise NoValue("expected a timex of a month and a day only, such as 'XXXX-10-31'")
    return int(month), int(day)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _viable_date(step: int) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        month, day = _open_date(arguments[0])
        seen = _clock_now(arguments, setting)
        is_ahead = (month, day) >= (seen.month, seen.day)
        year = seen.year if is_ahead == (step > 0) else seen.year + step
        while (month, day) == (2, 29) and not _is_leap(year):
            year += step
        return dated(year, month, day)

    return call


def _viable_time(step: int) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        text = arguments[0]
        if not isinstance(text, str) or len(text) > MAX_TIMEX_CHARS or not _OPEN_HOUR.search(text):
            raise NoValue("expected a timex of minutes and seconds only, such as 'TXX:15:28'")
        timex = parse_timex(text.replace("XX", "00", 1))
        minute, second = timex.get("minute"), timex.get("second")
        if not isinstance(minute, int) or not isinstance(second, int):
            raise Crash(f"{text!r} is no timex, although it has an open hour in it")
        seen = _clock_now(arguments, setting)
        is_ahead = (minute, second) >= (seen.minute, seen.second)
        hour = seen.hour if is_ahead == (step > 0) else seen.hour + step
        return time_text({"hour": hour % 24, "minute": minute, "second": second})

    return call


def _viable(name: str, call: Callable[[Sequence[Value], Setting], Value]) -> Function:
    return Function(name=name, gives=Kind.STRING, takes=(Kind.STRING,), may_take=(Kind.STRING,), call=call)


FUNCTIONS: Final = (
    _test("isDefinite", is_definite),
    _test("isTime", is_time),
    _test("isDuration", is_duration),
    _test("isDate", is_date),
    _test("isTimeRange", lambda timex: has(timex, "partOfDay")),
    _test("isDateRange", is_date_range),
    _test("isPresent", lambda timex: has(timex, "now")),
    Function(name="resolve", gives=Kind.STRING, takes=(Kind.ANY,), call=_resolve),
    Function(name="dateReadBack", gives=Kind.STRING, takes=(Kind.STRING, Kind.STRING), call=_date_read_back),
    _viable("getNextViableDate", _viable_date(1)),
    _viable("getPreviousViableDate", _viable_date(-1)),
    _viable("getNextViableTime", _viable_time(1)),
    _viable("getPreviousViableTime", _viable_time(-1)),
)
"""The functions of this module."""
