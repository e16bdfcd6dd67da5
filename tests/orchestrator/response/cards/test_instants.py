"""The calendar, against the standard library's where that reaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.instants import (
    DAY,
    LATEST,
    civil,
    instant,
    iso_instant,
    iso_text,
    months_later,
    moved,
)

MOMENTS = st.integers(-LATEST, LATEST)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_calendar_and_clock_agree_with_the_standard_library(moment: datetime) -> None:
    seen = civil((moment - _EPOCH) // timedelta(milliseconds=1))
    assert seen[:6] == (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    assert seen.millisecond == moment.microsecond // 1000
    assert seen.weekday == moment.isoweekday() % 7


@given(MOMENTS)
def test_what_is_written_reads_back(moment: int) -> None:
    assert iso_instant(iso_text(moment)) == moment


@given(st.text(max_size=30))
def test_no_other_text_is_a_point_in_time(text: str) -> None:
    moment = iso_instant(text)
    assert moment is None or iso_text(moment) == text


@given(MOMENTS, st.integers(-100_000, 100_000))
def test_months_keep_the_day_or_take_the_last(moment: int, months: int) -> None:
    reached = months_later(moment, months)
    if reached is not None:
        before, after = civil(moment), civil(reached)
        assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == months
        assert after.day == before.day or (after.day < before.day and civil(reached + DAY).day == 1)


def test_nothing_is_later_than_the_last_point_in_time() -> None:
    assert moved(LATEST, 1, 1) is None
    assert moved(0, 10**400, 1) is None
    assert months_later(0, 10**30) is None
    assert moved(LATEST - 1, 1, 1) == LATEST


def test_days_beyond_a_month_count_on() -> None:
    assert iso_text(instant(2026, 2, 30)) == "2026-03-02T00:00:00.000Z"
    assert iso_text(instant(2026, 13, 0)) == "2026-12-31T00:00:00.000Z"
