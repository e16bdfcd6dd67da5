"""TIMEX expressions: what is known of a date, a time, a range or a duration: `2026-11`, `T16:30`, `PT2H`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from orchestrator.response.cards.arithmetic import as_float, as_number, is_numeric
from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.instants import DAY, civil, instant
from orchestrator.response.cards.values import ABSENT, Value, number_text

Timex: TypeAlias = Mapping[str, Value]
"""What is known, by the reference's names: `year`, `dayOfMonth`, `partOfDay`, `hours`."""

DURATIONS: Final = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
"""The names of parts of durations."""

_DATES = (
    (re.compile(r"(\d\d\d\d)-(\d\d)-(\d\d)", re.ASCII), ("year", "month", "dayOfMonth")),
    (re.compile(r"XXXX-WXX-(\d)", re.ASCII), ("dayOfWeek",)),
    (re.compile(r"XXXX-(\d\d)-(\d\d)", re.ASCII), ("month", "dayOfMonth")),
    (re.compile(r"(\d\d\d\d)", re.ASCII), ("year",)),
    (re.compile(r"(\d\d\d\d)-(\d\d)", re.ASCII), ("year", "month")),
    (re.compile(r"(SP|SU|FA|WI)"), ("season",)),
    (re.compile(r"(\d\d\d\d)-(SP|SU|FA|WI)", re.ASCII), ("year", "season")),
    (re.compile(r"(\d\d\d\d)-W(\d\d)", re.ASCII), ("year", "weekOfYear")),
    (re.compile(r"(\d\d\d\d)-W(\d\d)-(WE)", re.ASCII), ("year", "weekOfYear", "weekend")),
    (re.compile(r"XXXX-(\d\d)", re.ASCII), ("month",)),
    (re.compile(r"XXXX-(\d\d)-W(\d\d)", re.ASCII), ("month", "weekOfMonth")),
    (re.compile(r"XXXX-(\d\d)-WXX-(\d)-(\d)", re.ASCII), ("month", "weekOfMonth", "dayOfWeek")),
)
_TIME = re.compile(r"T(\d\d)(?::(\d\d)(?::(\d\d))?)?", re.ASCII)
_PART_OF_DAY = re.compile(r"T(DT|NI|MO|AF|EV)")
_PERIOD = re.compile(r"P(T)?(\d+|\d*\.\d+)([YMWDHS])", re.ASCII)
_DATE_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}
_TIME_UNITS = {"H": "hours", "M": "minutes", "S": "seconds"}
_SECONDS = (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60, 1)
"""Of each part of a duration, in the order of `DURATIONS`."""

