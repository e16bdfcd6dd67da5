"""Time zones by their Windows and IANA names, and what clocks in them show. Asks the platform's zone database."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.instants import MINUTE, SECOND

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")
_NOT_A_ZONE = re.compile(r"(?:posix|right)(?:/.*|rules)?|localtime|Factory", re.IGNORECASE)
"""What zone databases hold besides zones with names: copies, the machine's own setting, a placeholder."""

_RETIRED: Final = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}
"""Windows names that newer tables have dropped."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _iana_name(name: str) -> str:
    if " " not in name and not name.startswith("UTC"):
        return name
    from babel.core import get_global  # loaded where a template names a zone by its Windows name

    table = get_global("windows_zone_mapping")
    return _RETIRED.get(name) or table.get(name) or name


def time_zone(name: str) -> ZoneInfo:
    """The zone of a name such as `Europe/Berlin` or `Pacific Standard Time`. Raises: `NoValue` when there is none."""
    iana = _iana_name(name)
    if _NAME.fullmatch(iana) and not _NOT_A_ZONE.fullmatch(iana):
        try:
            return ZoneInfo(iana)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # said below, as of any other name
    raise NoValue(f"{name[:80]!r} is no time zone")


def offset_at(moment: int, zone: ZoneInfo) -> int:
    """Milliseconds that clocks are ahead of UTC at a point in time. Raises: `NoValue` outside the years 1 to 9999."""
    try:
        offset = (_EPOCH + timedelta(milliseconds=moment)).astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        raise NoValue("time zones are known for the years 1 to 9999") from None
    return round((offset or timedelta()) / timedelta(milliseconds=1))


def to_utc(local: int, zone: ZoneInfo, now: int) -> int:
    """The point in time at which clocks show that, to the second.

    Of an hour that comes twice, the one that has the distance to UTC that holds now; an hour that is left out is
    counted on from the one before it.
    """
    first = offset_at(now, zone)
    second = offset_at(local - first, zone)
    third = second if first == second else offset_at(local - second, zone)
    offset = second if second == third else min(second, third)
    return (local - offset) // SECOND * SECOND


def shown_offset(offset: int) -> int:
    """Whole minutes of an offset in milliseconds."""
    return round(offset / MINUTE)
