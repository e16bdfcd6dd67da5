"""Whatever a card is made of, its text is bounded, and nothing in it reaches the terminal but what can be read."""

from __future__ import annotations

import unicodedata
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from orchestrator.content import Card
from orchestrator.render.cards import Look, card_lines
from orchestrator.render.cards.lines import MAX_DRAWN_LINES, MIN_WIDTH
from orchestrator.render.cards.reading import MAX_CARD_DEPTH, MAX_ELEMENTS
from orchestrator.render.cards.text import MAX_CARD_LINES, MAX_LINE
from orchestrator.response.card_forms import choices_of
from orchestrator.response.card_standing import KNOWN, standing
from runtimes.values import Json, JsonObject
from tests.pace import soon

WORDS = (
    "auto",
    "stretch",
    "80px",
    "right",
    "center",
    "large",
    "good",
    "drop",
    "true",
    "password",
    "*",
    "1.2",
    "a",
    "id",
)
TEXTS = (
    "**b** _i_ [l](https://e.test/x) [j](javascript:x)",
    "- one\n  - two\n\n7. seven",
    "{{DATE(2026-11-21T09:30:00Z, LONG)}} {{TIME(9999-12-31T23:59:59-12:00)}}",
    "\x1b[31mred\x1b]0;title\x07 \u202eright\u2066 \x9b2J",
    "宽字符の中 👩\u200d👩\u200d👧 e\u0301 ❤\ufe0f \u200d \ufe0f 🇩🇪",
    "averyveryverylongwordwithoutanyspaceinitatallsothatitmustbebrokensomewhere",
)
ITEMS = ("body", "items", "actions", "inlines", "images", "columns", "rows", "cells", "pages", "facts", "choices")
MEMBERS = (
    *ITEMS,
    *("type", "text", "title", "value", "url", "fallback", "selectAction", "inlineAction", "card", "requires", "id"),
    *("isVisible", "targetElements", "elementId", "width", "spacing", "separator", "style", "wrap", "maxLines", "lang"),
    *("horizontalAlignment", "firstRowAsHeader", "isMultiSelect", "sources", "altText", "label", "min", "max"),
)
CHARACTERS = st.characters() | st.sampled_from("\x1b\x9b\u202e\u200d\ufe0f宽👩é\u0301 1#*")
LEAVES: st.SearchStrategy[Json] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(CHARACTERS, max_size=40)
    | st.sampled_from((*WORDS, *TEXTS))
)


TYPES: st.SearchStrategy[Json] = st.sampled_from(sorted(KNOWN)) | st.sampled_from(("Badge", "Action.Fly"))


def _element(kind: Json, own: JsonObject, children: JsonObject) -> JsonObject:
    return {**children, **own, "type": kind}


def _card(own: JsonObject, body: list[Json], actions: list[Json]) -> JsonObject:
    return {"body": body, "actions": actions, **own}


def _objects(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[JsonObject]:
    """Elements: a type, some members, and children in the members that may have some."""
    members: st.SearchStrategy[JsonObject] = st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=3)
    children: st.SearchStrategy[JsonObject] = st.dictionaries(st.sampled_from(ITEMS), lists, min_size=1, max_size=3)
    return st.builds(_element, TYPES, members, children)


def _nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=4)
    objects: st.SearchStrategy[Json] = _objects(inner)
    return objects | lists


ANYTHING: st.SearchStrategy[Json] = st.recursive(LEAVES, _nested, max_leaves=10)
ELEMENTS: st.SearchStrategy[list[Json]] = st.lists(_objects(ANYTHING), min_size=1, max_size=4)
CARDS: st.SearchStrategy[JsonObject] = st.builds(
    _card,
    st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=2),
    ELEMENTS,
    ELEMENTS,
)
TEMPLATES = st.none() | st.text(CHARACTERS, max_size=20)


def _is_control(char: str) -> bool:
    """Control characters, halves of characters, line ends, and what turns the reading direction."""
    return (
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or "\u202a" <= char <= "\u202e" or char in "\u2066\u2067"
    )


@given(CARDS, st.sampled_from((40, 80, 160)) | st.integers(MIN_WIDTH, 60), TEMPLATES)
def test_any_card_is_lines_within_the_width_without_control_characters(
    body: JsonObject, width: int, template: str | None
) -> None:
    """Issue 5, line 6."""
    card = Card(body=body, template=template, notes=("a note that is longer than the narrowest width",))
    lines = card_lines(card, Look(width=width, first=1, zone=UTC))
    assert 0 < len(lines) <= MAX_CARD_LINES + 10
    for line in lines:
        assert cell_len(line) <= width
        assert not any(map(_is_control, line))
        assert line == line.rstrip()


