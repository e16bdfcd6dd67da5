"""An Adaptive Card reads well as plain text, and a hostile one is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Card
from orchestrator.render.cards import MAX_CARD_LINE, MAX_CARD_LINES, card_lines
from runtimes.values import Json, JsonObject

TYPES = (
    "TextBlock",
    "FactSet",
    "Container",
    "ColumnSet",
    "Table",
    "ActionSet",
    "Action.OpenUrl",
    "Input.Text",
    "Image",
)
MEMBERS: tuple[str, ...] = (
    "type",
    "text",
    "items",
    "columns",
    "rows",
    "cells",
    "facts",
    "actions",
    "title",
    "value",
    "url",
    "fallback",
)


def _nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    lists: st.SearchStrategy[Json] = st.lists(inner, max_size=4)
    objects: st.SearchStrategy[Json] = st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    return lists | objects


LEAVES: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(TYPES)
)
CARDS: st.SearchStrategy[Json] = st.recursive(LEAVES, _nested, max_leaves=30)


def lines_of(*body: Json, actions: list[Json] | None = None) -> list[str]:
    return list(card_lines(Card(body={"type": "AdaptiveCard", "body": list(body), "actions": actions or []})))


def test_a_card_with_the_usual_elements() -> None:
    """Issue 2, item 9: cards shown as text."""
    assert lines_of(
        {"type": "TextBlock", "text": "24 Rainier Ave\n\nSeattle", "weight": "Bolder"},
        {"type": "Image", "url": "https://example.test/house.png", "altText": "A red house"},
        {"type": "FactSet", "facts": [{"title": "Beds", "value": "3"}, {"title": "Price:", "value": "$950,000"}]},
        {
            "type": "ColumnSet",
            "columns": [
                {"type": "Column", "items": [{"type": "TextBlock", "text": "Left"}]},
                {"type": "Column", "items": [{"type": "TextBlock", "text": "Right"}]},
            ],
        },
        {"type": "RichTextBlock", "inlines": ["Open ", {"type": "TextRun", "text": "house"}]},
        actions=[{"type": "Action.OpenUrl", "title": "View", "url": "https://example.test/24"}],
    ) == [
        "24 Rainier Ave",
        "Seattle",
        "[image: A red house]",
        "Beds: 3",
        "Price: $950,000",
        "Left | Right",
        "Open house",
        "-> View: https://example.test/24",
    ]


@pytest.mark.parametrize(
    ("element", "lines"),
    [
        ({"type": "Carousel"}, ["[Carousel: not shown in a terminal]"]),
        ({"type": "Carousel", "fallback": {"type": "TextBlock", "text": "plain"}}, ["plain"]),
        ({"type": "Carousel", "fallback": "drop"}, []),
        ({}, ["[element without a type: not shown in a terminal]"]),
        ({"type": "TextBlock", "text": "hidden", "isVisible": False}, []),
        ({"type": "Input.Text", "label": "Name"}, ["[Text field: Name; not available in a terminal]"]),
        ({"type": "Image"}, ["[image: no description]"]),
        (
            {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "Buy"}]},
            ["[Buy: not available in a terminal]"],
        ),
    ],
)
def test_what_a_terminal_cannot_show_is_named(element: JsonObject, lines: list[str]) -> None:
    assert lines_of(element) == (lines or ["[empty card]"])


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "", None, "https://a b"])
def test_only_web_addresses_are_shown_as_links(url: Json) -> None:
    [line] = lines_of(actions=[{"type": "Action.OpenUrl", "title": "View", "url": url}])
    assert line == "[View: its address is not a web address]"


def test_a_card_of_which_only_the_data_is_known_is_shown_as_that_data() -> None:
    """spec 13.2.2."""
    card = Card(
        template="https://copilot.microsoft.com/schemas/visual-templates/flight_status_v1.0.json",
        body={"cardContent": {"flightId": "LH490", "onTime": True, "stops": ["FRA", "SEA"], "gate": None}},
    )
    assert card_lines(card) == (
        "card flight_status_v1.0",
        "cardContent:",
        "  flightId: LH490",
        "  onTime: true",
        "  stops:",
        "    - FRA",
        "    - SEA",
        "  gate:",
    )


def test_escape_sequences_in_a_card_are_not_shown() -> None:
    assert lines_of({"type": "TextBlock", "text": "\x1b[2Jsafe"}) == ["safe"]


def test_a_deep_card_ends_in_a_note() -> None:
    element: JsonObject = {"type": "TextBlock", "text": "bottom"}
    for _ in range(60):
        element = {"type": "Container", "items": [element]}
    assert lines_of(element) == ["[more, nested too deep to show]"]


def test_a_long_card_is_cut_and_says_so() -> None:
    block: JsonObject = {"type": "TextBlock", "text": "x" * 1000}
    lines = lines_of(*[block] * 500)
    assert len(lines) == MAX_CARD_LINES
    assert len(lines[0]) == MAX_CARD_LINE
    assert lines[-1] == f"… and {500 - MAX_CARD_LINES + 1} more lines"


@given(CARDS, CARDS)
def test_any_card_becomes_bounded_single_lines(body: Json, actions: Json) -> None:
    for line in card_lines(Card(body={"body": body, "actions": actions})):
        assert len(line) <= MAX_CARD_LINE
        assert "\n" not in line


@given(CARDS)
def test_any_data_becomes_bounded_single_lines(data: Json) -> None:
    for line in card_lines(Card(template="https://example.test/t.json", body={"data": data})):
        assert "\n" not in line
