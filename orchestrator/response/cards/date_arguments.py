"""What functions for dates have in common: reading their arguments, writing what they give. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from orchestrator.response.cards.date_patterns import DEFAULT_PATTERN, dayjs_pattern, written
from orchestrator.response.cards.function import Kind, NoValue, Setting
from orchestrator.response.cards.instants import iso_instant, months_later, moved
from orchestrator.response.cards.values import Value

PATTERN_AND_LOCALE: Final = (Kind.STRING, Kind.STRING)
"""What every function may take last that writes a point in time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"Second": 1_000, "Minute": 60_000, "Hour": 3_600_000, "Day": 86_400_000, "Week": 604_800_000}
"""Milliseconds."""

_MONTHS: Final = {"Month": 1, "Year": 12}


def now(setting: Setting) -> int:
    """The current moment in milliseconds since 1970."""
    return (setting.now - _EPOCH) // timedelta(milliseconds=1)


def text_of(value: Value) -> str:
    """Raises: `NoValue` for what is no text."""
    if not isinstance(value, str):
        raise NoValue("expected text")
    return value


def instant_of(value: Value) -> int:
    """Raises: `NoValue` for what is not written as `2026-11-21T08:00:00.000Z`."""
    moment = iso_instant(value) if isinstance(value, str) else None
    if moment is None:
        raise NoValue("expected a point in time such as '2026-11-21T08:00:00.000Z'")
    return moment


def write(
    local: int | None, last: Sequence[Value], setting: Setting, *, default: str = DEFAULT_PATTERN, offset: int = 0
) -> str:
    """Writes a point in time by the last arguments: none, a pattern, or a pattern and a locale.

    Anything in their place that is no text counts as if it were not there.
    """
    pattern, locale = default, setting.locale
    if len(last) == 2 and isinstance(last[0], str) and isinstance(last[1], str):
        pattern, locale = last[0], last[1]
    elif len(last) == 1 and isinstance(last[0], str):
        pattern = last[0]
    setting.budget.read(len(pattern))
    text = written(local, default if pattern is default else dayjs_pattern(pattern), locale, offset=offset)
    setting.budget.make(len(text))
    return text


def is_unit(name: str) -> bool:
    """True for `Second`, `Minute`, `Hour`, `Day`, `Week`, `Month` and `Year`."""
    return name in _UNITS or name in _MONTHS


def later(moment: int, count: int, unit: str) -> int | None:
    """So many units later, or earlier; a unit that is none is a millisecond. None where that is too far away."""
    if unit in _MONTHS:
        return months_later(moment, count * _MONTHS[unit])
    return moved(moment, count, _UNITS.get(unit, 1))
