"""Points in time as milliseconds since 1970, and the calendar around them, below year 1 and above 9999 too. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from orchestrator.response.cards.arithmetic import Number, as_float

LATEST: Final = 8_640_000_000_000_000
"""Milliseconds from 1970 to the last point in time there is; the first is as far in the past."""

SECOND: Final = 1_000
"""Milliseconds."""

MINUTE: Final = 60 * SECOND
"""Milliseconds."""

HOUR: Final = 60 * MINUTE
"""Milliseconds."""

DAY: Final = 24 * HOUR
"""Milliseconds."""

_DAYS_OF_ERA = 146_097
"""Days in 400 years."""

_DAYS_BEFORE_1970 = 719_468
"""Days from March 1 of the year 0."""

_ISO = re.compile(
    r"(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d\d\d)Z",
    re.ASCII,
)


class Civil(NamedTuple):
    """A point in time as a calendar and a clock show it."""

    year: int
    month: int
    """1 to 12."""
    day: int
    hour: int
    minute: int
    second: int
    millisecond: int
    weekday: int
    """0 is Sunday."""


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970; months and days beyond the calendar go on into the next year or month."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    years = year - (month < 3)
    era, year_of_era = divmod(years, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5
    return (
        era * _DAYS_OF_ERA
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + day_of_year
        + day
        - 1
        - _DAYS_BEFORE_1970
    )


def instant(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """Milliseconds since 1970. Whatever is beyond its range counts on: February 30 is in March."""
    return _days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND


def civil(moment: int) -> Civil:
    """What calendar and clock show at a point in time, in the zone that it is counted in."""
    days, milliseconds = divmod(moment, DAY)
    era, day_of_era = divmod(days + _DAYS_BEFORE_1970, _DAYS_OF_ERA)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Civil(
        year=era * 400 + year_of_era + (month < 3),
        month=month,
        day=day_of_year - (153 * shifted + 2) // 5 + 1,
        hour=milliseconds // HOUR,
        minute=milliseconds // MINUTE % 60,
        second=milliseconds // SECOND % 60,
        millisecond=milliseconds % SECOND,
        weekday=(days + 4) % 7,
    )


def within(moment: int) -> int | None:
    """The point in time, or None where there is none that far away."""
    return moment if abs(moment) <= LATEST else None


def moved(moment: int, by: Number, unit: int) -> int | None:
    """So many units of milliseconds later; parts of a unit do not count."""
    steps = as_float(by)
    if abs(steps) > LATEST * 2:
        return None
    return within(moment + int(steps) * unit)


def months_later(moment: int, months: int) -> int | None:
    """The same day of another month, or its last day where it has no such day."""
    if abs(months) > LATEST:
        return None
    seen = civil(moment)
    start = instant(seen.year, seen.month + months)
    last = (instant(seen.year, seen.month + months + 1) - start) // DAY
    return within(start + (min(seen.day, last) - 1) * DAY + moment % DAY)


def iso_text(moment: int) -> str:
    """The one way of writing a point in time that most functions take."""
    seen = civil(moment)
    year = f"{seen.year:04}" if 0 <= seen.year <= 9999 else f"{seen.year:+07}"
    return (
        f"{year}-{seen.month:02}-{seen.day:02}T{seen.hour:02}:{seen.minute:02}:{seen.second:02}.{seen.millisecond:03}Z"
    )


def iso_instant(text: str) -> int | None:
    """The point in time of a text as `iso_text` writes it; None for any other, however clear."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, millisecond = map(int, match.groups())
    moment = within(instant(year, month, day, hour, minute, second) + millisecond)
    return moment if moment is not None and iso_text(moment) == text else None
