"""Dates as people write them, read relative to a given day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if len(month) > 3 else month for month in _MONTHS)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?(?!\w)")
_RELATIVE = re.compile(
    r"\b(today|tonight|tomorrow|yesterday|in (\d{1,3}) (day|week)s?|(next|this|last|on)? ?\b("
    + "|".join(_DAYS)
    + r"))\b",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?\b", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\.?(?:,? (\d{{4}}))?\b", re.IGNORECASE)
_TIME = re.compile(r"\s*(?:at|,)?\s*\b(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A date in a sentence, and where it stands."""

    start: int
    end: int
    day: date
    time: time | None = None

    def written(self, form: str) -> str:
        """As ISO 8601; `form` is `date-time` where the hour belongs to it."""
        if form == "date-time":
            return f"{self.day.isoformat()}T{(self.time or time()).isoformat()}Z"
        return self.day.isoformat()


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(year: str | None, month: str, day: str, today: date) -> date | None:
    """The day in the year given, else the next time it comes."""
    number = next(place for place, name in enumerate(_MONTHS, 1) if name.startswith(month[:3].lower()))
    if year:
        return _made(int(year), number, int(day))
    found = _made(today.year, number, int(day))
    return _made(today.year + 1, number, int(day)) if found and found < today else found


def _shifted(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def _relative(match: re.Match[str], today: date) -> date | None:
    word = match[1].lower()
    fixed = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
    if word in fixed:
        return _shifted(today, fixed[word])
    if match[2]:
        return _shifted(today, int(match[2]) * (7 if match[3].lower() == "week" else 1))
    ahead = (_DAYS.index(match[5].lower()) - today.weekday()) % 7
    if (match[4] or "").lower() == "last":
        return _shifted(today, ahead - 7)
    is_next = (match[4] or "").lower() == "next"
    return _shifted(today, ahead or 7 if is_next else ahead)


def _candidates(text: str, today: date) -> Iterator[tuple[re.Match[str], date | None]]:
    for match in _ISO.finditer(text):
        yield match, _made(int(match[1]), int(match[2]), int(match[3]))
    for match in _MONTH_FIRST.finditer(text):
        yield match, _coming(match[3], match[1], match[2], today)
    for match in _DAY_FIRST.finditer(text):
        yield match, _coming(match[3], match[2], match[1], today)
    for match in _RELATIVE.finditer(text):
        yield match, _relative(match, today)


def _clock(match: re.Match[str] | None) -> time | None:
    if match is None or not (match[2] or match[3]):
        return None
    hour = int(match[1]) % 12 + (12 if match[3].lower() == "pm" else 0) if match[3] else int(match[1])
    minute = int(match[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def days_in(text: str, today: date) -> tuple[Day, ...]:
    """The dates that a sentence names, in order: ISO, `March 5 2027`, `5 March`, `next monday`, `tomorrow at 3 pm`."""
    found: list[Day] = []
    for match, day in _candidates(text, today):
        if day is None or any(known.start < match.end() and match.start() < known.end for known in found):
            continue
        after = None if match.re is _ISO else _TIME.match(text, match.end())
        clock = _clock(after)
        if match.re is _ISO and match[4] and int(match[4]) < 24 and int(match[5]) < 60:
            clock = time(int(match[4]), int(match[5]))
        end = after.end() if after is not None and clock else match.end()
        found.append(Day(match.start(), end, day, clock))
    return tuple(sorted(found, key=lambda known: known.start))
