"""A simple Adaptive Card for one result: its title, a few facts, and a link where it has one (spec 9.4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.authoring.results import SCALARS, Results, is_plain
from orchestrator.authoring.shape import Shape
from orchestrator.authoring.wording import label
from runtimes.values import Json, JsonObject

CARD_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
CARD_VERSION = "1.5"
"""The newest version that every Microsoft 365 host shows."""

MAX_FACTS = 6
"""Properties that a card lists beside the title and the subtitle."""

_KEYWORDS = frozenset({"true", "false", "null", "undefined"})
"""Names that the card language takes for values."""


def _is_usable(name: str) -> bool:
    return is_plain(name) and name not in _KEYWORDS


def _expression(name: str, shape: Shape, *, is_required: bool) -> str:
    """The value as text, because renderers leave out a number; an optional one that is missing is empty."""
    if shape.kind == "boolean":
        return f"${{if({name}, 'yes', if({name} == false, 'no', ''))}}"
    value = f"string({name})" if shape.kind in ("integer", "number") else name
    return f"${{{value}}}" if is_required else f"${{if({name}, {value}, '')}}"


def _text(results: Results, role: str) -> str | None:
    name = results.roles.get(role)
    if name is None or not _is_usable(name):
        return None
    return _expression(name, results.properties[name], is_required=name in results.required)


def _facts(results: Results) -> Iterator[tuple[bool, Json]]:
    """The facts; what is only an identifier ranks behind the others."""
    shown = set(results.roles.values())
    for name, shape in results.properties.items():
        if name not in shown and shape.kind in SCALARS and _is_usable(name) and label(name):
            value = _expression(name, shape, is_required=name in results.required)
            yield label(name).casefold().endswith("id"), {"title": label(name), "value": value}


def _body(results: Results, heading: str) -> Iterator[Json]:
    title = _text(results, "title") or heading
    yield {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True}
    if subtitle := _text(results, "subtitle"):
        yield {"type": "TextBlock", "text": subtitle, "isSubtle": True, "wrap": True, "spacing": "None"}
    if facts := [fact for _, fact in sorted(_facts(results), key=lambda ranked: ranked[0])][:MAX_FACTS]:
        yield {"type": "FactSet", "facts": facts}


def _actions(results: Results) -> list[Json]:
    """Opens the address of the result, where it is one of the web."""
    name = results.roles.get("url")
    if name is None or not _is_usable(name):
        return []
    return [
        {"type": "Action.OpenUrl", "title": "Open", "url": f"${{{name}}}", "$when": f"${{startsWith({name}, 'http')}}"}
    ]


def simple_card(results: Results, heading: str) -> JsonObject | None:
    """The template; `heading` stands where a result has no title. None where nothing would be shown."""
    body, actions = list(_body(results, heading)), _actions(results)
    if len(body) == 1 and not actions and _text(results, "title") is None:
        return None
    card: JsonObject = {"type": "AdaptiveCard", "$schema": CARD_SCHEMA, "version": CARD_VERSION, "body": body}
    if actions:
        card["actions"] = actions
    return card
