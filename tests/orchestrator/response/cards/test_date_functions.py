"""Dates of the card language: what the case tables cannot say (the clock, limits, languages, zones)."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards import date_functions, tick_functions, timex_functions, zone_functions
from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.function import NoValue, Setting
from orchestrator.response.cards.instants import DAY, iso_text
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.values import Ticks, Value

FUNCTIONS = (
    *date_functions.FUNCTIONS,
    *tick_functions.FUNCTIONS,
    *timex_functions.FUNCTIONS,
    *zone_functions.FUNCTIONS,
)
CALLS = {function.name: function.call for function in FUNCTIONS}
NOW = datetime(2026, 11, 21, 22, 30, 15, 250_999, tzinfo=UTC)
STAMP = "2018-03-15T13:00:00.111Z"
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from([STAMP, "XXXX-10-31", "TXX:15:28", "Day", "UTC", "de", "yyyy", "P2D", "(T08,T12,PT4H)"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["year", "month", "dayOfMonth", "hour", "years", "season", "now"]), inner)
    ),
    max_leaves=4,
)


def setting(now: datetime = NOW, locale: str = "en-US", budget: Budget | None = None) -> Setting:
    return Setting(budget=budget or Budget(), now=now, locale=locale, random=random.Random(1))


def call(name: str, *arguments: Value, now: datetime = NOW, locale: str = "en-US") -> Value:
    return CALLS[name](arguments, setting(now, locale))


def test_no_function_is_listed_twice() -> None:
    assert len(CALLS) == len(FUNCTIONS)


def test_now_is_the_moment_that_is_given_in_whole_milliseconds() -> None:
    assert call("utcNow") == "2026-11-21T22:30:15.250Z"
    assert call("utcNow", "yyyy") == "2026"


def test_past_and_future_are_counted_from_now() -> None:
    assert call("getFutureTime", 1, "Month") == "2026-12-21T22:30:15.250Z"
    assert call("getPastTime", 2, "Week", "yyyy-MM-dd") == "2026-11-07"
    assert call("getPastTime", 1, "Year") == "2025-11-21T22:30:15.250Z"


def test_the_next_and_the_previous_viable_date_lie_around_today() -> None:
    dates = ("XXXX-11-20", "XXXX-11-21", "XXXX-11-22", "XXXX-02-29")
    assert [call("getNextViableDate", date) for date in dates] == [
        "2027-11-20",
        "2026-11-21",
        "2026-11-22",
        "2028-02-29",
    ]
    assert [call("getPreviousViableDate", date) for date in dates] == [
        "2026-11-20",
        "2025-11-21",
        "2025-11-22",
        "2024-02-29",
    ]


def test_viable_dates_and_times_know_the_zone() -> None:
    assert call("getNextViableDate", "XXXX-11-21", "Tokyo Standard Time") == "2027-11-21"
    assert call("getNextViableTime", "TXX:15:00", "Asia/Kolkata") == "T04:15"
    assert call("getPreviousViableTime", "TXX:15:00", "Asia/Kolkata") == "T03:15"


def test_the_hour_after_the_last_is_the_first() -> None:
    late = datetime(2026, 11, 21, 23, 45, tzinfo=UTC)
    early = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
    assert call("getNextViableTime", "TXX:15:28", now=late) == "T00:15:28"
    assert call("getPreviousViableTime", "TXX:15:28", now=early) == "T23:15:28"
    assert call("getNextViableTime", "TXX:00:00", now=late) == "T00"


def test_months_and_weekdays_are_named_in_the_language_asked_for() -> None:
    assert call("formatDateTime", STAMP, "dddd, d. MMMM", "de-DE") == "Donnerstag, 15. März"
    assert call("formatDateTime", STAMP, "dddd d MMMM", locale="fr-FR") == "jeudi 15 mars"
    assert call("formatDateTime", STAMP, "MMMM", "no such language") == "March"


def test_languages_do_not_mix() -> None:
    for _ in range(2):
        assert call("formatDateTime", STAMP, "MMMM MMM", "ja") == "3月 3月"
        assert call("formatDateTime", STAMP, "MMMM MMM", "de") == "März März"
        assert call("formatDateTime", STAMP, "MMMM MMM", "pl") == "marca mar"


def test_an_hour_that_comes_twice_is_the_one_with_the_offset_of_today() -> None:
    text, zone = "2026-11-01T01:30:00", "America/New_York"
    assert call("convertToUTC", text, zone) == "2026-11-01T06:30:00.000Z"
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert call("convertToUTC", text, zone, now=summer) == "2026-11-01T05:30:00.000Z"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "right/Europe/Berlin", "posix/UTC", "localtime", "Europe", "x" * 9999]
)
def test_a_zone_is_no_path(name: str) -> None:
    with pytest.raises(NoValue, match="is no time zone"):
        call("convertFromUTC", STAMP, name)


def test_ticks_are_a_number_of_their_own_kind() -> None:
    ticks = call("ticks", STAMP)
    assert isinstance(ticks, Ticks)
    assert call("formatTicks", ticks) == STAMP


def test_long_patterns_and_stamps_spend_the_budget() -> None:
    with pytest.raises(CardLimit):
        CALLS["formatDateTime"]((STAMP, "dddd " * 1000), setting(budget=Budget(output=5_000)))
    with pytest.raises(CardLimit):
        CALLS["formatDateTime"](("(" * 100_000,), setting(budget=Budget(steps=100)))


def test_an_endless_duration_ends_at_once() -> None:
    assert call("isDuration", "P" + "9" * 190 + "D") is True
    assert call("isDuration", "P" + "9" * 100_000 + "D") is False


@given(st.integers(0, 2_000_000_000_000), st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"]))
def test_what_clocks_show_is_read_back_to_the_second(moment: int, zone: str) -> None:
    read = call("convertToUTC", call("convertFromUTC", iso_text(moment), zone), zone)
    apart = call("dateTimeDiff", read, iso_text(moment // 1000 * 1000))
    assert apart in {0, 36_000_000_000, -36_000_000_000}  # an hour where the clocks show it twice


@given(st.integers(-300_000, 300_000), st.integers(-300_000, 300_000))
def test_days_added_are_that_many_days(start: int, days: int) -> None:
    expected = iso_text((start + days) * DAY)
    assert call("addToTime", iso_text(start * DAY), days, "Day") == expected
    assert call("addDays", iso_text(start * DAY), days) == expected
    assert call("subtractFromTime", expected, days, "Day") == iso_text(start * DAY)


@given(st.sampled_from(sorted(CALLS)), st.lists(VALUES, max_size=5))
def test_whatever_is_given_a_function_has_a_value_or_none(name: str, arguments: list[Value]) -> None:
    function = next(function for function in FUNCTIONS if function.name == name)
    least, most = len(function.takes), len(function.takes) + len(function.may_take)
    given_arguments = (arguments + [STAMP] * least)[: max(least, min(len(arguments), most))]
    try:
        value = function.call(given_arguments, setting())
    except (NoValue, Crash):
        return
    assert not isinstance(value, bytes)
