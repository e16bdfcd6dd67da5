"""Tables and facts: rows whose columns stand below each other, or `name: value` lines where there is no room. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rich.cells import cell_len

from orchestrator.render.cards.blocks import MAX_PROSE, Barred, Block, Snug
from orchestrator.render.cards.lines import (
    MAX_DRAWN_LINES,
    Flow,
    Line,
    Span,
    cells,
    cut,
    line,
    padded,
    plain,
    stripped,
    wrapped,
)
from orchestrator.render.cards.widths import Wish, shared

MAX_LABEL = 200
"""Cells of a name that stands before every value of its column."""

_INDENT = "  "


def _wishes(rows: Sequence[Sequence[Block]]) -> list[Wish]:
    columns = max(map(len, rows), default=0)
    return [
        Wish(
            least=max((row[number].least for row in rows if number < len(row)), default=0),
            natural=max((row[number].natural for row in rows if number < len(row)), default=0),
        )
        for number in range(columns)
    ]


def _joined(lines: Sequence[Line]) -> Line:
    return tuple(span for number, one in enumerate(lines) for span in ((Span(" "),) if number else ()) + one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells in rows and columns."""

    rows: tuple[tuple[Block, ...], ...]
    has_header: bool = False
    """True when the first row names the columns."""
    has_names: bool = False
    """True when the first cell of a row names the others."""
    bar: str = ""
    """Between the columns; empty for a table without grid lines."""
    rule: str = ""
    cross: str = ""
    more: str = "…"
    natural: int = field(init=False)
    least: int = field(init=False)

    def __post_init__(self) -> None:
        wishes = _wishes(self.rows)
        gaps = len(self._between) * max(0, len(wishes) - 1)
        object.__setattr__(self, "natural", sum(max(wish.natural, wish.least) for wish in wishes) + gaps)
        object.__setattr__(self, "least", max((wish.least for wish in wishes), default=0))

    @property
    def _between(self) -> str:
        return f" {self.bar} " if self.bar else "  "

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        wishes = _wishes(self.rows)
        widths = shared(wishes, width - cell_len(self._between) * max(0, len(wishes) - 1))
        return list(islice(self._narrow(width) if widths is None else self._wide(widths), MAX_DRAWN_LINES))

    def _wide(self, widths: Sequence[int]) -> Iterator[Line]:
        rule = line(self.cross.join(self.rule * (own + 2) for own in widths)[1:-1], "dim") if self.rule else ()
        drawn = [[cell.lines(own) for cell, own in zip(row, widths, strict=False)] for row in self.rows]
        is_parted = any(len(cell) > 1 for row in drawn for cell in row)
        for number, row in enumerate(drawn):
            is_below_header = number == 1 and self.has_header
            if number and rule and (is_parted or is_below_header):
                yield rule
            for at in range(max(map(len, row), default=0)):
                yield self._line(row, widths, at, is_header=self.has_header and not number)

    def _line(self, row: Sequence[Sequence[Line]], widths: Sequence[int], at: int, *, is_header: bool) -> Line:
        spans: list[Span] = []
        for number, own in enumerate(widths):
            if number:
                spans.append(Span(self._between, "dim" if self.bar else ""))
            cell = row[number] if number < len(row) else ()
            spans += padded(cell[at] if at < len(cell) else (), own)
        if not is_header:
            return tuple(spans)
        return tuple(Span(text, f"bold {style}".strip() if style != "dim" else style) for text, style in spans)

    def _narrow(self, width: int) -> Iterator[Line]:
        """Every cell on lines of its own, after its name: that of its column, or of its row."""
        if self.has_names:
            for name, *values in self.rows:
                yield from _named(self._label(name), values, width)
            return
        header = [self._label(cell) for cell in self.rows[0]] if self.has_header and self.rows else []
        for number, row in enumerate(self.rows[len(header) and 1 :]):
            if number and self.rule:
                yield line(self.rule * width, "dim")
            for place, cell in enumerate(row):
                yield from _named(header[place] if place < len(header) else (), [cell], width)

    def _label(self, name: Block) -> Line:
        """What stands before a value; empty where the name says nothing."""
        title = plain(_joined(name.lines(MAX_PROSE))).strip().removesuffix(":")
        return cut((Span(f"{title}:", "bold"),), MAX_LABEL, f"{self.more}:") if title else ()


def _named(label: Line, values: Sequence[Block], width: int) -> Iterator[Line]:
    """The values after their label, or below it. Each is drawn once: twice would double at every level of nesting."""
    if not label:
        yield from (stripped(one) for value in values for one in Snug(value).lines(width))
        return
    own = [one for value in values for one in Barred(block=Snug(value), bar=_INDENT).lines(width)]
    bare = stripped(own[0]) if len(own) == 1 else ()
    bare = bare[1:] if bare and bare[0].text == _INDENT else bare
    if len(own) <= 1 and cells((*label, Span(" "), *bare)) <= width:
        yield (*label, Span(" "), *bare) if own else label
        return
    yield from wrapped(Flow(spans=label), width)
    yield from own
