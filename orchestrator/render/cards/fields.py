"""Inputs: what is asked for, and what stands in them before anybody types. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.render.cards.actions import actions
from orchestrator.render.cards.blocks import Block, Part, Stack, Words
from orchestrator.render.cards.lines import Flow, Line, Span, line
from orchestrator.render.cards.reading import Reading, objects, word
from orchestrator.response.card_flags import flag
from runtimes.values import JsonObject

MAX_SHOWN = 20
"""How many choices of one field are listed."""

_INDENT = 2
_EMPTY = "[____]"
_HIDDEN = "[****]"


def _label(reading: Reading, node: JsonObject, *others: str) -> str:
    names = (reading.name(node.get(member)) for member in ("label", *others))
    label = next((name for name in names if name), "").removesuffix(":")
    return f"{label} (required)" if label and flag(node.get("isRequired")) else label


def _heading(label: str, *after: Span) -> Line:
    return (*line(f"{label}: " if label and after else f"{label}:" if label else "", "bold"), *after)


def _words(*lines: Line, reading: Reading) -> Words:
    return Words(flows=tuple(Flow(spans=one) for one in lines if one), more=reading.signs.more)


def _bounds(reading: Reading, node: JsonObject) -> str:
    least, most = reading.name(node.get("min")), reading.name(node.get("max"))
    if least and most:
        return f" {least} to {most}"
    return f" from {least}" if least else f" up to {most}" if most else ""


def field(reading: Reading, node: JsonObject) -> Block:
    """A field for text, a number, a date or a time."""
    label = _label(reading, node, "placeholder", "id")
    placeholder = reading.name(node.get("placeholder"))
    hint = f" {placeholder}" if placeholder and placeholder != label.removesuffix(" (required)") else ""
    value = reading.name(node.get("value"))
    if value:
        is_secret = word(node.get("style")) == "password"
        spans = [Span(_HIDDEN if is_secret else f"[{value}]")]
    else:
        spans = [Span(_EMPTY), Span(hint, "dim")]
    spans.append(Span(_bounds(reading, node), "dim"))
    words = _words(_heading(label, *spans), reading=reading)
    action = node.get("inlineAction")
    if not isinstance(action, dict):
        return words
    return Stack((Part(block=words), Part(block=actions(reading, [action]))))


def _ticked(title: str, *, is_on: bool, marks: str = "[]", indent: int = 0) -> Flow:
    return Flow(spans=line(title), mark=f"{marks[0]}{'x' if is_on else ' '}{marks[1]} ", indent=indent)


def toggle(reading: Reading, node: JsonObject) -> Block:
    """A box with a tick, or none."""
    title = reading.name(node.get("title"))
    label = _label(reading, node) or ("" if title else _label(reading, node, "id"))
    on = reading.name(node.get("valueOn")) or "true"
    box = _ticked(title or label, is_on=reading.name(node.get("value")) == on)
    heading = Flow(spans=_heading(label))
    return Words(flows=(heading, box) if label and title else (box,))


def _choices(reading: Reading, node: JsonObject) -> Iterator[Flow]:
    is_multiple = flag(node.get("isMultiSelect"))
    value = reading.text(node.get("value"))
    chosen = {part.strip() for part in value.split(",")} if is_multiple else {value}
    choices = objects(node.get("choices"))
    for choice in choices[:MAX_SHOWN]:
        own = reading.name(choice.get("value"))
        title = reading.name(choice.get("title")) or own
        yield _ticked(title, is_on=own in chosen and bool(own), marks="[]" if is_multiple else "()", indent=_INDENT)
    if len(choices) > MAX_SHOWN:
        yield Flow(spans=line(f"{reading.signs.more} and {len(choices) - MAX_SHOWN} more", "dim"))


def choice_set(reading: Reading, node: JsonObject) -> Block:
    """All choices, and which of them are picked."""
    heading = Flow(spans=_heading(_label(reading, node, "placeholder", "id") or "choose"))
    return Words(flows=(heading, *_choices(reading, node)), more=reading.signs.more)
