"""What a person can do on an Adaptive Card: its choices in reading order, and the message that one becomes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestrator.content import CardAction
from orchestrator.response.card_flags import flag
from orchestrator.response.card_inputs import Input, read_input
from runtimes.values import Json, JsonObject

MAX_CHOICES = 50
"""Choices of one card that can be taken."""

MAX_INPUTS = 50
"""Fields of one card that are asked for."""

MAX_DEPTH = 12
"""How deep elements may nest; what lies deeper cannot be chosen."""

MAX_TITLE = 200
"""Characters of a choice's title."""

_SUBMITTING = ("Action.Submit", "Action.Execute")
_CONTENT = ("body", "items", "columns", "rows", "cells", "inlines", "images", "pages", "actions")
"""The members that hold elements and actions, in reading order."""
_SINGLE = ("selectAction", "inlineAction", "card")
"""The members that are an action, or a card that an action shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button that sends something."""

    title: str
    tooltip: str = ""
    verb: str = ""
    data: Json = None
    inputs: tuple[Input, ...] = ()
    """What is to be filled in before it is sent."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a button or a field was met: fields count for the buttons of their own card and of cards inside it."""

    cards: tuple[int, ...]
    node: JsonObject


def _children(node: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for member in _CONTENT:
        value = node.get(member)
        if isinstance(value, list):
            yield from ((member, item) for item in value if isinstance(item, dict))
    for member in _SINGLE:
        value = node.get(member)
        if isinstance(value, dict):
            yield member, value


def _walk(node: JsonObject, cards: tuple[int, ...], depth: int) -> Iterator[_Found]:
    """Every element and action that can be seen, or shown by a button of the card."""
    yield _Found(cards, node)
    if depth == MAX_DEPTH:
        return
    for member, child in _children(node):
        inside = (*cards, id(child)) if member == "card" else cards
        yield from _walk(child, inside, depth + 1)


def is_off(action: JsonObject) -> bool:
    """True for an action that cannot be chosen."""
    return not flag(action.get("isEnabled"), otherwise=True)


def _text(value: Json) -> str:
    return value[:MAX_TITLE] if isinstance(value, str) else ""


def _choice(found: _Found, fields: Sequence[tuple[tuple[int, ...], Input]]) -> Choice:
    node = found.node
    wanted = _text(node.get("associatedInputs")).casefold() != "none"
    mine = [field for cards, field in fields if wanted and found.cards[: len(cards)] == cards]
    return Choice(
        title=_text(node.get("title")) or _text(node.get("tooltip")) or _text(node.get("verb")) or "choose",
        tooltip=_text(node.get("tooltip")),
        verb=_text(node.get("verb")),
        data=node.get("data"),
        inputs=tuple({field.id: field for field in mine}.values())[:MAX_INPUTS],
    )


def _buttons(met: Iterable[_Found]) -> Iterator[_Found]:
    """The first `MAX_CHOICES` of what can be chosen; a button that stands in two places is one."""
    found = {id(one.node): one for one in met if one.node.get("type") in _SUBMITTING and not is_off(one.node)}
    return islice(found.values(), MAX_CHOICES)


def buttons_of(card: JsonObject) -> tuple[JsonObject, ...]:
    """The actions themselves that `choices_of` reads, in the same order."""
    return tuple(found.node for found in _buttons(_walk(card, (), 0)))


def choices_of(card: JsonObject) -> tuple[Choice, ...]:
    """The buttons of a card that send something, in reading order, those in cards that a button shows included.

    Give it what `card_standing.standing` makes of a card, so that fallbacks count and what is out of reach does not.
    """
    met = list(_walk(card, (), 0))
    fields = [(found.cards, field) for found in met if (field := read_input(found.node)) is not None]
    return tuple(_choice(found, fields) for found in _buttons(met))


def submitted(choice: Choice, values: Mapping[str, str], *, call_id: str, result_id: str = "") -> CardAction:
    """The message that the choice becomes: its own data, and over it the fields that were filled in.

    Data that is no object has no room for fields; with fields it becomes the member `data` of one.
    """
    filled: dict[str, Json] = {field.id: values[field.id] for field in choice.inputs if values.get(field.id, "") != ""}
    data = choice.data
    if filled:
        own = data if isinstance(data, dict) else {} if data is None else {"data": data}
        data = {**own, **filled}
    secret = tuple(field.id for field in choice.inputs if field.is_secret and field.id in filled)
    return CardAction(
        call_id=call_id, result_id=result_id, title=choice.title, verb=choice.verb, data=data, secret=secret
    )
