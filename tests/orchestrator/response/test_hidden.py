"""What hides in values from outside, wherever in them it stands."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.hidden import HIDING, clean, clean_object, clean_value
from runtimes.values import Json, JsonObject, dump_json, parse_json

STRANGE = st.text(
    st.sampled_from('ab \n\t"\\\x00\x1b[31m\x9b\x9d\r\x7f\u200b\u202e\U000e0041\u00ad\ufe0f\u2764é'), max_size=12
)
OBJECTS = st.dictionaries(
    STRANGE,
    st.recursive(STRANGE | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(STRANGE, inner)),
    max_size=4,
)


def texts(value: Json) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in texts(item))]
    return [value] if isinstance(value, str) else []


@given(value=OBJECTS)
def test_no_text_of_a_value_hides_anything_and_it_stays_json(value: JsonObject) -> None:
    cleaned = clean_object(value)
    assert cleaned == clean_value(value)
    assert all(clean(text) == text for text in texts(cleaned))
    assert parse_json(dump_json(cleaned)) == cleaned


def test_a_value_that_hides_nothing_is_given_back_as_it_is() -> None:
    value: JsonObject = {"a": ["b", {"c": "d\n\t"}], "pattern": "x"}
    assert clean_object(value) is value


def test_what_may_hide_is_found_in_every_block_of_characters() -> None:
    marks = "\u0600\u06dd\u070f\u2800\U00013430"
    for (
        char
    ) in f"{marks}\u200b\u200d\u202e\u2066\ufeff\u00ad\ufe00\ufe0e\U000e0001\U000e0041\U000e0100\U0001d173\x00\x1b\x9b":
        assert HIDING.match(char)


def test_no_character_that_only_formats_is_left_unseen() -> None:
    formats = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) == "Cf"]
    assert [char for char in formats if clean(f"a{char}b") == f"a{char}b"] == []
