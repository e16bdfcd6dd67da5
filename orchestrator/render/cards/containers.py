"""Elements that hold others: beside each other, in rows, below each other. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from orchestrator.render.cards.actions import actions, selectable
from orchestrator.render.cards.blocks import Barred, Block, Column, Part, Row, Stack, Words
from orchestrator.render.cards.grid import Grid
from orchestrator.render.cards.prose import prose, said
from orchestrator.render.cards.reading import Reading, objects, word
from orchestrator.response.card_flags import flag
from runtimes.values import Json, JsonObject

PIXELS = 8
"""Pixels that a cell is taken for."""
MAX_PIXELS = 4_000
"""The widest column that can be asked for, in pixels."""
MAX_WEIGHT = 10_000
"""The largest weight of a column."""

_BAR_STYLES = {"accent": "cyan", "good": "green", "warning": "yellow", "attention": "red", "emphasis": "dim"}
"""Styles of containers that are told from others by a bar."""
_PIXELS = re.compile(r"(\d{1,5})(?:\.\d{1,3})?px", re.ASCII)
_WEIGHT = re.compile(r"\d{1,5}(?:\.\d{1,3})?\*?", re.ASCII)


def _barred(reading: Reading, node: JsonObject, block: Block) -> Block:
    style = _BAR_STYLES.get(word(node.get("style")))
    return block if style is None else Barred(block=block, bar=f"{reading.signs.bar} ", style=style)


def container(reading: Reading, node: JsonObject) -> Block:
    """A Container, a Column, a cell or a page: its items, with a bar where its style stands out."""
    return selectable(reading, node, _barred(reading, node, reading.stack(node.get("items"))))


def card(reading: Reading, node: JsonObject) -> Block:
    """A card: its body, what choosing it does, and its actions."""
    body = selectable(reading, node, reading.stack(node.get("body")))
    own = actions(reading, node.get("actions"))
    return Stack((Part(block=body), Part(block=own, gap=1 if any(True for _ in own.parts) else 0)))


def _measure(value: Json) -> tuple[float, int]:
    """Weight, and cells that are asked for, of a column; without a word it stretches."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), 0) if math.isfinite(value) and 0 < value <= MAX_WEIGHT else (1, 0)
    text = word(value)
    if match := _PIXELS.fullmatch(text):
        return 0, max(1, min(int(match[1]), MAX_PIXELS) // PIXELS)
    if text == "auto":
        return 0, 0
    return (float(text.rstrip("*")) or 1.0, 0) if _WEIGHT.fullmatch(text) else (1, 0)


def column_set(reading: Reading, node: JsonObject) -> Block:
    """Columns, side by side where there is room."""
    columns: list[Column] = []
    for own in objects(node.get("columns")):
        if (block := reading.element(own, "Column")) is None:
            continue
        weight, natural = _measure(own.get("width"))
        part = reading.part(own, block)
        rule = reading.signs.bar if part.rule else ""
        columns.append(Column(block=block, weight=weight, natural=natural, rule=rule, gap=part.gap))
    return selectable(reading, node, _barred(reading, node, Row(tuple(columns))))


def fact_set(reading: Reading, node: JsonObject) -> Block:
    """Names and values, aligned."""
    rows: list[tuple[Block, ...]] = []
    for fact in objects(node.get("facts")):
        if not reading.has_room():
            break
        title = reading.name(fact.get("title")).rstrip(":")
        value = prose(reading, fact.get("value"))
        if title or value.flows:
            rows.append((prose(reading, f"{title}:" if title else "", "bold"), value))
    return Grid(rows=tuple(rows), has_names=True, more=reading.signs.more)


def _cells(reading: Reading, table: JsonObject, row: JsonObject) -> Iterator[Block]:
    columns = objects(table.get("columns"))
    for number, cell in enumerate(objects(row.get("cells"))):
        column = columns[number] if number < len(columns) else {}
        with (
            reading.aligning(table.get("horizontalCellContentAlignment")),
            reading.aligning(column.get("horizontalCellContentAlignment")),
            reading.aligning(row.get("horizontalCellContentAlignment")),
        ):
            yield reading.element(cell, "TableCell") or Words(flows=())


def table(reading: Reading, node: JsonObject) -> Block:
    """A Table; its first row names the columns unless it says otherwise."""
    rows = [tuple(_cells(reading, node, row)) for row in objects(node.get("rows"))]
    has_grid = flag(node.get("showGridLines"), otherwise=True)
    signs = reading.signs
    return Grid(
        rows=tuple(row for row in rows if row),
        has_header=flag(node.get("firstRowAsHeader"), otherwise=True),
        bar=signs.bar if has_grid else "",
        rule=signs.rule if has_grid else "",
        cross=signs.cross,
        more=signs.more,
    )


def carousel(reading: Reading, node: JsonObject) -> Block:
    """The pages of a Carousel below each other, each with its number."""
    pages = objects(node.get("pages"))
    parts: list[Part] = []
    for number, page in enumerate(pages, start=1):
        if (block := reading.element(page, "CarouselPage")) is None:
            continue
        heading = said(f"{reading.signs.opens} page {number} of {len(pages)}", "dim")
        parts += [Part(block=heading, gap=1), Part(block=block)]
    return Stack(tuple(parts))
