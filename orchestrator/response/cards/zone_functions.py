"""The prebuilt functions that convert between time zones. Asks the platform's zone database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.response.cards.date_arguments import PATTERN_AND_LOCALE, instant_of, now, text_of, write
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.instants import instant, within
from orchestrator.response.cards.time_zones import offset_at, shown_offset, time_zone, to_utc
from orchestrator.response.cards.timestamps import parse_timestamp
from orchestrator.response.cards.values import Value

_LOCAL_PATTERN: Final = "YYYY-MM-DDTHH:mm:ss.SSS0000"
"""What `convertFromUTC` writes by: no `Z`, because it is no UTC."""

_LOCAL = re.compile(
    r"(\d{4})[-/]?(\d{1,2})?[-/]?(\d{0,2})[Tt\s]*(\d{1,2})?:?(\d{1,2})?:?(\d{1,2})?[.:]?(\d+)?", re.ASCII
)


def _local_time(text: str) -> int | None:
    """What clocks show, as a text has it; a zone that it names is taken into account."""
    match = None if text[-1:] in {"Z", "z"} else _LOCAL.fullmatch(text)
    if match is None:
        return parse_timestamp(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    full_year = year + 1900 if year <= 99 else year
    local = instant(full_year, month if match[2] else 1, day if match[3] else 1, hour, minute, second)
    return within(local + int((match[7] or "0")[:3]))


def _convert_from_utc(arguments: Sequence[Value], setting: Setting) -> Value:
    moment, zone = instant_of(arguments[0]), time_zone(text_of(arguments[1]))
    offset = offset_at(moment, zone)
    return write(moment + offset, arguments[2:], setting, default=_LOCAL_PATTERN, offset=shown_offset(offset))


def _convert_to_utc(arguments: Sequence[Value], setting: Setting) -> Value:
    text, zone = text_of(arguments[0]), time_zone(text_of(arguments[1]))
    setting.budget.read(len(text))
    local = _local_time(text)
    if local is None:
        raise NoValue(f"{text[:80]!r} is no date")
    return write(to_utc(local, zone, now(setting)), arguments[2:], setting)


FUNCTIONS: Final = tuple(
    Function(name=name, gives=Kind.STRING, takes=(Kind.STRING, Kind.STRING), may_take=PATTERN_AND_LOCALE, call=call)
    for name, call in (("convertFromUTC", _convert_from_utc), ("convertToUTC", _convert_to_utc))
)
"""The functions of this module."""
