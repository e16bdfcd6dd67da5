"""What a card is made of once it has been read: blocks that know how wide they would like to be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rich.cells import cell_len

from orchestrator.render.cards.lines import (
    MAX_DRAWN_LINES,
    MIN_WIDTH,
    Align,
    Flow,
    Line,
    Span,
    aligned,
    cells,
    cut,
    line,
    longest_word,
    padded,
    wrapped,
)
from orchestrator.render.cards.widths import Wish, natural_width, shared

MAX_PROSE = 100
"""Cells of a line of text; longer lines are hard to read."""
MAX_WORD = 14
"""Cells that a word may ask for; a longer one is broken where there is little room."""
MIN_PROSE = 20
"""Cells that text which may be wrapped asks for, where it is as long as that."""
MAX_UNBROKEN = 40
"""Cells that text which must not be wrapped may ask for."""
_GAP = 2
"""Cells between columns."""
_BUTTON_GAP = "   "


class Block(Protocol):
    """A part of a card, laid out at any width."""

    @property
    def natural(self) -> int:
        """Cells with which nothing in it is wrapped."""
        ...

    @property
    def least(self) -> int:
        """Cells below which it reads badly."""
        ...

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        ...


def _clipped(flow: Flow, width: int, more: str) -> Line:
    """The flow on one line, and no more of it than that."""
    return cut((*line(" " * flow.indent + flow.mark), *flow.spans), width, more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Text."""

    flows: tuple[Flow, ...]
    bare: tuple[Flow, ...] = ()
    """The same without the addresses of its links, for where there is no room for them."""
    addresses: tuple[Flow, ...] = ()
    """Those addresses, which then follow below."""
    most: int = 0
    """Lines that are shown; 0 for all."""
    is_wrapped: bool = True
    align: Align = "left"
    more: str = "…"
    natural: int = field(init=False)
    least: int = field(init=False)

    def __post_init__(self) -> None:
        natural = max((flow.hang + cells(flow.spans) for flow in self.flows), default=0)
        object.__setattr__(self, "natural", min(natural, MAX_PROSE))
        shown = self.bare or self.flows
        natural = max((flow.hang + cells(flow.spans) for flow in shown), default=0)
        words = max((flow.hang + min(longest_word(flow.spans), MAX_WORD) for flow in shown), default=0)
        least = max(words, min(natural, MIN_PROSE)) if self.is_wrapped else min(natural, MAX_UNBROKEN)
        object.__setattr__(self, "least", least)

    def _cut(self, flows: Sequence[Flow], width: int) -> tuple[list[Line], bool]:
        """The lines, and whether they are all."""
        drawn = [wrapped(flow, width) for flow in flows]
        is_whole = self.is_wrapped or all(len(lines) <= 1 for lines in drawn)
        if not is_whole:
            drawn = [[_clipped(flow, width, self.more)] for flow in flows]
        lines = [one for flow in drawn for one in flow]
        if not self.most or len(lines) <= self.most:
            return lines, is_whole
        last = lines[self.most - 1]
        end = cut((*last, Span(" " * width)), width, self.more) if last else line(self.more)
        return [*lines[: self.most - 1], end], False

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        room = min(width, MAX_PROSE)
        lines, is_whole = self._cut(self.flows, room)
        if not is_whole and self.bare:
            lines, _ = self._cut(self.bare, room)
            lines += [one for flow in self.addresses for one in wrapped(flow, room)]
        return [aligned(one, width, self.align) for one in lines[:MAX_DRAWN_LINES]]


@dataclass(frozen=True, slots=True)
class Buttons:
    """Labels beside each other, as many as go on a line."""

    labels: tuple[Flow, ...]

    @property
    def natural(self) -> int:
        """Cells of all labels on one line."""
        total = sum(cells(label.spans) for label in self.labels) + len(_BUTTON_GAP) * (len(self.labels) - 1)
        return min(total, MAX_PROSE)

    @property
    def least(self) -> int:
        """Cells of the widest word."""
        return max((min(longest_word(label.spans), MAX_WORD) for label in self.labels), default=0)

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        lines: list[Line] = []
        for label in self.labels:
            if lines and cells(lines[-1]) + len(_BUTTON_GAP) + cells(label.spans) <= width:
                lines[-1] = (*lines[-1], Span(_BUTTON_GAP), *label.spans)
            else:
                lines += wrapped(label, width)
        return lines


