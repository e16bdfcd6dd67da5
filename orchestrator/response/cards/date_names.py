"""The names of months and weekdays in a language. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel.localedata import LocaleDataDict

MAX_LOCALE_CHARS: Final = 32
"""Characters of a language tag that is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateNames:
    """Months begin with January, weekdays with Sunday."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    shortest_weekdays: tuple[str, ...]


def _cut(names: tuple[str, ...], length: int) -> tuple[str, ...]:
    return tuple(name[:length] for name in names)


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

ENGLISH: Final = DateNames(
    months=_MONTHS,
    short_months=_cut(_MONTHS, 3),
    weekdays=_WEEKDAYS,
    short_weekdays=_cut(_WEEKDAYS, 3),
    shortest_weekdays=_cut(_WEEKDAYS, 2),
)
"""What every language is that nothing is known of."""


def _twelve(months: LocaleDataDict, width: str) -> tuple[str, ...]:
    return tuple(str(months[width][month]) for month in range(1, 13))


def _seven(days: LocaleDataDict, width: str) -> tuple[str, ...]:
    return tuple(str(days[width][(day - 1) % 7]) for day in range(7))


def date_names(locale: str) -> DateNames:
    """The names in the language of a tag such as `de-DE`; English where there are none."""
    if locale[:2].lower() in {"", "en"} or locale == "root" or len(locale) > MAX_LOCALE_CHARS:
        return ENGLISH
    from babel import Locale, UnknownLocaleError  # loaded for other languages than English only

    try:
        known = Locale.parse(locale, sep="-")
    except (UnknownLocaleError, ValueError):
        return ENGLISH
    # the names that stand beside a day: babel mixes up those that stand alone as soon as a second language is loaded
    months, days = known.months["format"], known.days["format"]
    return DateNames(
        months=_twelve(months, "wide"),
        short_months=_twelve(months, "abbreviated"),
        weekdays=_seven(days, "wide"),
        short_weekdays=_seven(days, "abbreviated"),
        shortest_weekdays=_seven(days, "short"),
    )
