"""Numbers of the card language: what the case tables cannot say (limits, random numbers, properties)."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.arithmetic import EXACT, as_number, nearest, power
from orchestrator.response.cards.function import NoValue, Setting
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.math_functions import FUNCTIONS
from orchestrator.response.cards.values import Value

CALLS = {function.name: function.call for function in FUNCTIONS}
ONES: list[Value] = [1] * 1000
NUMBERS = st.integers() | st.floats(allow_nan=False)


def setting(seed: int = 1, budget: Budget | None = None) -> Setting:
    return Setting(budget=budget or Budget(), now=datetime(2026, 11, 21, tzinfo=UTC), random=random.Random(seed))


def call(name: str, *arguments: Value) -> Value:
    return CALLS[name](arguments, setting())


def test_no_function_is_listed_twice() -> None:
    assert len(CALLS) == len(FUNCTIONS)


def test_a_range_of_more_elements_than_the_output_allows_ends_in_the_limit() -> None:
    with pytest.raises(CardLimit, match="more text than the host allows"):
        CALLS["range"]((0, 50_000_000), setting())


def test_a_range_that_no_array_could_hold_has_no_value() -> None:
    with pytest.raises(NoValue, match="at most"):
        call("range", 0, 2**32)


def test_sums_of_long_arrays_spend_the_budget() -> None:
    with pytest.raises(CardLimit, match="more steps"):
        CALLS["sum"]((ONES,), setting(budget=Budget(steps=100)))


def test_text_that_grows_spends_the_budget() -> None:
    with pytest.raises(CardLimit, match="more text"):
        CALLS["+"](["x" * 100] * 100, setting(budget=Budget(output=5_000)))


def test_random_numbers_lie_between_the_bounds_and_follow_the_seed() -> None:
    first, again = setting(7), setting(7)
    numbers = [CALLS["rand"]((3, 6), first) for _ in range(100)]
    assert set(numbers) == {3, 4, 5}
    assert numbers == [CALLS["rand"]((3, 6), again) for _ in range(100)]


def test_integers_beyond_64_bits_count_as_floating_point_numbers() -> None:
    assert call("+", 9007199254740993, 0) == 9007199254740992
    assert call("max", 10**400) == float("inf")


@given(NUMBERS, NUMBERS)
def test_arithmetic_of_numbers_never_fails_but_for_a_division_by_zero(left: int | float, right: int | float) -> None:
    for name in ("+", "-", "*", "^"):
        assert isinstance(call(name, left, right), int | float)
    if right:
        assert isinstance(call("/", left, right), int | float)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_is_to_the_nearest_whole_number_and_up_at_a_half(number: float) -> None:
    rounded = nearest(number)
    assert rounded.is_integer()
    assert -0.5 < rounded - number <= 0.5 or abs(number) >= EXACT


@given(st.floats(), st.floats())
def test_a_power_is_always_a_number_or_nan(base: float, exponent: float) -> None:
    assert isinstance(power(base, exponent), float)


@given(st.integers(-EXACT, EXACT))
def test_whole_numbers_come_back_as_integers(number: int) -> None:
    assert as_number(float(number)) == number
    assert isinstance(as_number(float(number)), int)
