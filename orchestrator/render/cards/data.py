"""Any JSON as `key: value` lines: a card of which only the data is known (spec 13.2.2.1). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.render.cards.blocks import Block, Words
from orchestrator.render.cards.lines import Flow, line
from orchestrator.render.cards.reading import MAX_CARD_DEPTH, Reading
from orchestrator.render.sanitize import clean_line
from runtimes.values import Json, JsonObject

_INDENT = "  "


def _lines(reading: Reading, value: Json, depth: int) -> Iterator[tuple[int, str]]:
    """The lines, each with how deep it stands."""
    if depth > MAX_CARD_DEPTH:
        yield depth, reading.signs.more
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _member(reading, f"{reading.name(key)}:", member, depth)
    elif isinstance(value, list):
        for item in value:
            yield from _member(reading, "-", item, depth)


def _member(reading: Reading, label: str, value: Json, depth: int) -> Iterator[tuple[int, str]]:
    if not reading.has_room():
        return
    if not isinstance(value, dict | list):
        yield depth, f"{label} {clean_line(reading.text(value))}".rstrip()
        return
    inside = list(_lines(reading, value, depth + 1))
    if inside:
        yield depth, label
        yield from inside


def data(reading: Reading, template: str, body: JsonObject) -> Block:
    """The name of the template that is not known here, and the data for it."""
    name = clean_line(template.partition("?")[0].partition("#")[0].rpartition("/")[2]).removesuffix(".json")
    heading = Flow(spans=line(f"card {reading.name(name)}".rstrip(), "bold"))
    flows = (Flow(spans=line(text), mark=_INDENT * depth) for depth, text in _lines(reading, body, 0))
    return Words(flows=(heading, *flows), more=reading.signs.more)
