"""Rich responses: an answer that is passed on as it is, and the cards in it that can be recognised (spec 8). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.content import Card, Shown
from orchestrator.manifest.model import Function
from orchestrator.response.templates import MAX_CARDS, fits, is_card
from runtimes.values import Json, depth_of, dump_json

RICH_RESPONSES = (
    "https://copilot.microsoft.com/schemas/rich-response-v1.0.json",
    "https://copilot.microsoft.com/schemas/rich-responses-v1.0.json",
)
"""What `returns.$ref` says of a rich response; the specification and the published schema spell it differently."""

MAX_RICH = 1_000_000
"""Characters of an answer that is passed on; a longer one is read as any other."""

MAX_RICH_DEPTH = 100
"""Containers inside each other in an answer that is passed on."""

MAX_VALUES = 20_000
"""Values of an answer that are looked at for cards."""


def is_rich(function: Function) -> bool:
    """True when the function says that its answers are rich responses."""
    return (function.returns or {}).get("$ref") in RICH_RESPONSES


def _cards(payload: Json) -> Iterator[Card]:
    """In reading order; a card inside a card is a part of it."""
    stack: list[Json] = [payload]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        value = stack.pop()
        if isinstance(value, dict) and is_card(value) and fits(value):
            yield Card(body=value, origin="rich")
        elif isinstance(value, dict):
            stack.extend(reversed(value.values()))
        elif isinstance(value, list):
            stack.extend(reversed(value))


def rich_response(payload: Json) -> Shown:
    """The answer, unchanged, and its cards."""
    if depth_of(payload) > MAX_RICH_DEPTH or len(dump_json(payload)) > MAX_RICH:
        limits = f"more than {MAX_RICH} characters, or is deeper than {MAX_RICH_DEPTH}"
        return Shown(notes=(f"the rich response is not passed on: it has {limits}",))
    cards = tuple(_cards(payload))
    return Shown(cards=cards[:MAX_CARDS], cards_left_out=len(cards[MAX_CARDS:]), rich=payload)
