"""Numbers as people of a locale write them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.cards.number_formats import format_number


def test_separators_follow_the_locale() -> None:
    assert {name: format_number(-1234567.891, 2, name) for name in ("en-US", "de-DE", "de-CH", "fr-FR", "en-IN")} == {
        "en-US": "\N{MINUS SIGN}1,234,567.89",
        "de-DE": "\N{MINUS SIGN}1.234.567,89",
        "de-CH": "\N{MINUS SIGN}1'234'567,89",
        "fr-FR": "\N{MINUS SIGN}1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,89",
        "en-IN": "\N{MINUS SIGN}12,34,567.89",
    }


def test_arabic_locales_write_their_own_digits() -> None:
    assert format_number(1234.5, 1, "ar-EG") == "\u0661\u066c\u0662\u0663\u0664\u066b\u0665"


def test_an_unknown_locale_is_written_as_in_the_united_states() -> None:
    assert format_number(1234.5, 1, "xx-XX") == "1,234.5"


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert format_number(-0.001, 2, "en-US") == "0.00"


@given(st.floats(-1e15, 1e15), st.integers(0, 6))
def test_a_formatted_number_reads_back_as_the_number_to_that_precision(number: float, precision: int) -> None:
    text = format_number(number, precision, "en-US")
    assert re.fullmatch(r"\u2212?\d{1,3}(,\d{3})*(\.\d+)?", text)
    read = float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert abs(read - number) <= 0.5000001 * 10**-precision + abs(number) * 1e-15


@given(st.integers() | st.floats(allow_nan=False), st.integers(0, 400), st.sampled_from(["en-US", "en-IN", "ar-EG"]))
def test_no_number_is_too_large_to_be_written(number: int | float, precision: int, locale: str) -> None:
    assert format_number(number, precision, locale)
