"""Text from outside never moves the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.render.sanitize import MAX_SEQUENCE, Sanitizer, clean, clean_line

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "\x1b[]PX^_\\;0123mHJK?\x07\x9b\x9c\x9d\x90\n\t\r\u202e\u200b\u200d\ufeff\ufe0f\U000e0041\u2764"
        ),
        st.characters(),
    )
)


@given(HOSTILE)
def test_no_control_character_survives_but_newline_and_tab(text: str) -> None:
    """Issue 2, item 9."""
    for char in clean(text):
        assert char in "\n\t" or char >= " "
        assert not "\x7f" <= char <= "\x9f"


@given(HOSTILE)
def test_nothing_that_hides_or_turns_text_survives(text: str) -> None:
    assert not set(clean(text)) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@given(st.lists(HOSTILE))
def test_a_stream_is_cleaned_alike_wherever_it_is_split(pieces: list[str]) -> None:
    stream = Sanitizer()
    assert "".join(stream.feed(piece) for piece in pieces) == clean("".join(pieces))


@given(HOSTILE)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(HOSTILE)
def test_whatever_comes_out_can_be_written_as_utf8(text: str) -> None:
    clean(text).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("a\x1b[31mred\x1b[0mb", "aredb"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jeight bit", "eight bit"),
        ("\x9dtitle\x9cafter", "after"),
        ("\x1b]never closed\nnext line", "\nnext line"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("\x1b(Bcharset", "charset"),
        ("\x1b\x1b[31mtwice", "twice"),
        ("over\rwritten", "overwritten"),
        ("back\x08\x7fspace", "backspace"),
        ("two\r\nlines", "two\nlines"),
        ("one\u2028two", "one\ntwo"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("pay\u200bpal", "pay<U+200B>pal"),
        ("a\u200db", "a<U+200D>b"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\u06cc\u200c\u200c", "\u06cc\u200c<U+200C>"),
        ("hidden\U000e0041", "hidden<U+E0041>"),
        ("\u00e9\u200d\u00e9", "\u00e9<U+200D>\u00e9"),
        ("\u8a9e\u200d", "\u8a9e<U+200D>"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("1\ufe0f\u20e3 \u2764\ufe0f", "1\ufe0f\u20e3 \u2764\ufe0f"),
        ("\u2764\ufe0f\ufe0e\ufe0f", "\u2764\ufe0f<U+FE0E><U+FE0F>"),
        ("a\ufe0fb\ufe00", "a<U+FE0F>b<U+FE00>"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_what_is_shown_of_a_text(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_sequence_that_never_ends_does_not_swallow_the_rest() -> None:
    assert clean("\x1b]" + "x" * (MAX_SEQUENCE + 3)) == "xxx"


def test_a_line_stays_one_line() -> None:
    assert clean_line("  two\n\tlines\x1b[2J ") == "two lines"