@given(CARDS)
def test_every_number_on_a_card_is_that_of_a_choice(body: JsonObject) -> None:
    numbered = "\n".join(card_lines(Card(body=body), Look(width=160, first=700, zone=UTC)))
    count = len(choices_of(standing(body)))
    assert all(f"({number})" not in numbered for number in range(700 + count, 760))


def test_a_deep_card_ends_in_a_note() -> None:
    element: JsonObject = {"type": "TextBlock", "text": "bottom"}
    for _ in range(400):
        element = {"type": "Container", "items": [element]}
    assert card_lines(Card(body={"body": [element]})) == ("[more, nested too deep to show]",)
    assert MAX_CARD_DEPTH < 400


def test_a_long_card_is_cut_and_says_so() -> None:
    blocks: list[Json] = [{"type": "TextBlock", "text": str(number)} for number in range(MAX_CARD_LINES + 10)]
    lines = card_lines(Card(body={"body": blocks}))
    assert len(lines) == MAX_CARD_LINES
    assert lines[-1] == "… and 11 more lines"


LETTER: JsonObject = {"type": "TextBlock", "text": "x"}


def _row(*elements: JsonObject) -> Json:
    return {"cells": [{"items": [element]} for element in elements]}


def _named(header: JsonObject) -> JsonObject:
    """A table too wide to stand in rows, so that the header is the name before every value."""
    wide: JsonObject = {"type": "TextBlock", "text": "w" * 28}
    return {"type": "Table", "rows": [_row(header, wide, wide, wide), *[_row(LETTER)] * 30]}


@pytest.mark.parametrize("width", [40, 80])
def test_tables_inside_each_other_take_no_more_work_at_every_level(width: int) -> None:
    table = LETTER
    for _ in range(MAX_CARD_DEPTH // 2):
        table = _named(table)
    with soon(5):
        lines = card_lines(Card(body={"body": [table]}), Look(width=width))
    assert len(lines) <= MAX_CARD_LINES + 1


def test_lines_that_are_not_shown_are_not_drawn_without_end() -> None:
    """Columns beside each other, each of as many lines as its text can have."""
    text: JsonObject = {"type": "TextBlock", "text": "a\n" * 2_000, "wrap": True}
    columns: list[Json] = [{"width": "auto", "items": [text]} for _ in range(10)]
    element: Json = {"type": "ColumnSet", "columns": columns}
    lines = card_lines(Card(body={"body": [element, element, element]}))
    assert lines[MAX_CARD_LINES - 1] == f"… and at least {MAX_DRAWN_LINES - MAX_CARD_LINES + 1} more lines"


def test_a_card_of_too_many_elements_is_cut_and_says_so() -> None:
    images: list[Json] = [{"type": "Image", "altText": ""} for _ in range(MAX_ELEMENTS * 2)]
    lines = card_lines(Card(body={"body": [{"type": "ImageSet", "images": images}]}))
    assert lines[-1] == "[… the card has more than is shown]"


def test_a_text_without_end_is_cut_and_says_so() -> None:
    lines = card_lines(Card(body={"body": [{"type": "TextBlock", "text": "word " * 100_000, "wrap": True}]}))
    assert len(lines) < MAX_CARD_LINES
    assert lines[-1] == "[… the card has more than is shown]"


def test_marks_without_a_width_do_not_pile_up_without_end() -> None:
    (line, *_) = card_lines(Card(body={"body": [{"type": "TextBlock", "text": "e" + "\u0301" * 3_000}]}))
    assert len(line) == MAX_LINE


def test_a_text_of_brackets_is_shown_as_it_was_written() -> None:
    (line, *_) = card_lines(Card(body={"body": [{"type": "TextBlock", "text": "[" * 4_000}]}))
    assert line == "[" * 79 + "…"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://user@evil.test/",
        "https://a b",
        "https://a\u202eb.test",
        "//example.test",
        "https:\\\\example.test",
        "https://[",
        "",
        None,
        7,
    ],
)
def test_what_is_no_web_address_is_no_link(url: Json) -> None:
    """Issue 5, "what it must show": `javascript:` and `data:` URLs are neutralised."""
    open_url: JsonObject = {"type": "Action.OpenUrl", "title": "View", "url": url}
    assert card_lines(Card(body={"actions": [open_url]})) == ("[View: its address is not a web address]",)
    assert card_lines(Card(body={"body": [{"type": "Image", "url": url}]})) == ("[image]",)


def test_what_a_link_hides_is_seen() -> None:
    text = "[https://bank.test](https://evil.test)"
    assert card_lines(Card(body={"body": [{"type": "TextBlock", "text": text}]})) == (
        "https://bank.test (https://evil.test)",
    )


def test_entities_hide_no_control_characters() -> None:
    text = "&#x1b;[2J&#x202e;x&#10;y"
    (line,) = card_lines(Card(body={"body": [{"type": "TextBlock", "text": text}]}))
    assert "\x1b" not in line
    assert "\u202e" not in line
