"""Lines of styled text, wrapped and measured in the cells of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from rich.cells import cell_len, split_graphemes

MIN_WIDTH = 16
"""Cells that text is laid out in at least; what is narrower is left to the terminal to fold."""
MAX_DRAWN_LINES = 1_000
"""Lines of one block that are drawn, with all that is in it: what would follow is not looked at."""

_NO_CELLS = "\u0301"
"""Any character that takes none."""

Align = Literal["left", "center", "right"]


class Span(NamedTuple):
    """Text in one style, without line ends."""

    text: str
    style: str = ""
    """Words that rich reads as a style."""


Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Text that is wrapped where the width ends."""

    spans: Line
    mark: str = ""
    """Stands before the first line; the others are indented by as much."""
    indent: int = 0
    """Cells before every line, the mark's not counted."""

    @property
    def hang(self) -> int:
        """Cells before the text."""
        return self.indent + cell_len(self.mark)


def plain(line: Iterable[Span]) -> str:
    """The line without its styles."""
    return "".join(span.text for span in line)


def cells(line: Iterable[Span]) -> int:
    """How wide the line is."""
    return cell_len(plain(line))


def line(text: str, style: str = "") -> Line:
    """A line of one piece; an empty text is an empty line."""
    return (Span(text, style),) if text else ()


def longest_word(spans: Iterable[Span]) -> int:
    """Cells of the widest piece that cannot be parted at a space."""
    return max((cell_len(word) for word in plain(spans).split()), default=0)


class _Break(NamedTuple):
    """A place where a line may end: there, or after the space that is there."""

    end: int
    next_start: int
    used: int
    """Cells of the line up to `next_start`."""


def _graphemes(text: str) -> Iterator[tuple[int, int, int]]:
    """Where each character that is seen begins and ends, and its cells, which add up to `cell_len`.

    At the very start of a text the two would disagree on joiners, so it is split as if something were before it.
    """
    for begin, end, size in split_graphemes(_NO_CELLS + text)[0]:
        if end > 1:
            yield max(0, begin - 1), end - 1, size


def _breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends: at spaces, else beside wide characters, else anywhere."""
    start, used = 0, 0
    chance: _Break | None = None
    for begin, end, size in _graphemes(text):
        is_space = text[begin:end] == " "
        if size > 1 and used:
            chance = _Break(begin, begin, used)
        if used + size > width:
            if is_space:
                yield start, begin
                start, used, chance = end, 0, None
                continue
            stop = chance or _Break(begin, begin, used)
            yield start, stop.end
            start, used, chance = stop.next_start, used - stop.used, None
        used += size
        if is_space and begin > start:
            chance = _Break(begin, end, used)
    if start < len(text) or not text:
        yield start, len(text)


def _slice(spans: Sequence[Span], start: int, end: int) -> Line:
    """The characters from `start` to `end`, in their styles."""
    cut: list[Span] = []
    at = 0
    for text, style in spans:
        piece = text[max(0, start - at) : max(0, end - at)]
        if piece:
            cut.append(Span(piece, style))
        at += len(text)
        if at >= end:
            break
    return tuple(cut)


def wrapped(flow: Flow, width: int) -> list[Line]:
    """The flow in lines of at most that many cells; a mark that leaves no room for text is left out."""
    hang = flow.hang if width - flow.hang >= MIN_WIDTH // 2 else 0
    first = line(" " * flow.indent + flow.mark) if hang else ()
    text = plain(flow.spans)
    lines = [_slice(flow.spans, start, end) for start, end in _breaks(text, max(2, width - hang))]
    return [(*(first if not number else line(" " * hang)), *one) for number, one in enumerate(lines)]


def cut(spans: Line, width: int, more: str) -> Line:
    """As much of the line as goes, with `more` at its end where that is not all."""
    if cells(spans) <= width:
        return spans
    text = plain(spans)
    room = max(0, width - cell_len(more))
    end, used = 0, 0
    for _, stop, size in _graphemes(text):
        used += size
        if used > room:
            break
        end = stop
    kept = _slice(spans, 0, len(text[:end].rstrip()))
    return (*kept, Span(more, kept[-1].style if kept else ""))


def shortened(spans: Line, most: int) -> Line:
    """The first characters of a line, which may have many that take no cells."""
    return spans if sum(len(span.text) for span in spans) <= most else _slice(spans, 0, most)


def padded(spans: Line, width: int) -> Line:
    """The line, with spaces up to the width."""
    missing = width - cells(spans)
    return (*spans, Span(" " * missing)) if missing > 0 else spans


def aligned(spans: Line, width: int, align: Align) -> Line:
    """The line where it is to stand."""
    room = width - cells(spans)
    if align == "left" or room <= 0 or not spans:
        return spans
    return (Span(" " * (room // 2 if align == "center" else room)), *spans)


def stripped(spans: Line) -> Line:
    """The line without spaces at its end."""
    kept = list(spans)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return (*kept[:-1], Span(kept[-1].text.rstrip(), kept[-1].style)) if kept else ()
