"""Rates, their intervals, and what is worse than before (issue 6, live evaluation)."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.live.rates import SIGNIFICANCE, Rate, chance_of_as_few, is_worse, least_to_be_worse

MOST = 60


@st.composite
def rates(draw: st.DrawFn, fewest: int = 0) -> Rate:
    of = draw(st.integers(fewest, MOST))
    return Rate(held=draw(st.integers(0, of)), of=of)


@pytest.mark.parametrize(
    ("held", "of", "text"),
    [
        (8, 10, "8/10 (49-94 %)"),
        (0, 10, "0/10 (0-28 %)"),
        (10, 10, "10/10 (72-100 %)"),
        (1, 2, "1/2 (9-91 %)"),
        (0, 0, "0/0"),
    ],
)
def test_a_rate_is_told_with_wilsons_interval(held: int, of: int, text: str) -> None:
    assert Rate(held=held, of=of).text == text


@given(rates())
def test_an_interval_lies_between_0_and_1_and_contains_the_rate(rate: Rate) -> None:
    found = rate.interval
    assert 0 <= found.low <= rate.share <= found.high <= 1


@given(rates(fewest=1))
def test_more_successes_move_the_interval_up(rate: Rate) -> None:
    more = Rate(held=min(rate.held + 1, rate.of), of=rate.of)
    assert more.interval.low >= rate.interval.low
    assert more.interval.high >= rate.interval.high


@given(rates(fewest=1))
def test_the_interval_of_failures_is_that_of_successes_mirrored(rate: Rate) -> None:
    mirrored = Rate(held=rate.of - rate.held, of=rate.of).interval
    assert rate.interval.low == pytest.approx(1 - mirrored.high)
    assert rate.interval.high == pytest.approx(1 - mirrored.low)


@given(rates(fewest=1))
def test_more_runs_narrow_the_interval(rate: Rate) -> None:
    longer = Rate(held=rate.held * 4, of=rate.of * 4)
    assert longer.interval.high - longer.interval.low < rate.interval.high - rate.interval.low


@pytest.mark.parametrize(
    ("now", "before", "chance"),
    [
        ((6, 10), (10, 10), 0.0433),
        ((7, 10), (10, 10), 0.1053),
        ((0, 4), (4, 4), 0.0143),
        ((1, 4), (3, 4), 0.2429),
    ],
)
def test_fishers_test_gives_what_tables_give(now: tuple[int, int], before: tuple[int, int], chance: float) -> None:
    found = chance_of_as_few(Rate(held=now[0], of=now[1]), Rate(held=before[0], of=before[1]))
    assert found == pytest.approx(chance, abs=5e-5)


@pytest.mark.parametrize(("now_of", "before_of"), [(3, 4), (5, 2), (4, 4)])
def test_fishers_test_counts_the_ways_to_deal_out_the_successes(now_of: int, before_of: int) -> None:
    for successes in range(now_of + before_of + 1):
        dealt = [
            sum(place < now_of for place in places) for places in combinations(range(now_of + before_of), successes)
        ]
        for held in range(max(0, successes - before_of), min(now_of, successes) + 1):
            now, before = Rate(held=held, of=now_of), Rate(held=successes - held, of=before_of)
            as_few = sum(one <= held for one in dealt)
            assert chance_of_as_few(now, before) == pytest.approx(as_few / len(dealt))


@given(rates(), rates())
def test_a_chance_is_a_probability_and_mirrors(now: Rate, before: Rate) -> None:
    """Fewer successes here are as probable as fewer failures there."""
    chance = chance_of_as_few(now, before)
    failed_before = Rate(held=before.of - before.held, of=before.of)
    failed_now = Rate(held=now.of - now.held, of=now.of)
    assert 0 < chance <= 1
    assert chance == pytest.approx(chance_of_as_few(failed_before, failed_now))


@given(rates(fewest=1), rates(fewest=1))
def test_fewer_successes_are_less_probable(now: Rate, before: Rate) -> None:
    fewer = Rate(held=max(0, now.held - 1), of=now.of)
    assert chance_of_as_few(fewer, before) <= chance_of_as_few(now, before) + 1e-12


@given(rates(), rates())
def test_only_a_lower_rate_is_worse_and_never_both_ways(now: Rate, before: Rate) -> None:
    assert not (is_worse(now, before) and is_worse(before, now))
    assert not is_worse(now, now)
    if is_worse(now, before):
        assert now.share < before.share
        assert chance_of_as_few(now, before) < SIGNIFICANCE


@given(rates())
def test_nothing_is_worse_than_what_was_never_looked_at(rate: Rate) -> None:
    assert not is_worse(rate, Rate(held=0, of=0))
    assert not is_worse(Rate(held=0, of=0), rate)


@pytest.mark.parametrize(("of", "least"), [(1, 20), (3, 4), (10, 2)])
def test_it_takes_more_looks_where_little_is_known_of_before(of: int, least: int) -> None:
    assert least_to_be_worse(of) == least


@given(st.integers(1, 60))
def test_so_many_looks_can_show_that_something_is_worse_and_one_less_cannot(of: int) -> None:
    least = least_to_be_worse(of)
    before = Rate(held=of, of=of)
    assert is_worse(Rate(held=0, of=least), before)
    assert not is_worse(Rate(held=0, of=least - 1), before)


def test_four_failures_of_ten_after_none_are_worse_and_three_are_not() -> None:
    before = Rate(held=10, of=10)
    assert is_worse(Rate(held=6, of=10), before)
    assert not is_worse(Rate(held=7, of=10), before)
