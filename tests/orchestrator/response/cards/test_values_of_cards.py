"""Issue 5: how the card language counts text, writes JSON, and tells whether values are the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.equality import identity, is_equal
from orchestrator.response.cards.json_text import json_text, members
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.utf16 import encoded, joined, mended, units
from orchestrator.response.cards.values import ABSENT, Ticks, Value, from_json
from runtimes.values import Json

_TEXT = st.text(alphabet=st.characters(codec="utf-8"))
_JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


def _nested(depth: int) -> Value:
    value: Value = 1
    for _ in range(depth):
        value = [value]
    return value


@given(_TEXT)
def test_units_are_those_of_utf_16_and_can_be_mended(text: str) -> None:
    assert len(units(text)) == len(text.encode("utf-16-le")) // 2
    assert mended(units(text)) == text


@given(_TEXT, st.integers(0, 5))
def test_halves_of_text_join_to_the_whole(text: str, place: int) -> None:
    split = units(text)
    assert joined(mended(split[:place]), mended(split[place:])) == text


def test_half_a_character_is_written_as_a_replacement() -> None:
    assert encoded("a\ud83d") == "a\ufffd".encode()


@given(_JSON)
def test_json_text_is_read_back_as_the_same_value(value: Json) -> None:
    written = json_text(from_json(value), Budget())
    assert json.loads(written, parse_int=float) == json.loads(json.dumps(value), parse_int=float)


def test_json_has_null_for_what_it_cannot_say() -> None:
    value: Value = [ABSENT, float("nan"), {"a": ABSENT, "b": float("inf")}, Ticks(5), b"\x01", "\ud83d"]
    assert json_text(value, Budget()) == '[null,null,{"b":null},"5",{"0":1},"\\ud83d"]'


def test_members_named_by_numbers_come_first() -> None:
    assert [name for name, _ in members({"b": 1, "10": 1, "9": 1, "01": 1, "4294967295": 1})] == [
        "9",
        "10",
        "b",
        "01",
        "4294967295",
    ]


@given(_JSON)
def test_a_value_is_equal_to_itself(value: Json) -> None:
    assert is_equal(from_json(value), from_json(json.loads(json.dumps(value))), Budget())


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (None, ABSENT, True),
        (0.1 + 0.2, 0.3, True),
        (1, True, False),
        ("1", 1, False),
        ([None], [ABSENT], True),
        ({"a": None}, {"a": ABSENT}, False),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, False),
        ([], {}, False),
        (b"a", {"0": 97}, True),
        (Ticks(637134336000000000), Ticks(637134336000000001), False),
        (10**400, float("inf"), True),
    ],
)
def test_equality_is_that_of_the_language(left: Value, right: Value, equal: bool) -> None:
    assert is_equal(left, right, Budget()) is equal


def test_a_set_takes_scalars_by_value_and_containers_by_being() -> None:
    one: Value = {"a": 1}
    assert identity(1) == identity(1.0) != identity(True)
    assert identity(float("nan")) == identity(float("nan"))
    assert identity(one) == identity(one) != identity({"a": 1})


def test_values_nested_without_end_end_in_a_limit() -> None:
    with pytest.raises(CardLimit, match="nested"):
        json_text(_nested(1000), Budget())
    with pytest.raises(CardLimit, match="nested"):
        is_equal(_nested(1000), _nested(1000), Budget())
