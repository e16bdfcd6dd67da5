"""Rich responses are passed on, and their cards shown (spec 8; issue 5, line 5)."""

from __future__ import annotations

import pytest

from orchestrator.content import Card, Shown
from orchestrator.event_json import decode, encode
from orchestrator.events import CallReturned
from orchestrator.manifest.model import Function
from orchestrator.response.outcome import read_result
from orchestrator.response.presentation import Presentation
from orchestrator.response.rich_response import MAX_RICH, RICH_RESPONSES, is_rich, rich_response
from orchestrator.response.templates import MAX_CARDS
from runtimes.base import CallResult
from runtimes.values import Json, JsonObject

CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [],
    "actions": [{"card": {"type": "AdaptiveCard"}}],
}
ANSWER: Json = {
    "type": "message",
    "attachments": [
        {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD},
        {"contentType": "image/png", "contentUrl": "https://pictures.example/1"},
    ],
    "last": {**CARD, "version": "1.6"},
}


@pytest.mark.parametrize("reference", RICH_RESPONSES)
def test_both_spellings_declare_a_rich_response(reference: str) -> None:
    """Spec 8.1 has the plural, the published schema the singular."""
    assert is_rich(Function(name="f", returns={"$ref": reference}))


@pytest.mark.parametrize(
    "returns", [None, {}, {"type": "string"}, {"$ref": "https://elsewhere.example"}, {"$ref": [1]}]
)
def test_other_declarations_do_not(returns: JsonObject | None) -> None:
    assert not is_rich(Function(name="f", returns=returns))


def test_the_answer_is_passed_on_unchanged_and_its_cards_are_shown() -> None:
    text, shown = read_result(
        CallResult(payload=ANSWER),
        runtime_type="OpenApi",
        semantics=None,
        base="https://api.example",
        presentation=Presentation(is_rich=True),
    )
    assert shown.rich is ANSWER
    assert shown.cards == (Card(body=CARD, origin="rich"), Card(body={**CARD, "version": "1.6"}, origin="rich"))
    assert '"type":"message"' in text

    fact = CallReturned(call_id="c", text=text, shown=shown)
    assert decode(encode(fact)) == fact


def test_cards_in_a_rich_response_have_a_limit() -> None:
    cards: list[Json] = [CARD] * (MAX_CARDS + 3)
    shown = rich_response(cards)
    assert len(shown.cards) == MAX_CARDS
    assert shown.cards_left_out == 3


@pytest.mark.parametrize("size", [MAX_RICH - 2, MAX_RICH - 1])
def test_a_long_rich_response_is_not_passed_on(size: int) -> None:
    payload = "x" * size
    shown = rich_response(payload)
    assert (shown.rich == payload) is (size == MAX_RICH - 2)
    assert bool(shown.notes) is (size == MAX_RICH - 1)


def test_a_deep_rich_response_is_not_passed_on() -> None:
    deep: Json = 1
    for _ in range(110):
        deep = [deep]
    assert rich_response(deep) == Shown(
        notes=("the rich response is not passed on: it has more than 1000000 characters, or is deeper than 100",)
    )
