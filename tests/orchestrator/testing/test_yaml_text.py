"""Values are written as YAML that reads back as they are, and that people can review (issue 6)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.testing.format.yaml_text import yaml_text
from runtimes.documents import parse_yaml
from runtimes.values import Json

TEXTS = st.text(st.sampled_from("ab \n\t#:-|>'\"\r\u2028\x85é😀\x00{"), max_size=12) | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3) | st.lists(VALUES, min_size=1, max_size=3))
@example({"a": " b\nc\n\n\n"})
@example([["a\nb"], {"k": "a\n  b\n"}])
def test_what_is_written_reads_back(value: Json) -> None:
    assert parse_yaml(yaml_text(value).encode(), "value") == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"say": "one\ntwo"}, "say: |-\n  one\n  two\n"),
        ({"say": "one\n\ntwo\n"}, "say: |\n  one\n\n  two\n"),
        ({"say": "one\ntwo\n\n"}, "say: |+\n  one\n  two\n\n"),
        ({"say": " one\ntwo"}, "say: |2-\n   one\n  two\n"),
        ([{"a": ["x\ny", 1]}], "- a:\n    - |-\n      x\n      y\n    - 1\n"),
        ({"say": "one\n"}, 'say: "one\\n"\n'),
    ],
)
def test_a_text_of_several_lines_is_a_block(value: Json, text: str) -> None:
    assert yaml_text(value) == text


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "null", "True"])
def test_a_word_that_some_readers_take_for_no_text_is_quoted(word: str) -> None:
    assert yaml_text({"a": word, word: 1}) == f'a: "{word}"\n"{word}": 1\n'
