"""Writes points in time by the patterns of templates, such as `ddd, d MMM yyyy HH:mm`. Pure.

A pattern is read twice, as the reference does: its .NET letters become those of Day.js, whose letters mean the same
whether they came from there or were written by the author.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from orchestrator.response.cards.date_names import ENGLISH, DateNames, date_names
from orchestrator.response.cards.instants import Civil, civil

DEFAULT_PATTERN: Final = "YYYY-MM-DDTHH:mm:ss.SSS[Z]"
"""What a function writes that is given no pattern."""

NO_DATE: Final = "Invalid Date"
"""What is written for a point in time that is too far away."""

_NOTHING_IN_UTC = "YYYY-MM-DDTHH:mm:ss[Z]"
_NOTHING_ELSEWHERE = "YYYY-MM-DDTHH:mm:ssZ"
"""What is written by a pattern that has come to nothing, such as `%`."""

_ROUND_TRIP = "YYYY-MM-DDTHH:mm:ss.SSS0000Z"
_UNSUPPORTED = frozenset("RrUu")
"""One-letter patterns that are taken as they are."""

_DOTNET = re.compile(r"d+|f+|F+|g+|h+|H+|m+|M+|s+|t+|y+|z+|`[^`]*`|'[^']*'|\\.|.", re.DOTALL)
_DAYJS = re.compile(r"\[([^\]]+)]|YYYY|YY|M{1,4}|D{1,2}|d{1,4}|H{1,2}|h{1,2}|a|A|m{1,2}|s{1,2}|Z{1,2}|SSS")
_NAMED = re.compile(r"MMM|dd")
"""What a pattern has in it that names a month or a weekday."""

_WORDS: Final[Mapping[str, tuple[str | None, ...]]] = {
    "d": ("D", "DD", "ddd", "dddd"),
    "f": (None, None, "SSS"),
    "F": (None, None, "SSS"),
    "g": (None,),
    "h": ("h", "hh"),
    "H": ("H", "HH"),
    "m": ("m", "mm"),
    "M": ("M", "MM", "MMM", "MMMM"),
    "s": ("s", "ss"),
    "t": ("A",),
    "y": ("YY", "YY", "YYYY"),
    "z": ("ZZ", "ZZ", "Z"),
    "K": ("Z",),
    "%": ("",),
}
"""What a run of a letter becomes, by its length; the last for any longer run, None where there is nothing like it."""


def _converted(word: str) -> str | None:
    """What one piece of a .NET pattern is; None where the whole pattern cannot be read as one."""
    if word[0] in _WORDS:
        words = _WORDS[word[0]]
        return words[min(len(word), len(words)) - 1]
    if word[0] in "`'":
        return word[1:-1] if len(word) > 1 else None
    if word[0] == "\\":
        return word[1:] or None
    return word


def dayjs_pattern(pattern: str) -> str:
    """The pattern with .NET letters replaced; as it is, where it has one that cannot be."""
    if not pattern:
        return DEFAULT_PATTERN
    if pattern in _UNSUPPORTED:
        return pattern
    if pattern in {"O", "o"}:
        return _ROUND_TRIP
    words: list[str] = []
    for match in _DOTNET.finditer(pattern):
        word = _converted(match[0])
        if word is None:
            return pattern
        words.append(word)
    return "".join(words)


def _offset_text(offset: int, colon: str) -> str:
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}{colon}{minutes:02}"


def _padded_year(year: int) -> str:
    return str(year).rjust(4, "0")


def _half(seen: Civil) -> str:
    return "PM" if seen.hour >= 12 else "AM"


_WRITERS: Final[Mapping[str, Callable[[Civil, DateNames], str]]] = {
    "YY": lambda seen, _: str(seen.year)[-2:],
    "YYYY": lambda seen, _: _padded_year(seen.year),
    "M": lambda seen, _: str(seen.month),
    "MM": lambda seen, _: f"{seen.month:02}",
    "MMM": lambda seen, names: names.short_months[seen.month - 1],
    "MMMM": lambda seen, names: names.months[seen.month - 1],
    "D": lambda seen, _: str(seen.day),
    "DD": lambda seen, _: f"{seen.day:02}",
    "d": lambda seen, _: str(seen.weekday),
    "dd": lambda seen, names: names.shortest_weekdays[seen.weekday],
    "ddd": lambda seen, names: names.short_weekdays[seen.weekday],
    "dddd": lambda seen, names: names.weekdays[seen.weekday],
    "H": lambda seen, _: str(seen.hour),
    "HH": lambda seen, _: f"{seen.hour:02}",
    "h": lambda seen, _: str(seen.hour % 12 or 12),
    "hh": lambda seen, _: f"{seen.hour % 12 or 12:02}",
    "a": lambda seen, _: _half(seen).lower(),
    "A": lambda seen, _: _half(seen),
    "m": lambda seen, _: str(seen.minute),
    "mm": lambda seen, _: f"{seen.minute:02}",
    "s": lambda seen, _: str(seen.second),
    "ss": lambda seen, _: f"{seen.second:02}",
    "SSS": lambda seen, _: f"{seen.millisecond:03}",
}


def written(local: int | None, pattern: str, locale: str, *, offset: int = 0) -> str:
    """What calendar and clock of a zone show, by a pattern of Day.js.

    `local` is in milliseconds of that zone; `offset` is the minutes that it is ahead of UTC.
    """
    if local is None:
        return NO_DATE
    seen = civil(local)
    names = date_names(locale) if _NAMED.search(pattern) else ENGLISH

    def part(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        if match[0] in {"Z", "ZZ"}:
            return _offset_text(offset, ":" if match[0] == "Z" else "")
        return _WRITERS[match[0]](seen, names)

    return _DAYJS.sub(part, pattern or (_NOTHING_ELSEWHERE if offset else _NOTHING_IN_UTC))
