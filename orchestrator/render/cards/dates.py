"""The functions `{{DATE(…)}}` and `{{TIME(…)}}` in the texts of a card. Pure but for the process's own time zone."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

MAX_LOCALE = 32
"""Characters of a language tag that is looked up."""

_MOMENT = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))"
_FUNCTION = re.compile(rf"\{{\{{(?:DATE\({_MOMENT}(?:, ?(COMPACT|LONG|SHORT))?\)|TIME\({_MOMENT}\))\}}\}}", re.ASCII)
_PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200e": "", "\u200f": ""})
"""What languages put into dates that a terminal shows as a space, or not at all."""
_SKELETONS = {"COMPACT": "yMd", "SHORT": "yMMMEd"}


def _locale(tag: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(tag, sep="-") if tag and len(tag) <= MAX_LOCALE else Locale("en", "US")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


def _said(moment: datetime, style: str | None, language: Locale) -> str:
    """A date in one of its styles, or the time of day where there is no style."""
    from babel.dates import format_date, format_skeleton, format_time

    if style is None:
        return format_time(moment, format="short", locale=language)
    if style == "LONG":
        return format_date(moment, format="full", locale=language)
    return format_skeleton(_SKELETONS[style], moment, locale=language)


def _written(match: re.Match[str], locale: str, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(match[1] or match[3]).astimezone(zone)
    except (ValueError, OverflowError, OSError):  # no such day, or too far away for the zone
        return match[0]
    style = None if match[3] else match[2] or "COMPACT"
    return _said(moment, style, _locale(locale)).translate(_PLAIN)


def with_dates(text: str, locale: str, zone: tzinfo | None) -> str:
    """The text with its dates and times written out, for a language and a zone; the process's own where it is None.

    What is no date stays as it was written.
    """
    return _FUNCTION.sub(lambda match: _written(match, locale, zone), text) if "{{" in text else text
