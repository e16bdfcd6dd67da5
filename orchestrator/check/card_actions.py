"""Actions of a card that do nothing: addresses that are not opened, and elements to show that are not there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.check.cards import has_expression
from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.problems import quoted
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

_OPENING = ("Action.OpenUrl", "Action.OpenUrlDialog")
_TOGGLING = "Action.ToggleVisibility"
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


def _objects(value: Json, pointer: str) -> Iterator[tuple[str, JsonObject]]:
    """Every object of a card with its pointer."""
    if isinstance(value, dict):
        yield pointer, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in members:
        if isinstance(item, dict | list):
            yield from _objects(item, pointer + pointer_to(name))


def _url_problems(action: JsonObject, pointer: str) -> Iterator[Problem]:
    url = action.get("url")
    found = _SCHEME.match(url) if isinstance(url, str) else None
    if found and found[1].lower() not in ("http", "https"):
        message = f"an address that begins with {quoted(found[1] + ':')} is not opened"
        yield problem("card-url", pointer + "/url", message, hint="write a web address, with https")


def _target_problems(action: JsonObject, pointer: str, ids: list[str]) -> Iterator[Problem]:
    targets = action.get("targetElements")
    for index, target in enumerate(targets if isinstance(targets, list) else ()):
        is_object = isinstance(target, dict)
        name = target.get("elementId") if isinstance(target, dict) else target
        if not isinstance(name, str) or has_expression(name) or name in ids:
            continue
        place = pointer + pointer_to("targetElements", index) + ("/elementId" if is_object else "")
        hint = guess(name, ids, "give the element that is meant that 'id'")
        yield problem("card-target", place, f"no element of the card has the id {quoted(name)}", hint=hint)


def action_problems(card: JsonObject) -> Iterator[Problem]:
    """Actions that do nothing whatever the data; pointers begin at the card."""
    met = list(_objects(card, ""))
    ids = [name for _, node in met if isinstance(name := node.get("id"), str)]
    are_certain = not any(map(has_expression, ids))
    for pointer, node in met:
        if node.get("type") in _OPENING:
            yield from _url_problems(node, pointer)
        if node.get("type") == _TOGGLING and are_certain:
            yield from _target_problems(node, pointer, ids)
