"""Cards on a console: framed and coloured on a terminal, plain in a pipe, never wider than either."""

from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len

from orchestrator.content import Card, Shown
from orchestrator.events import CallReturned
from orchestrator.render.card_view import MAX_CARDS, MAX_NOTES, MAX_TEXT_LINES, TurnCards, print_card
from orchestrator.render.console import console_for
from runtimes.values import Json, JsonObject

BODY: list[Json] = [
    {"type": "TextBlock", "text": "A **bold** 宽字符 word", "color": "good", "wrap": True},
    {"type": "RichTextBlock", "inlines": [{"text": "old", "strikethrough": True}]},
    {"type": "TextBlock", "text": " "},
]
ACTIONS: list[Json] = [{"type": "Action.Submit", "title": "Go"}]
CARD = Card(body={"body": BODY, "actions": ACTIONS})


def _printed(card: Card, *, is_live: bool, width: int = 40, environ: dict[str, str] | None = None) -> str:
    file = StringIO()
    console = console_for(file, is_live=is_live, width=width, environ={"TERM": "xterm-256color", **(environ or {})})
    print_card(console, card, is_live=is_live, first=3)
    return file.getvalue()


def test_in_a_pipe_a_card_is_plain_lines_with_a_mark() -> None:
    """Issue 5, line 6: without colours in a pipe."""
    assert _printed(CARD, is_live=False) == "| A bold 宽字符 word\n| ~~old~~\n|\n| (3) Go\n"


def test_on_a_terminal_a_card_is_framed_and_coloured() -> None:
    text = _printed(CARD, is_live=True)
    assert "\x1b[1;32mbold\x1b[0m" in text
    assert "\x1b[9mold\x1b[0m" in text
    assert "~~" not in text


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_frame_keeps_to_the_width_and_wraps_nothing_again(width: int) -> None:
    words = "東京都千代田区 and some more words, " * 20
    card = Card(body={"body": [{"type": "TextBlock", "text": words, "wrap": True}]})
    lines = _printed(card, is_live=True, width=width, environ={"NO_COLOR": "1"}).splitlines()
    plain = [line.replace("\x1b[2m", "").replace("\x1b[0m", "") for line in lines]
    assert {cell_len(line) for line in plain} == {cell_len(plain[0])}
    assert cell_len(plain[0]) <= width


def test_the_texts_of_local_plugins_are_lines_clean_and_bounded() -> None:
    """Spec 13.2.1: what is no card is text, for the person too."""
    cards = TurnCards()
    cards.read(CallReturned(call_id="c", text="", shown=Shown(text="one\x1b[31m\ntwo")))
    cards.read(CallReturned(call_id="d", text="", shown=Shown(text="x\n" * 500)))
    first, second = cards.texts()
    assert len(first) == 2
    assert first[1] == "two"
    assert "\x1b" not in first[0]
    assert len(second) == MAX_TEXT_LINES + 1
    assert second[-1] == f"… and {500 - MAX_TEXT_LINES} more lines"


def test_where_the_encoding_has_few_signs_cards_are_drawn_with_those() -> None:
    raw = BytesIO()
    with TextIOWrapper(raw, encoding="ascii", errors="replace") as file:
        facts: JsonObject = {"type": "Container", "style": "good", "items": [{"type": "TextBlock", "text": "- in"}]}
        print_card(console_for(file, is_live=False, width=40), Card(body={"body": [facts]}), is_live=False)
        file.flush()
        assert raw.getvalue() == b"| | * in\n"


def _returned(*cards: Card, left_out: int = 0, notes: tuple[str, ...] = ()) -> CallReturned:
    return CallReturned(call_id="c1", text="", shown=Shown(cards=cards, cards_left_out=left_out, notes=notes))


def test_cards_beyond_the_limit_are_counted_and_what_is_missing_is_said() -> None:
    cards = TurnCards()
    cards.read(_returned(*[CARD] * MAX_CARDS, CARD, left_out=2, notes=("no template",)))
    cards.read(_returned(notes=("no template", *map(str, range(MAX_NOTES)))))
    assert [card.first for card in cards.offered()] == list(range(1, MAX_CARDS + 1))
    assert cards.remarks() == ("… and 3 more cards", "no template", *map(str, range(MAX_NOTES - 1)))


def test_data_for_a_template_that_is_not_known_has_no_choices() -> None:
    cards = TurnCards()
    cards.read(_returned(Card(body={"actions": ACTIONS}, template="https://example.test/t.json"), CARD))
    first, second = cards.offered()
    assert (first.offers, second.first) == ((), 1)