_MONTHS = (
    *("January", "Februrary", "March", "April", "May", "June", "July"),  # as the reference spells them
    *("August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def has(timex: Timex, *names: str) -> bool:
    """True where all of them are known."""
    return all(name in timex and timex[name] is not ABSENT for name in names)


def _date(text: str) -> dict[str, Value]:
    for pattern, names in _DATES:
        if match := pattern.fullmatch(text):
            found = zip(names, match.groups(), strict=True)
            return {name: int(part) if part.isdigit() else part for name, part in found}
    return {}


def _time(text: str) -> dict[str, Value]:
    if part := _PART_OF_DAY.fullmatch(text):
        return {"partOfDay": part[1]}
    if time := _TIME.fullmatch(text):
        return {"hour": int(time[1]), "minute": int(time[2] or 0), "second": int(time[3] or 0)}
    return {}


def _date_and_time(text: str) -> dict[str, Value]:
    date, mark, time = text.partition("T")
    return _date(date) | _time(mark + time) if mark else _date(date)


def _duration(text: str) -> dict[str, Value]:
    match = _PERIOD.fullmatch(text)
    name = (_TIME_UNITS if match[1] else _DATE_UNITS).get(match[3]) if match else None
    return {name: as_number(float(match[2]))} if match and name else {}


def parse_timex(text: str) -> Timex:
    """What a text says; nothing where it is no TIMEX expression."""
    if text == "PRESENT_REF":
        return {"now": True}
    if text.startswith("P"):
        return _duration(text)
    if text.startswith("(") and text.endswith(")"):
        parts = text[1:-1].split(",", 4)
        return _date_and_time(parts[0]) | _duration(parts[2]) if len(parts) == 3 else {}
    return _date_and_time(text)


def is_duration(timex: Timex) -> bool:
    """Any part of a duration is known."""
    return any(has(timex, name) for name in DURATIONS)


def is_time(timex: Timex) -> bool:
    """Hour, minute and second are known."""
    return has(timex, "hour", "minute", "second")


def is_date(timex: Timex) -> bool:
    """A day is known, of a month or of a week."""
    return has(timex, "month", "dayOfMonth") or has(timex, "dayOfWeek")


def is_definite(timex: Timex) -> bool:
    """Year, month and day are known."""
    return has(timex, "year", "month", "dayOfMonth")


def is_date_range(timex: Timex) -> bool:
    """It is a year, a month, a season or a week."""
    is_open = (has(timex, "year") or has(timex, "month")) and not has(timex, "dayOfMonth")
    return is_open or any(has(timex, name) for name in ("season", "weekOfYear", "weekOfMonth"))


def _kinds(timex: Timex) -> set[str]:
    is_now = timex.get("now") is True
    found = {
        "present": is_now,
        "definite": is_definite(timex),
        "date": is_date(timex) or is_now,
        "daterange": is_date_range(timex) or (is_duration(timex) and (is_date(timex) or is_now)),
        "duration": is_duration(timex),
        "time": is_time(timex) or is_now,
        "timerange": has(timex, "partOfDay") or (is_duration(timex) and (is_time(timex) or is_now)),
    }
    kinds = {kind for kind, is_there in found.items() if is_there}
    if kinds >= {"date", "time"}:
        kinds.add("datetime")
    if kinds >= {"datetime", "duration"} or kinds >= {"date", "timerange"}:
        kinds.add("datetimerange")
    return kinds


def _digits(value: Value, size: int) -> str:
    """Raises: `NoValue` for what is no number."""
    if not is_numeric(value):
        raise NoValue("a part of the timex is no number")
    return number_text(as_float(value)).rjust(size, "0")


def date_text(timex: Timex) -> str:
    """`2026-11-21`, `XXXX-11-21`, `XXXX-WXX-6`, or nothing. Raises: `NoValue`."""
    if has(timex, "month", "dayOfMonth"):
        year = _digits(timex["year"], 4) if has(timex, "year") else "XXXX"
        return f"{year}-{_digits(timex['month'], 2)}-{_digits(timex['dayOfMonth'], 2)}"
    return f"XXXX-WXX-{_digits(timex['dayOfWeek'], 1)}" if has(timex, "dayOfWeek") else ""


def time_text(timex: Timex) -> str:
    """`T16`, `T16:30` or `T16:30:05`. Raises: `NoValue`."""
    parts = [_digits(timex.get(name, ABSENT), 2) for name in ("hour", "minute", "second")]
    while len(parts) > 1 and parts[-1] == "00":
        parts.pop()
    return "T" + ":".join(parts)


def _season(timex: Timex) -> str:
    season = timex["season"]
    if not isinstance(season, str):
        raise NoValue("the season of the timex is no text")
    return season


def _year_range_text(timex: Timex) -> str:
    year = _digits(timex["year"], 4)
    if has(timex, "weekOfYear"):
        return f"{year}-W{_digits(timex['weekOfYear'], 2)}{'-WE' if has(timex, 'weekend') else ''}"
    if has(timex, "season"):
        return f"{year}-{_season(timex)}"
    return f"{year}-{_digits(timex['month'], 2)}" if has(timex, "month") else year


def _range_text(timex: Timex) -> str:
    if has(timex, "year"):
        return _year_range_text(timex)
    if has(timex, "season"):
        return _season(timex)
    if not has(timex, "month"):
        return ""
    month = f"XXXX-{_digits(timex['month'], 2)}"
    weeks = [_digits(timex[name], 1) for name in ("weekOfMonth", "dayOfWeek") if has(timex, name)]
    return f"{month}-WXX-{'-'.join(weeks)}" if has(timex, "weekOfMonth") else month


def _duration_text(timex: Timex) -> str:
    for name, unit in zip(DURATIONS, ("Y", "M", "W", "D", "TH", "TM", "TS"), strict=True):
        if has(timex, name):
            return f"P{unit[:-1]}{_digits(timex[name], 1)}{unit[-1]}"
    return ""


def _text(timex: Timex) -> str:
    """The expression for what is known. Raises: `NoValue`."""
    kinds = _kinds(timex)
    if "present" in kinds:
        return "PRESENT_REF"
    if "duration" in kinds and kinds & {"datetimerange", "daterange", "timerange"}:
        start = {name: value for name, value in timex.items() if name not in DURATIONS}
        return f"({_text(start)},,{_duration_text(timex)})"  # nothing asks when it ends
    part_of_day = timex.get("partOfDay", ABSENT)
    part = f"T{part_of_day}" if isinstance(part_of_day, str) else ""
    writers: dict[str, Callable[[], str]] = {
        "datetimerange": lambda: date_text(timex) + part,
        "daterange": lambda: _range_text(timex),
        "timerange": lambda: part,
        "datetime": lambda: date_text(timex) + time_text(timex),
        "duration": lambda: _duration_text(timex),
        "date": lambda: date_text(timex),
        "time": lambda: time_text(timex),
    }
    return next((write() for kind, write in writers.items() if kind in kinds), "")


def _clock(timex: Timex) -> str:
    if not is_time(timex):
        return ""
    return ":".join(_digits(timex[name], 2) for name in ("hour", "minute", "second"))


def _seconds(timex: Timex) -> str:
    for name, seconds in zip(DURATIONS, _SECONDS, strict=True):
        count = timex.get(name, ABSENT)
        if is_numeric(count):
            return number_text(seconds * as_float(count))
    return ""


def _resolved_range(timex: Timex, kinds: set[str]) -> Value:
    """A range has a start and an end, and no value of its own."""
    if kinds & {"datetimerange", "definite"} or "daterange" not in kinds:
        return ABSENT
    if has(timex, "season"):
        return "not resolved"
    if has(timex, "year"):
        return ABSENT
    raise NoValue("which year the timex means depends on the day it is read on")


def resolve(timex: Timex) -> Value:
    """The date, time or number of seconds that is meant; absent for a range. Raises: `NoValue`."""
    if not _kinds(timex):
        raise NoValue("the timex says nothing")
    known = parse_timex(_text(timex))
    kinds = _kinds(known)
    if "present" in kinds:
        return "undefined "
    if kinds & {"datetimerange", "daterange", "timerange"}:
        return _resolved_range(known, kinds)
    if "definite" in kinds:
        return f"{date_text(known)} {_clock(known)}" if "time" in kinds else date_text(known)
    if "date" in kinds:
        raise NoValue("which date the timex means depends on the day it is read on")
    if "duration" in kinds:
        return _seconds(known)
    if "time" in kinds:
        return _clock(known)
    raise NoValue("the timex says nothing")


def spoken(day: int, today: int) -> str:
    """A day in words, as people say it today: `tomorrow`, `next Friday`, `21st November 2026`.

    Both in milliseconds since 1970.
    """
    day, today = day // DAY, today // DAY
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(day - today)
    if near:
        return near
    seen = civil(day * DAY)
    sunday = today - civil(today * DAY).weekday
    which = {0: "this", 1: "next", -1: "last"}.get((day - sunday) // 7)
    if which:
        return f"{which} {_WEEKDAYS[seen.weekday]}"
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(seen.day % 10, "th")
    return f"{seen.day}{suffix} {_MONTHS[seen.month - 1]} {seen.year}"


def dated(year: int, month: int, day: int) -> str:
    """The expression for a definite date; one beyond its month counts on."""
    seen = civil(instant(year, month, day))
    return f"{seen.year:04}-{seen.month:02}-{seen.day:02}"
