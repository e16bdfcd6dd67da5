"""Texts for regular expressions match them, or are not made at all."""

from __future__ import annotations

import random
import re

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.mock.patterns import NotMadeUp, text_matching

PATTERNS = (
    "",
    "^[A-Z]{3}$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^(red|green|blue)$",
    r"^#([0-9a-fA-F]{3}){1,2}$",
    r"^\w+@\w+\.com$",
    r"^[^\s@]+@[^\s@]+$",
    r"^\+?[1-9]\d{1,14}$",
    r"^a?b*c+?d{2,}$",
    r"^[\w.-]{1,64}$",
    r"^\u0041\x42\t?$",
    r"^\$\{x\}$",
    r"^[]a]?$",
    "^(((a)))$",
    "x|",
)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", range(5))
def test_a_text_matches_its_pattern(pattern: str, seed: int) -> None:
    try:
        text = text_matching(pattern, random.Random(seed))
    except NotMadeUp:
        assert pattern == r"^[]a]?$"  # in ECMA-262 a class that admits nothing
        return
    assert jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)


PIECES = st.sampled_from(
    ["a", "b", "[a-f]", "[^x]", r"\d", r"\w", ".", "(a|b)", "(?:cd)", "(e(f|g)?)", r"\.", "[0-9A-F-]", r"\/"]
)
COUNTS = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}", "+?"])


@given(st.lists(st.tuples(PIECES, COUNTS), max_size=6), st.integers(0, 1000))
def test_a_text_matches_any_pattern_put_together(pieces: list[tuple[str, str]], seed: int) -> None:
    pattern = "".join(piece + count for piece, count in pieces)
    assert re.fullmatch(pattern, text_matching(pattern, random.Random(seed)))


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)b",
        r"(a)\1",
        r"\p{L}+",
        "a{100000}",
        "(a{1000}){1000}",
        "(" * 50,
        "a" * 5000,
        "[z-a]",
        "*",
        "(a",
        "a)",
        "[a",
        "\\",
        "a{9999999}",
        r"\u00",
        "(" * 15 + "a" + "{9}){9}" * 15,
    ],
)
def test_what_is_beyond_it_is_not_made_up(pattern: str) -> None:
    with pytest.raises(NotMadeUp):
        text_matching(pattern, random.Random(1))


@given(st.text(max_size=40), st.integers(0, 10))
def test_no_pattern_breaks_it(pattern: str, seed: int) -> None:
    try:
        text = text_matching(pattern, random.Random(seed))
    except NotMadeUp:
        return
    assert len(text) <= 10_000
