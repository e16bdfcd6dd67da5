"""Texts are cut where a reader would cut them, and never become templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.authoring.wording import cut, first_sentence, label, one_line


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 20, "short"),
        ("Contoso Real Estate Listings", 20, "Contoso Real Estate…"),
        ("Donaudampfschifffahrtsgesellschaft", 20, "Donaudampfschifffah…"),
        ("exactly twenty chars", 20, "exactly twenty chars"),
        ("a price of ${{CURRENCY}} a day", 16, "a price of…"),
    ],
)
def test_a_long_text_ends_at_a_word_and_never_inside_a_placeholder(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(text=st.text(max_size=300), limit=st.integers(min_value=4, max_value=100))
def test_a_line_keeps_its_limit_and_is_one_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert "[[a" not in one_line(text + "[[a]]", limit)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("listPrice", "List price"),
        ("list_price_USD", "List price USD"),
        ("post-id", "Post id"),
        ("$filter", "Filter"),
        ("{{x}}**", "X"),
        ("größe", "Größe"),
        ("***", ""),
    ],
)
def test_a_name_becomes_words_without_marks(name: str, expected: str) -> None:
    assert label(name) == expected


def test_the_first_sentence_ends_at_its_full_stop_or_at_the_line() -> None:
    assert first_sentence("Finds homes. And more.") == "Finds homes."
    assert first_sentence("\n  Version 1.2 of it\nis out.") == "Version 1.2 of it"
