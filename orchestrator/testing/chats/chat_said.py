"""What was said in a turn of a chat, as a turn of a conversation file says it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.content import AttachedFile, CardAction, ReturnedCard
from orchestrator.events import TurnStarted
from orchestrator.response.card_forms import Choice, choices_of, submitted
from orchestrator.response.card_inputs import Input, Unacceptable, accepted
from orchestrator.response.card_standing import standing
from runtimes.values import Json, JsonObject

Keep = Callable[[AttachedFile], JsonObject]
"""Puts a file of the conversation beside the conversation file, and says how that one names it. Raises: `Unrepeatable`
where it is not held any more."""


class Unrepeatable(Exception):
    """A turn cannot be played again; the message says why."""


def _is_accepted(field: Input, value: str) -> bool:
    try:
        return accepted(field, value) == value
    except Unacceptable:
        return False


def _taken(action: CardAction, choice: Choice, card: ReturnedCard) -> dict[str, str] | None:
    """What was put into the fields for this action; None where the choice cannot be the one that was taken."""
    data = action.data if isinstance(action.data, dict) else {}
    values = {field.id: str(data.get(field.id, "")) for field in choice.inputs}
    made = submitted(choice, values, call_id=card.call_id, result_id=card.result_id)
    if (made.title, made.verb, made.data) != (action.title, action.verb, action.data):
        return None
    put = [field for field in choice.inputs if values[field.id] != field.value]
    if not all(_is_accepted(field, values[field.id]) for field in put):
        return None
    return {field.id: values[field.id] for field in put}


def _choice(action: CardAction, cards: Sequence[ReturnedCard]) -> JsonObject:
    for number, card in enumerate(cards, start=1):
        if card.template is not None or (card.call_id, card.result_id) != (action.call_id, action.result_id):
            continue
        first = {choice.title: choice for choice in reversed(choices_of(standing(card.body)))}
        choice = first.get(action.title)
        taken = _taken(action, choice, card) if choice is not None else None
        if taken is not None:
            inputs: JsonObject = {"inputs": dict[str, Json](taken)} if taken else {}
            return {"choose": action.title, **({"card": number} if number > 1 else {}), **inputs}
    raise Unrepeatable("what was chosen in it is not on a card of the turn before")


def said(started: TurnStarted, cards: Sequence[ReturnedCard], keep: Keep) -> JsonObject:
    """The words, or the choice on one of the cards of the turn before. Raises: `Unrepeatable`."""
    words: JsonObject = {"text": started.text}
    if started.action is not None:
        words = _choice(started.action, cards)
    files: list[Json] = [keep(file) for file in started.attachments]
    return {**words, **({"attachments": files} if files else {})}
