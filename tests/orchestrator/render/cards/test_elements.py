"""Each element and action of Adaptive Cards 1.6 has a form that can be read."""

from __future__ import annotations

from datetime import UTC

import pytest

from orchestrator.content import Card
from orchestrator.render.cards import ASCII_SIGNS, Look, card_lines, card_text
from runtimes.values import Json, JsonObject


def lines_of(*body: Json, actions: list[Json] | None = None, width: int = 80) -> list[str]:
    card = Card(body={"type": "AdaptiveCard", "body": list(body), "actions": actions or []})
    return list(card_lines(card, Look(width=width, first=1, zone=UTC)))


def text(words: Json, **members: Json) -> JsonObject:
    return {"type": "TextBlock", "text": words, **members}


def column(*items: Json, **members: Json) -> JsonObject:
    return {"type": "Column", "items": list(items), **members}


def cell(words: str) -> JsonObject:
    return {"type": "TableCell", "items": [text(words, wrap=True)]}


def table(*rows: list[str], **members: Json) -> JsonObject:
    cells: list[Json] = [{"type": "TableRow", "cells": [cell(words) for words in row]} for row in rows]
    return {"type": "Table", "rows": cells, **members}


LONG = "a text of some length that will be wrapped"


@pytest.mark.parametrize(
    ("element", "lines"),
    [
        (text(f"one\n\ntwo {LONG}\nthree"), ["one", "two a text of some length tha…", "three"]),
        (text("one\n\ntwo\nthree", wrap=True), ["one", "two", "three"]),
        (text(LONG, wrap=True), ["a text of some length that", "will be wrapped"]),
        (text(LONG), ["a text of some length that wi…"]),
        (text(LONG, wrap=True, maxLines=1), ["a text of some length that…"]),
        (text(LONG, wrap="true", maxLines=0), ["a text of some length that", "will be wrapped"]),
        (text("- a\n- b", wrap=True), ["• a", "• b"]),
        (text("-"), ["•"]),
        (text("3) not a list of ours: 3. is", wrap=True), ["3. not a list of ours: 3. is"]),
        (text("# no heading, `no code`, <b>no HTML</b>"), ["# no heading, `no code`, <b>n…"]),
        (text("**bold** and _italic_"), ["bold and italic"]),
        (text(7), ["7"]),
        (text(""), ["[empty card]"]),
        (text("hidden", isVisible=False), ["[empty card]"]),
        (
            {"type": "RichTextBlock", "inlines": ["a ", {"text": "b", "strikethrough": True}, " c\nd"]},
            ["a ~~b~~ c", "d"],
        ),
        ({"type": "Image", "url": "https://e.test/a.png"}, ["[image: https://e.test/a.png]"]),
        ({"type": "Image", "url": "https://e.test/a.png", "altText": "A house"}, ["[image: A house]"]),
        ({"type": "Image"}, ["[image]"]),
        ({"type": "ImageSet", "images": [{"altText": "a"}, {"altText": "b"}]}, ["[image: a] [image: b]"]),
        (
            {"type": "Media", "sources": [{"mimeType": "audio/ogg", "url": "https://e.test/a"}]},
            ["[audio]", "→ audio/ogg: https://e.test/a"],
        ),
        ({"type": "Container", "items": [text("in")]}, ["in"]),
        ({"type": "Container", "style": "Attention", "items": [text("in")]}, ["│ in"]),
        ({"type": "Badge"}, ["[Badge: not shown in a", "terminal]"]),
        ({}, ["[element without a type: not", "shown in a terminal]"]),
        (text("x", requires={"hologram": "1.0"}), ["[TextBlock: needs hologram,", "which is not here]"]),
        (text("x", requires={"adaptiveCards": "1.6"}), ["x"]),
        ({"type": "Input.Text", "id": "n", "label": "Name"}, ["Name: [____]"]),
        ({"type": "Input.Text", "id": "n", "placeholder": "Name"}, ["Name: [____]"]),
        ({"type": "Input.Text", "id": "n", "label": "Name:", "isRequired": True}, ["Name (required): [____]"]),
        ({"type": "Input.Text", "id": "n", "style": "Password", "value": "hunter2"}, ["n: [****]"]),
        ({"type": "Input.Number", "id": "n", "value": 0, "max": 5}, ["n: [0] up to 5"]),
        ({"type": "Input.Rating", "id": "n", "label": "Stars"}, ["Stars: [____]"]),
        ({"type": "Input.Toggle", "id": "n", "title": "Yes?", "value": "true"}, ["[x] Yes?"]),
        ({"type": "Input.Toggle", "id": "n", "title": "Yes?", "value": "true", "valueOn": "1"}, ["[ ] Yes?"]),
        (
            {
                "type": "Input.ChoiceSet",
                "id": "n",
                "value": "b",
                "choices": [{"title": "A", "value": "a"}, {"value": "b"}],
            },
            ["n:", "  ( ) A", "  (x) b"],
        ),
    ],
)
def test_an_element_at_thirty_columns(element: JsonObject, lines: list[str]) -> None:
    assert lines_of(element, width=30) == lines


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        ({"type": "Action.OpenUrl", "title": "View", "url": "https://e.test"}, ["→ View: https://e.test"]),
        ({"type": "Action.OpenUrlDialog", "title": "View", "url": "http://e.test"}, ["→ View: http://e.test"]),
        ({"type": "Action.Submit", "title": "Buy"}, ["(1) Buy"]),
        ({"type": "Action.Execute", "verb": "buy"}, ["(1) buy"]),
        ({"type": "Action.Submit", "title": "Buy", "isEnabled": False}, ["[Buy] (not enabled)"]),
        ({"type": "Action.ShowCard", "title": "More", "card": {"body": [text("in")]}}, ["▸ More:", "  in"]),
        ({"type": "Action.ToggleVisibility", "title": "T"}, ["▸ T: shows nothing"]),
        ({"type": "Action.Fly", "title": "Fly"}, ["[Fly: Action.Fly is not available in a terminal]"]),
        ({"type": "Action.Fly", "title": "Fly", "fallback": "drop"}, ["[empty card]"]),
        ({"type": "Action.Fly", "fallback": {"type": "Action.Submit", "title": "Walk"}}, ["(1) Walk"]),
    ],
)
def test_an_action(action: JsonObject, lines: list[str]) -> None:
    assert lines_of(actions=[action]) == lines


