"""Lists of expectations: each takes one thing, and as many as can find theirs."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.format.parts import Listed, Order
from orchestrator.testing.judging.listing import Kind, list_mismatches
from orchestrator.testing.judging.mismatch import Mismatch

Wanted = frozenset[int]
KIND: Kind[Wanted, int] = Kind(
    explain=lambda wanted, came: None if came in wanted else Mismatch(pointer="", message="another"),
    expected=lambda wanted: str(sorted(wanted)),
    came=str,
    missing=lambda wanted: "missing",
    noun="number",
)
NUMBERS = st.integers(min_value=0, max_value=4)
WANTED = st.lists(st.frozensets(NUMBERS, max_size=3), max_size=4)


def messages(order: Order, wanted: list[Wanted], came: list[int]) -> list[str]:
    items = {order: tuple(wanted)}
    return [found.message for found in list_mismatches(KIND, Listed[Wanted].model_validate(items), came, "/list")]


def most(wanted: list[Wanted], came: list[int]) -> int:
    """How many find theirs at best, by trying everything."""
    padded = [*came, *[-1] * len(wanted)]
    return max(
        sum(thing in one for one, thing in zip(wanted, chosen, strict=True))
        for chosen in permutations(padded, len(wanted))
    )


@given(WANTED, st.lists(NUMBERS, max_size=4))
def test_no_more_is_missing_than_must_be(wanted: list[Wanted], came: list[int]) -> None:
    fitting = most(wanted, came)
    for order in ("any_order", "include"):
        found = messages(order, wanted, came)
        assert found.count("missing") == len(wanted) - fitting
        assert (len(found) > found.count("missing")) is (order == "any_order" and len(came) > len(wanted))


@pytest.mark.parametrize(
    ("wanted", "came", "told"),
    [
        ([{1}], [2], ["missing"]),
        ([{1}, {3}], [2], ["missing", "missing"]),
        ([{1}], [1, 2], ["a number that nothing expects"]),
        ([{1}], [2, 3], ["missing", "2 numbers that nothing expects"]),
        ([], [2], ["a number that nothing expects"]),
    ],
)
def test_what_came_in_the_place_of_something_is_told_once(
    wanted: list[set[int]], came: list[int], told: list[str]
) -> None:
    for order in ("in_order", "any_order"):
        assert messages(order, [frozenset(one) for one in wanted], came) == told


@given(WANTED, st.lists(NUMBERS, max_size=4))
def test_a_plain_list_fits_in_its_order_and_no_other(wanted: list[Wanted], came: list[int]) -> None:
    is_fitting = len(wanted) == len(came) and all(thing in one for one, thing in zip(wanted, came, strict=True))
    found = messages("in_order", wanted, came)
    assert (found == []) is is_fitting
    can_fit = len(wanted) == len(came) == most(wanted, came)
    assert (found == ["the order is another"]) is (can_fit and not is_fitting)
