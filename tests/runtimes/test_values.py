"""JSON values: parsed strictly and exactly, written back the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.limits import MAX_DEPTH
from runtimes.values import InvalidJson, Json, canonical_json, depth_of, dump_json, is_json, parse_json

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_what_is_written_is_read_back_whatever_its_size(value: Json) -> None:
    assert parse_json(dump_json(value)) == value
    assert parse_json(canonical_json(value).encode()) == value
    assert is_json(value)


@given(values)
def test_equal_values_have_one_canonical_text(value: Json) -> None:
    backwards = json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert canonical_json(backwards) == canonical_json(value)


@given(st.text() | st.binary())
def test_any_text_is_a_value_or_invalid(text: str | bytes) -> None:
    try:
        value = parse_json(text)
    except InvalidJson:
        return
    assert is_json(value)


@pytest.mark.parametrize(
    ("text", "line", "column"), [('{"a": }', 1, 7), ("[1,\n  2,,]", 2, 5), ("NaN", 1, 1), ("", 1, 1), (b"\xff", 1, 1)]
)
def test_a_mistake_has_a_place(text: str | bytes, line: int, column: int) -> None:
    with pytest.raises(InvalidJson) as caught:
        parse_json(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_long_integers_stay_what_they_are_and_absurd_ones_are_refused() -> None:
    assert parse_json("[123456789012345678901, 1.5]") == [123456789012345678901, 1.5]
    with pytest.raises(InvalidJson, match="more than 400 digits"):
        parse_json("1" * 5000)


def test_depth_is_counted_and_bounded() -> None:
    assert [depth_of(1), depth_of([]), depth_of({"a": [1]})] == [0, 1, 2]
    with pytest.raises(InvalidJson, match=f"more than {MAX_DEPTH} deep"):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("value", [{1, 2}, object(), "\ud800", {"a": b"x"}, [[], {3}]])
def test_what_only_claims_to_be_json_is_told_apart(value: object) -> None:
    assert not is_json(value)