def test_choices_stand_beside_each_other_where_they_go() -> None:
    submits: list[Json] = [{"type": "Action.Submit", "title": f"choice {name}"} for name in "abc"]
    assert lines_of(actions=submits) == ["(1) choice a   (2) choice b   (3) choice c"]
    assert lines_of(actions=submits, width=30) == ["(1) choice a   (2) choice b", "(3) choice c"]


def test_where_choices_cannot_be_taken_they_have_no_numbers() -> None:
    card = Card(body={"actions": [{"type": "Action.Submit", "title": "Buy"}]})
    assert card_lines(card) == ("[Buy]",)


@pytest.mark.parametrize("kind", ["Container", "Column", "Image", "ColumnSet"])
def test_an_element_that_can_be_chosen_says_what_that_does(kind: str) -> None:
    element: JsonObject = {
        "type": kind,
        "altText": "x",
        "items": [text("[image: x]")],
        "columns": [column(text("[image: x]"))],
        "selectAction": {"type": "Action.Submit", "title": "Take it"},
    }
    assert lines_of(element) == ["[image: x]", "(1) Take it"]


def test_a_piece_of_text_that_can_be_chosen_has_its_number_in_the_text() -> None:
    run: JsonObject = {"type": "TextRun", "text": "ask", "selectAction": {"type": "Action.Submit", "title": "Ask"}}
    assert lines_of({"type": "RichTextBlock", "inlines": ["Or ", run, "."]}) == ["Or ask (1)."]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (60, ["24 Rainier Ave  A house with three bedrooms and a   $950,000", "Seattle         view of the lake"]),
        (30, ["24 Rainier Ave", "Seattle", "A house with three bedrooms", "and a view of the lake", "$950,000"]),
    ],
)
def test_columns_stand_side_by_side_where_the_width_allows(width: int, lines: list[str]) -> None:
    columns: list[Json] = [
        column(text("24 Rainier Ave"), text("Seattle"), width="auto"),
        column(text("A house with three bedrooms and a view of the lake", wrap=True), width="stretch"),
        column(text("$950,000", horizontalAlignment="right"), width="72px"),
    ]
    assert lines_of({"type": "ColumnSet", "columns": columns}, width=width) == lines


def test_columns_of_weights_stand_below_those_of_the_next_row() -> None:
    def row(*words: str) -> JsonObject:
        return {"type": "ColumnSet", "columns": [column(text(word), width=1) for word in words]}

    assert lines_of(row("a", "b"), row("longer words", "c")) == ["a             b", "longer words  c"]