@dataclass(frozen=True, slots=True)
class Rule:
    """A line from side to side."""

    sign: str
    natural: int = 1
    least: int = 1

    def lines(self, width: int, /) -> list[Line]:
        """The one line."""
        return [line(self.sign * width, "dim")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A block of a stack, and what parts it from the one above."""

    block: Block
    gap: int = 0
    """Empty lines."""
    rule: str = ""
    """The sign that a line between the two is drawn with."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Blocks below each other."""

    parts: tuple[Part, ...]
    natural: int = field(init=False)
    least: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "natural", max((part.block.natural for part in self.parts), default=0))
        object.__setattr__(self, "least", max((part.block.least for part in self.parts), default=0))

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        lines: list[Line] = []
        for part in self.parts:
            own = part.block.lines(width)
            if lines and own:
                lines += [()] * part.gap
                lines += Rule(part.rule).lines(width) if part.rule else []
            lines += own
            if len(lines) >= MAX_DRAWN_LINES:
                break
        return lines[:MAX_DRAWN_LINES]


@dataclass(frozen=True, slots=True)
class Snug:
    """A block that takes no more room than it needs, so that nothing in it stands far to the right."""

    block: Block

    @property
    def natural(self) -> int:
        """That of the block."""
        return self.block.natural

    @property
    def least(self) -> int:
        """That of the block."""
        return self.block.least

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        return self.block.lines(min(width, max(self.block.natural, 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """A block with a sign, or an indentation, before each of its lines."""

    block: Block
    bar: str
    style: str = ""

    @property
    def natural(self) -> int:
        """Cells of the block and what is before it."""
        return self.block.natural + cell_len(self.bar)

    @property
    def least(self) -> int:
        """Cells of the block alone: the sign goes first."""
        return self.block.least

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        room = width - cell_len(self.bar)
        if room < min(MIN_WIDTH, self.block.natural):
            return self.block.lines(width)
        return [(Span(self.bar, self.style), *own) for own in self.block.lines(room)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A block of a row."""

    block: Block
    weight: float = 0
    natural: int = 0
    """Cells that the author asks for; 0 for the content's own."""
    rule: str = ""
    """The sign that parts it from the one before."""
    gap: int = 0
    """Empty lines above it, where the row is stacked."""

    @property
    def wish(self) -> Wish:
        """What it would like."""
        return Wish(least=self.block.least, natural=self.natural or self.block.natural, weight=self.weight)


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks beside each other; below each other where there is no room for that."""

    columns: tuple[Column, ...]
    natural: int = field(init=False)
    least: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "natural", natural_width([column.wish for column in self.columns]) + self._gaps)
        object.__setattr__(self, "least", max((column.block.least for column in self.columns), default=0))

    @property
    def _gaps(self) -> int:
        return sum(cell_len(_between(column)) for column in self.columns[1:])

    def lines(self, width: int, /) -> list[Line]:
        """The lines, none wider than `width`."""
        widths = shared([column.wish for column in self.columns], width - self._gaps)
        if widths is None:
            return Stack(tuple(Part(block=Snug(one.block), gap=one.gap) for one in self.columns)).lines(width)
        drawn = [column.block.lines(own) for column, own in zip(self.columns, widths, strict=True)]
        height = max(map(len, drawn), default=0)
        return [self._line(drawn, widths, number) for number in range(height)]

    def _line(self, drawn: Sequence[Sequence[Line]], widths: Sequence[int], number: int) -> Line:
        spans: list[Span] = []
        for place, (column, own, width) in enumerate(zip(self.columns, drawn, widths, strict=True)):
            if place:
                spans.append(Span(_between(column), "dim" if column.rule else ""))
            spans += padded(own[number] if number < len(own) else (), width)
        return tuple(spans)


def _between(column: Column) -> str:
    return f" {column.rule} " if column.rule else " " * _GAP
