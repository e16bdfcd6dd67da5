"""What to do about a text that no parser takes: JSON and YAML, each with the reason that its parser gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.manifest.parse_hints import parse_hint
from runtimes.documents import DocumentError, parse_document


def hint_for(text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document(text.encode(), "file")
    return parse_hint(caught.value.reason, text, caught.value.line, caught.value.column)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"a": 1,}', "remove the comma"),
        ('{"a": [1,]}', "remove the comma"),
        ('{"a": 1 // c\n}', "no comments"),
        ('{/* c */"a": 1}', "no comments"),
        ('{"a": 1, # c\n"b": 2}', "no comments"),
        ('{"a": NaN}', "no such number"),
        ("{'a': 1}", "double quotes"),
        ("{\"a\": 'b'}", "double quotes"),
        ("{\u201ca\u201d: 1}", "straight double quotes"),
        ("{a: 1}", "double quotes"),
        ('{"a": True}', "small letters"),
        ('{"a": None}', "write null"),
        ('{"a": 1 "b": 2}', "put a comma"),
        ('{"a": 1', "closed"),
        ('{"a": "x\ny"}', r"as \n"),
        ('{"a": "C:\\dir"}', r"as \\"),
        ('{"a": 01}', "remove the zero"),
        ('{"a": .5}', "digits on both sides"),
        ('{"a": 1}\n{"b": 2}', "keep one document"),
        ("a:\n\tb: 1", "indent with spaces"),
        ("a: 1\n\tb: 2", "indent with spaces"),
        ("a: 1\na: 2", "remove one"),
        ("a: @b", "into quotes"),
        ("a: `b`", "into quotes"),
        ("a: b: c", "has a colon in it"),
        ("a: 'it's'", "indented alike"),
        ("- a\nb: c", "indented alike"),
        ("a: [1, 2", "close the bracket"),
        ('a: "C:\\dir"', r"as \\"),
        ("a: 1\n---\nb: 2", "keep one document"),
    ],
)
def test_an_obvious_mistake_has_a_hint(text: str, hint: str) -> None:
    assert hint in hint_for(text)


@pytest.mark.parametrize("text", ["a: *x", '{"a" 1}', "? [a]\n: b"])
def test_what_is_not_obvious_has_none(text: str) -> None:
    assert hint_for(text) == ""


@given(st.text(), st.text(max_size=99), st.integers(-1, 9), st.integers(-1, 99))
def test_any_reason_and_any_place_will_do(reason: str, text: str, line: int, column: int) -> None:
    assert "\n" not in parse_hint(reason, text, line, column)