def test_facts_are_aligned_or_named_on_lines_of_their_own() -> None:
    facts: list[Json] = [{"title": "Beds", "value": "3"}, {"title": "Seller's agent:", "value": LONG}, {"title": "x"}]
    assert lines_of({"type": "FactSet", "facts": facts}) == [
        "Beds:            3",
        f"Seller's agent:  {LONG}",
        "x:",
    ]
    assert lines_of({"type": "FactSet", "facts": facts}, width=30) == [
        "Beds: 3",
        "Seller's agent:",
        "  a text of some length that",
        "  will be wrapped",
        "x:",
    ]


def test_a_table_has_a_header_and_lines() -> None:
    assert lines_of(table(["Name", "Price"], ["Tea", "$3"], ["喫茶店", "$12"])) == [
        "Name   │ Price",
        "───────┼──────",
        "Tea    │ $3",
        "喫茶店 │ $12",
    ]
    assert lines_of(table(["Tea", "$3"], ["Coffee", "$12"], firstRowAsHeader=False, showGridLines=False)) == [
        "Tea     $3",
        "Coffee  $12",
    ]


def test_a_narrow_table_names_every_cell() -> None:
    rows = ["Name", "Remarks"], ["Tea", LONG], ["Coffee", "none"]
    assert lines_of(table(*rows), width=20) == [
        "Name: Tea",
        "Remarks:",
        "  a text of some",
        "  length that will",
        "  be wrapped",
        "────────────────────",
        "Name: Coffee",
        "Remarks: none",
    ]


def test_what_is_hidden_is_shown_with_what_would_show_it() -> None:
    toggle: JsonObject = {
        "type": "Action.ToggleVisibility",
        "title": "Details",
        "targetElements": ["more", {"elementId": "less", "isVisible": False}],
    }
    shown = lines_of(text("the details", id="more", isVisible=False), text("in short", id="less"), actions=[toggle])
    assert shown == [
        "▸ hidden until “Details”:",
        "  the details",
        "in short",
        "",
        "▸ Details: shows or hides “more”; hides “less”",
    ]


def test_spacing_and_separators_part_elements_but_not_the_first() -> None:
    shown = lines_of(
        text("a", spacing="Large", separator=True), text("b", spacing="medium"), text("c", separator=True), text("d")
    )
    assert shown == ["a", "", "b", "─" * 16, "c", "d"]


def test_dates_are_written_in_the_language_of_the_card() -> None:
    words = text("{{DATE(2026-11-21T09:30:00Z, SHORT)}}, {{TIME(2026-11-21T09:30:00Z)}}")
    card = Card(body={"lang": "de-DE", "body": [words]})
    assert card_lines(card, Look(zone=UTC, locale="fr")) == ("Sa., 21. Nov. 2026, 09:30",)
    card = Card(body={"body": [words]})
    assert card_lines(card, Look(zone=UTC, locale="fr")) == ("sam. 21 nov. 2026, 09:30",)


def test_a_card_that_shows_nothing_has_its_text_for_that_case() -> None:
    body: JsonObject = {"fallbackText": "needs a **newer** host", "refresh": 3, "authentication": {"buttons": [7]}}
    assert card_lines(Card(body=body)) == ("needs a newer host",)


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


def test_notes_on_the_choice_of_a_card_follow_it() -> None:
    card = Card(body={"body": [text("x")]}, notes=("the static template failed",))
    assert card_lines(card) == ("x", "(the static template failed)")


def test_signs_can_be_those_of_ascii() -> None:
    body: JsonObject = {
        "body": [text("- a"), table(["a", "b"], ["c", "d"])],
        "actions": [{"type": "Action.OpenUrl", "title": "View", "url": "https://e.test"}],
    }
    lines = card_lines(Card(body=body), Look(signs=ASCII_SIGNS))
    assert lines == ("* a", "a | b", "--+--", "c | d", "", "-> View: https://e.test")


def test_colours_and_weights_are_styles_of_a_terminal() -> None:
    body: JsonObject = {"body": [text("a **b**", color="Warning", size="Large", isSubtle=True)]}
    ((first, second),) = card_text(Card(body=body), Look())
    assert (first.text, first.style) == ("a ", "bold dim yellow")
    assert (second.text, second.style) == ("b", "bold dim yellow")
