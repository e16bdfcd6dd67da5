"""The prebuilt functions that read, move and write points in time. Pure but for the zone database."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.response.cards.arithmetic import as_float, as_number, is_numeric, whole_of
from orchestrator.response.cards.date_arguments import (
    PATTERN_AND_LOCALE,
    instant_of,
    is_unit,
    later,
    now,
    text_of,
    write,
)
from orchestrator.response.cards.date_patterns import written
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.instants import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Civil,
    civil,
    instant,
    iso_instant,
    moved,
    within,
)
from orchestrator.response.cards.timestamps import parse_timestamp
from orchestrator.response.cards.values import ABSENT, Value

_STRING = Kind.STRING
_NUMBER = Kind.NUMBER
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})0000", re.ASCII)
"""As `convertFromUTC` writes the time of a zone."""


def _century(year: int) -> int:
    """Where a month or year begins, the reference takes the years 0 to 99 for those of the last century."""
    return year + 1900 if 0 <= year <= 99 else year


def _part(read: Callable[[Civil], int]) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], _setting: Setting) -> Value:
        return read(civil(instant_of(arguments[0])))

    return call


def _day_of_year(seen: Civil) -> int:
    days = instant(seen.year, seen.month, seen.day) - instant(_century(seen.year))
    return days // DAY + 1


def _date(arguments: Sequence[Value], setting: Setting) -> Value:
    return written(instant_of(arguments[0]), "M/DD/YYYY", setting.locale)


def _shown(moment: int, unit: int) -> int:
    """What the clock shows of a unit: parts of a unit are cut off after they are added to it."""
    seen = civil(moment)
    return {DAY: seen.day, HOUR: seen.hour, MINUTE: seen.minute}.get(unit, seen.second)


def _adding(unit: int) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        count = arguments[1]
        if not is_numeric(count):
            raise NoValue("expected a number of units to add")
        moment = instant_of(arguments[0])
        shown = _shown(moment, unit)
        beyond = shown + as_float(count)
        later_moment = moved(moment, math.trunc(beyond) - shown, unit) if math.isfinite(beyond) else None
        return write(later_moment, arguments[2:], setting)

    return call


def _add_to_time(arguments: Sequence[Value], setting: Setting) -> Value:
    stamp, count, unit = text_of(arguments[0]), whole_of(arguments[1]), text_of(arguments[2])
    return write(later(instant_of(stamp), count, unit), arguments[3:], setting)


def _unit(value: Value) -> str:
    unit = text_of(value)
    if not is_unit(unit):
        raise NoValue(f"{unit[:40]!r} is no unit of time; there are Second, Minute, Hour, Day, Week, Month and Year")
    return unit


def _subtract_from_time(arguments: Sequence[Value], setting: Setting) -> Value:
    stamp, count, unit = text_of(arguments[0]), whole_of(arguments[1]), _unit(arguments[2])
    return write(later(instant_of(stamp), -count, unit), arguments[3:], setting)


def _from_now(sign: int) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        count, unit = whole_of(arguments[0]), _unit(arguments[1])
        return write(later(now(setting), sign * count, unit), arguments[2:], setting)

    return call


def _utc_now(arguments: Sequence[Value], setting: Setting) -> Value:
    return write(now(setting), arguments, setting)


def _start(begin: Callable[[int], int]) -> Callable[[Sequence[Value], Setting], Value]:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        return write(within(begin(instant_of(arguments[0]))), arguments[1:], setting)

    return call


def _start_of_month(moment: int) -> int:
    seen = civil(moment)
    return instant(_century(seen.year), seen.month)


def _format_date_time(arguments: Sequence[Value], setting: Setting) -> Value:
    stamp = text_of(arguments[0])
    setting.budget.read(len(stamp))
    moment = iso_instant(stamp)
    if moment is None:
        moment = parse_timestamp(stamp)
        if moment is not None and not stamp.endswith("Z"):
            in_utc = parse_timestamp(stamp + "Z")
            moment = moment if in_utc is None else in_utc
    if moment is None:
        raise NoValue(f"{stamp[:80]!r} is no date")
    return write(moment, arguments[1:], setting)


def _format_epoch(arguments: Sequence[Value], setting: Setting) -> Value:
    seconds = arguments[0]
    if not is_numeric(seconds):
        raise NoValue("expected a number of seconds")
    milliseconds = as_float(seconds) * SECOND
    moment = within(math.trunc(milliseconds)) if math.isfinite(milliseconds) else None
    if moment is None:
        raise NoValue("that many seconds are too far away")
    return write(moment, arguments[1:], setting)


def _name_of_time(minutes: int) -> str:
    """What a time of day is called, by its minutes after midnight."""
    if minutes in {0, 12 * 60}:
        return "noon" if minutes else "midnight"
    if minutes < 18 * 60:
        return "morning" if minutes < 12 * 60 else "afternoon"
    return "evening" if minutes <= 22 * 60 else "night"


def _time_of_day(arguments: Sequence[Value], setting: Setting) -> Value:
    stamp = text_of(arguments[0])
    setting.budget.read(len(stamp))
    moment = iso_instant(stamp)
    if moment is None:
        if parse_timestamp(stamp) is None:
            raise NoValue(f"{stamp[:80]!r} is no date")
        local = _LOCAL.fullmatch(stamp)
        moment = iso_instant(f"{local[1]}Z") if local else None
    if moment is None:
        return ABSENT
    return _name_of_time(moment % DAY // MINUTE)


def _difference(arguments: Sequence[Value], _setting: Setting) -> Value:
    return as_number(float((instant_of(arguments[0]) - instant_of(arguments[1])) * 10_000))


def _reader(name: str, read: Callable[[Civil], int]) -> Function:
    return Function(name=name, gives=_NUMBER, takes=(_STRING,), call=_part(read))


def _writer(name: str, takes: tuple[Kind, ...], call: Callable[[Sequence[Value], Setting], Value]) -> Function:
    return Function(name=name, gives=_STRING, takes=takes, may_take=PATTERN_AND_LOCALE, call=call)


FUNCTIONS: Final = (
    _reader("dayOfMonth", lambda seen: seen.day),
    _reader("dayOfWeek", lambda seen: seen.weekday),
    _reader("dayOfYear", _day_of_year),
    _reader("month", lambda seen: seen.month),
    _reader("year", lambda seen: seen.year),
    Function(name="date", gives=_STRING, takes=(_STRING,), call=_date),
    _writer("addDays", (_STRING, _NUMBER), _adding(DAY)),
    _writer("addHours", (_STRING, _NUMBER), _adding(HOUR)),
    _writer("addMinutes", (_STRING, _NUMBER), _adding(MINUTE)),
    _writer("addSeconds", (_STRING, _NUMBER), _adding(SECOND)),
    _writer("addToTime", (_STRING, _NUMBER, _STRING), _add_to_time),
    _writer("subtractFromTime", (_STRING, _NUMBER, _STRING), _subtract_from_time),
    _writer("getFutureTime", (_NUMBER, _STRING), _from_now(1)),
    _writer("getPastTime", (_NUMBER, _STRING), _from_now(-1)),
    _writer("utcNow", (), _utc_now),
    _writer("startOfDay", (_STRING,), _start(lambda moment: moment // DAY * DAY)),
    _writer("startOfHour", (_STRING,), _start(lambda moment: moment // HOUR * HOUR)),
    _writer("startOfMonth", (_STRING,), _start(_start_of_month)),
    _writer("formatDateTime", (_STRING,), _format_date_time),
    _writer("formatEpoch", (_NUMBER,), _format_epoch),
    Function(name="getTimeOfDay", gives=_STRING, takes=(_STRING,), call=_time_of_day),
    Function(name="dateTimeDiff", gives=_NUMBER, takes=(_STRING, _STRING), call=_difference),
)
"""The functions of this module."""
