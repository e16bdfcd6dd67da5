"""A model's Markdown is laid out without losing or hiding anything, and block by block."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.render.console import console_for
from orchestrator.render.markdown import MAX_BLOCK, Prose, settled
from orchestrator.render.sanitize import clean

MARKDOWN = st.lists(
    st.sampled_from(
        [
            "# ",
            "- ",
            "1. ",
            "> ",
            "```",
            "\n",
            "\n\n",
            "    ",
            "|",
            "---",
            "**",
            "`",
            "[a](b)",
            "word ",
            "<b>",
            "&#27;",
            "~~",
        ]
    )
    | st.text(max_size=5),
    max_size=30,
).map("".join)


def laid_out(text: str, width: int = 60) -> str:
    file = StringIO()
    console_for(file, is_live=False, width=width).print(Prose(text), soft_wrap=False)
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# Title", ["Title"]),
        ("a **b** `c`", ["a b c"]),
        ("[here](https://example.test/x)", ["here (https://example.test/x)"]),
        ("![a house](https://example.test/h.png)", ["!a house (https://example.test/h.png)"]),
        ("<script>x</script>\n\nend", ["<script>x</script>", "", "end"]),
        ("- one\n- two", [" • one", " • two"]),
        ("```sh\nls -l\n```", ["  ls -l"]),
        ("hidden &#x202e; turn", ["hidden <U+202E> turn"]),
    ],
)
def test_what_markdown_looks_like(text: str, lines: list[str]) -> None:
    assert laid_out(text).splitlines() == lines


def test_an_escape_sequence_cannot_be_smuggled_in_by_encoding_it() -> None:
    assert "\x1b" not in laid_out("&#27;[2J &#x9b;2J <https://example.test/%1b[2J> [x](https://example.test/%1b%5b2J)")


@pytest.mark.parametrize("width", [1, 10, 80])
@pytest.mark.parametrize(
    "text", ["> " * 40 + "bottom", "".join("  " * level + "- x\n" for level in range(40)) + "bottom"]
)
def test_text_is_not_lost_however_deep_it_nests(text: str, width: int) -> None:
    assert "bottom" in "".join(laid_out(text, width).split())


@given(MARKDOWN, st.integers(1, 100))
def test_any_text_can_be_laid_out(text: str, width: int) -> None:
    assert "\x1b" not in laid_out(clean(text), width)


@given(MARKDOWN, MARKDOWN)
def test_what_is_settled_stays_settled(text: str, more: str) -> None:
    text, more = clean(text), clean(more)
    end = settled(text)
    assert 0 <= end <= len(text)
    assert settled(text + more) >= end


def test_a_finished_block_settles_when_the_next_begins() -> None:
    text = "first\n\nsecond\n"
    assert text[: settled(text)] == "first\n\n"
    assert settled("```\nopen\n\nstill open\n") == 0
    assert settled("- one\n\n- two\n") == 0


def test_a_block_that_grows_too_long_settles_up_to_its_last_line() -> None:
    text = "- x\n" * MAX_BLOCK + "- tail"
    assert text[settled(text) :] == "- tail"
