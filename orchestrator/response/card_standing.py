"""What stands of a card once its fallbacks have been taken and what nobody can reveal is out of reach. Pure.

An element that is not known, or that requires what is not here, is replaced by its `fallback`. Where it has none, the
nearest element around it that has one is replaced; where there is none either, it stays, without what is in it, to be
named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.response.card_flags import flag
from runtimes.values import Json, JsonObject

MAX_DEPTH = 24
"""How deep elements and fallbacks are looked into; what lies deeper stays as it is."""

VERSION = (1, 6)
"""The version of Adaptive Cards that is understood."""

KNOWN = frozenset(
    (
        *("AdaptiveCard", "TextBlock", "RichTextBlock", "TextRun", "Image", "ImageSet", "Media", "Container", "Column"),
        *("ColumnSet", "FactSet", "Table", "TableRow", "TableCell", "ActionSet", "Carousel", "CarouselPage"),
        *("Input.Text", "Input.Number", "Input.Date", "Input.Time", "Input.Toggle", "Input.ChoiceSet"),
        *("Action.OpenUrl", "Action.Submit", "Action.Execute", "Action.ShowCard", "Action.ToggleVisibility"),
        *("Action.OpenUrlDialog", "TableColumnDefinition"),
    )
)
"""The elements and actions that are understood."""

_IMPLIED = {
    "columns": "Column",
    "rows": "TableRow",
    "cells": "TableCell",
    "images": "Image",
    "pages": "CarouselPage",
    "inlines": "TextRun",
    "card": "AdaptiveCard",
}
"""What an element without a type is, by the member that it stands in."""
_LISTS = ("body", "items", "columns", "rows", "cells", "inlines", "images", "pages", "actions")
_SINGLE = ("selectAction", "inlineAction", "card")
_ACTIONS = ("actions", "selectAction", "inlineAction")
_NUMBERS = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.\d{1,6}){0,2}")


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands in the place of an element; None when nothing does."""

    node: JsonObject | None
    is_broken: bool = False
    """True when something in it is not understood and has no fallback."""


def is_hidden(node: JsonObject) -> bool:
    """True for an element that the card does not show at first."""
    return not flag(node.get("isVisible"), otherwise=True)


def _is_met(name: str, version: Json) -> bool:
    """Whether the host has a feature: of features, it has the card format itself, up to its version."""
    if name.casefold() != "adaptivecards":
        return False
    match = _NUMBERS.fullmatch(version) if isinstance(version, str) else None
    return version == "*" or (match is not None and (int(match[1]), int(match[2] or 0)) <= VERSION)


def unmet(node: JsonObject) -> str:
    """The first feature that the element requires and that is not here; empty when there is none."""
    wanted = node.get("requires")
    pairs = wanted.items() if isinstance(wanted, dict) else ()
    return next((name for name, version in pairs if not _is_met(name, version)), "")


def _children(node: JsonObject) -> Iterator[Json]:
    for member in (*_LISTS, *_SINGLE):
        value = node.get(member)
        yield from value if isinstance(value, list) else (value,)


def _toggled(node: JsonObject, depth: int) -> Iterator[str]:
    targets = node.get("targetElements")
    for target in targets if isinstance(targets, list) else ():
        name = target.get("elementId") if isinstance(target, dict) else target
        if isinstance(name, str):
            yield name
    if depth < MAX_DEPTH:
        for child in (*_children(node), node.get("fallback")):
            if isinstance(child, dict):
                yield from _toggled(child, depth + 1)


def _without_children(node: JsonObject) -> JsonObject:
    """An element that is only named: what is in it is not shown, and cannot be chosen."""
    return {name: value for name, value in node.items() if name not in (*_LISTS, *_SINGLE)}


class _Standing:
    """One card on its way."""

    def __init__(self, toggled: frozenset[str]) -> None:
        self._toggled = toggled

    def _is_lost(self, node: JsonObject) -> bool:
        """Hidden, and nothing on the card shows it."""
        name = node.get("id")
        return is_hidden(node) and not (isinstance(name, str) and name in self._toggled)

    def element(self, node: JsonObject, member: str, depth: int, *, is_lost: bool) -> _Found:
        """What stands in the place of the element, which is in that member of another."""
        is_lost = is_lost or self._is_lost(node)
        kind = node.get("type", _IMPLIED.get(member))
        own, is_broken = self.inside(node, depth, is_lost=is_lost)
        if not isinstance(kind, str) or kind not in KNOWN or unmet(node):
            own, is_broken = _without_children(own), True
        if not is_broken or "fallback" not in node or depth >= MAX_DEPTH:
            return _Found(own, is_broken)
        fallback = node["fallback"]
        if isinstance(fallback, dict):
            return self.element(fallback, member, depth + 1, is_lost=is_lost)
        return _Found(None) if fallback == "drop" else _Found(own, is_broken=True)

    def inside(self, node: JsonObject, depth: int, *, is_lost: bool) -> tuple[JsonObject, bool]:
        """The element with what stands of its children, and whether one of them is broken."""
        if depth >= MAX_DEPTH:
            return node, False
        own, is_broken = dict(node), False
        for member in (*_LISTS, *_SINGLE):
            if member not in node:
                continue
            if is_lost and member in _ACTIONS:
                del own[member]
                continue
            own[member], broken = self._member(node[member], member, depth, is_lost=is_lost)
            is_broken = is_broken or broken
        if is_lost and str(node.get("type")).startswith("Input."):
            own["isVisible"] = False
        return own, is_broken

    def _member(self, value: Json, member: str, depth: int, *, is_lost: bool) -> tuple[Json, bool]:
        if isinstance(value, dict) and member in _SINGLE:
            found = self.element(value, member, depth + 1, is_lost=is_lost)
            return found.node, found.is_broken
        if not isinstance(value, list) or member in _SINGLE:
            return value, False
        kept: list[Json] = []
        is_broken = False
        for item in value:
            if not isinstance(item, dict):
                kept.append(item)
                continue
            found = self.element(item, member, depth + 1, is_lost=is_lost)
            is_broken = is_broken or found.is_broken
            if found.node is not None:
                kept.append(found.node)
        return kept, is_broken


def standing(card: JsonObject) -> JsonObject:
    """The card with its fallbacks taken; what nobody can reveal keeps its fields and loses its buttons."""
    toggled = frozenset(_toggled(card, 0))
    own, _ = _Standing(toggled).inside(card, 0, is_lost=False)
    return own
