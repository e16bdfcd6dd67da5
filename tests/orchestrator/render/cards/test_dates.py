"""Dates in texts are written as Microsoft's renderer writes them, but for marks that a terminal would show."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from orchestrator.render.cards.dates import with_dates

MOMENT = "2017-02-14T18:08:00Z"


@pytest.mark.parametrize(
    ("locale", "compact", "short", "long", "time"),
    [
        ("", "2/14/2017", "Tue, Feb 14, 2017", "Tuesday, February 14, 2017", "6:08 PM"),
        ("en-GB", "14/02/2017", "Tue, 14 Feb 2017", "Tuesday, 14 February 2017", "18:08"),
        ("de-DE", "14.2.2017", "Di., 14. Feb. 2017", "Dienstag, 14. Februar 2017", "18:08"),
        ("fr-CA", "2017-02-14", "mar. 14 févr. 2017", "mardi 14 février 2017", "18 h 08"),
        ("ja", "2017/2/14", "2017年2月14日(火)", "2017年2月14日火曜日", "18:08"),
        ("es", "14/2/2017", "mar, 14 feb 2017", "martes, 14 de febrero de 2017", "18:08"),
        ("zh-CN", "2017/2/14", "2017年2月14日周二", "2017年2月14日星期二", "18:08"),
        ("ar", "14/2/2017", "الثلاثاء، 14 فبراير 2017", "الثلاثاء، 14 فبراير 2017", "6:08 م"),
        ("pl", "14.02.2017", "wt., 14 lut 2017", "wtorek, 14 lutego 2017", "18:08"),
        ("no such language", "2/14/2017", "Tue, Feb 14, 2017", "Tuesday, February 14, 2017", "6:08 PM"),
    ],
)
def test_dates_are_those_of_the_language(locale: str, compact: str, short: str, long: str, time: str) -> None:
    """The answers of Microsoft's renderer in Node, its narrow spaces and direction marks apart."""
    written = with_dates(
        f"{{{{DATE({MOMENT})}}}}|{{{{DATE({MOMENT}, COMPACT)}}}}|{{{{DATE({MOMENT},SHORT)}}}}"
        f"|{{{{DATE({MOMENT}, LONG)}}}}|{{{{TIME({MOMENT})}}}}",
        locale,
        UTC,
    )
    assert written.split("|") == [compact, compact, short, long, time]


def test_times_are_told_for_a_zone() -> None:
    text = "{{TIME(2026-11-21T23:30:00+01:00)}} {{DATE(2026-11-21T23:30:00+01:00)}}"
    assert with_dates(text, "en", timezone(timedelta(hours=9))) == "7:30 AM 11/22/2026"


@pytest.mark.parametrize(
    "text",
    [
        "{{DATE(2026-13-01T00:00:00Z)}}",
        "{{DATE(0001-01-01T00:00:00+14:00)}}",
        "{{TIME(9999-12-31T23:59:59-14:00)}}",
        "{{DATE(2026-11-21)}}",
        "{{DATE(2026-11-21T00:00:00Z, TINY)}}",
        "{{date(2026-11-21T00:00:00Z)}}",
        "{{DATE(\uff12026-11-21T00:00:00Z)}}",
        "${when}",
    ],
)
def test_what_is_no_date_stays_as_it_was_written(text: str) -> None:
    assert with_dates(text, "en", UTC) == text
