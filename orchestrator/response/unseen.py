"""What a person typed unseen on a card: it is sent, and neither shown nor told to a model afterwards. Pure."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.content import CardAction
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

UNSEEN = "•••"
"""Stands in the place of what was typed unseen."""


def unseen_in(arguments: JsonObject, action: CardAction | None) -> tuple[str, ...]:
    """The arguments that are what was typed unseen; what a model put there itself is shown as ever."""
    if action is None or not isinstance(action.data, dict):
        return ()
    typed = {name: str(action.data[name]) for name in action.secret if name in action.data}
    return tuple(name for name, value in arguments.items() if typed.get(name) == str(value))


def masked(arguments: JsonObject, names: Collection[str]) -> JsonObject:
    """The arguments without what was typed unseen."""
    return {name: UNSEEN if name in names else value for name, value in arguments.items()}


def masked_data(action: CardAction) -> Json:
    """The data of an action, as a model is told it."""
    return masked(action.data, action.secret) if isinstance(action.data, dict) else action.data


def masked_text(text: str, action: CardAction | None) -> str:
    """Arguments of a call as JSON text, the same way."""
    if action is None or not action.secret:
        return text
    try:
        arguments = parse_json(text)
    except InvalidJson:
        return text
    names = unseen_in(arguments, action) if isinstance(arguments, dict) else ()
    return dump_json(masked(arguments, names)) if isinstance(arguments, dict) and names else text
