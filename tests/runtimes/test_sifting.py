"""Sifting never overlooks what a limit forbids, and seldom suspects what it allows."""

from __future__ import annotations

import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from runtimes.sifting import longest_number, marks_of, may_be_deeper, may_have_long_text
from runtimes.values import Json, JsonObject, depth_of

TEXTS = st.text(st.sampled_from('ab"\\{}[]:, é1'), max_size=30)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.integers(0, 10**12) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def longest(value: Json) -> tuple[int, int]:
    """The bytes of the longest key and of the longest string, as the text has them."""
    keys, strings = [0], [0]
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            keys += [len(written(name)) - 2 for name in node]
            stack += node.values()
        elif isinstance(node, list):
            stack += node
        elif isinstance(node, str):
            strings.append(len(written(node)) - 2)
    return max(keys), max(strings)


def written(value: Json, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


@given(VALUES, st.integers(2, 24), st.integers(2, 24), st.sampled_from([None, 0, 3]))
def test_no_long_text_is_overlooked(value: Json, key_bytes: int, string_bytes: int, indent: int | None) -> None:
    key, string = longest(value)
    if key > key_bytes or string > string_bytes:
        assert may_have_long_text(written(value, indent), key_bytes, max(key_bytes, string_bytes)) or (
            key <= key_bytes and string <= max(key_bytes, string_bytes)
        )


@given(VALUES, st.integers(0, 8))
@example([[[]]], 2)
@example({"a": [{"b": [{}]}]}, 4)
def test_no_depth_is_overlooked(value: Json, limit: int) -> None:
    if depth_of(value) > limit:
        assert may_be_deeper(marks_of(written(value)), limit)


@given(st.text(st.sampled_from("0123456789a,. "), max_size=60), st.integers(4, 20))
def test_no_long_number_is_overlooked(text: str, length: int) -> None:
    rows = [len(row) for row in re.findall(r"(?<![\da])\d+(?![\da])", text) if len(row) >= length]
    assert longest_number(text.encode(), length) == max(rows, default=0)


@given(
    st.integers(10**18, 10**30), st.sampled_from(["%d", "-%d", "[1, %d]", '{"a":%d}', "0.%d", "%d.5", "1e%d", "%de1"])
)
def test_a_long_number_is_seen_wherever_one_may_stand(number: int, form: str) -> None:
    assert longest_number((form % number).encode(), 19) == len(str(number))


def test_digits_beside_letters_and_quotes_are_no_number() -> None:
    digits = "7" * 500
    assert longest_number(written({"sha": digits, digits: "0x" + digits, "a": f" {digits}abc"}), 19) == 0
    assert longest_number(written([digits * 2000]), 19) == 0


def test_long_texts_are_looked_at_once_however_many_places_in_them_are_unsure() -> None:
    quotes = written({"a": '"' * 400_000, "b": "x" * 800_000})
    assert not may_have_long_text(quotes, 1000, len(quotes))
    assert may_have_long_text(quotes, 1000, 799_999)
    assert may_have_long_text(written({'"' * 600: 1}), 1000, 10_000)
    assert not may_have_long_text(written({'"' * 500: 1}), 1000, 10_000)


def test_what_is_allowed_is_seldom_suspected() -> None:
    value: JsonObject = {f"key{n}": [{"a {id}": 'b "q" ' * 40, "n": 123456}] for n in range(200)}
    for indent in (None, 2):
        data = written(value, indent)
        assert not may_have_long_text(data, 1000, 10_000)
        assert not may_be_deeper(marks_of(data), 128)
        assert longest_number(data, 19) == 0
    assert not may_have_long_text(written({"a": "x" * 5000}), 1000, 10_000)
    assert may_have_long_text(written({"x" * 1001: 1}), 1000, 10_000)
    assert may_have_long_text(written({"a": "x" * 10_001}), 1000, 10_000)
