"""A model's Markdown on a terminal: links show their address, nothing it says is dropped or moves the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement, TextElement
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from orchestrator.render.console import MAX_WIDTH
from orchestrator.render.sanitize import clean

MAX_LEVEL = 24
"""How deep quotes, lists and their items may nest; a deeper block is shown as it was written."""
MIN_WIDTH = 16
"""Columns that must be left for the text inside of nested blocks; else the block is shown as it was written."""
MAX_BLOCK = 16_384
"""Characters of one paragraph, list or code block that are laid out; a longer one is shown as it was written."""


def _parser() -> MarkdownIt:
    """HTML and images are left as text, so that what they say and where they point is seen."""
    options = {"html": False, "linkify": False, "typographer": False, "maxNesting": MAX_LEVEL + 8}
    return MarkdownIt("commonmark", options).enable(["strikethrough", "table"]).disable("image")


_PARSER = _parser()
_BLOCKS = _parser()
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])


class _Code(TextElement):
    """A code block, indented and without a background."""

    style_name = "markdown.code_block"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(self.text.plain.rstrip(), style="cyan", overflow="fold"), (0, 0, 0, 2))


class _Title(Heading):
    """A heading at the left, in bold."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.stylize("bold")
        yield text


class _Parsed(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Title,
        "fence": _Code,
        "code_block": _Code,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        self.parsed = _PARSER.parse(text)


def _cleaned(line: Iterable[Segment]) -> list[Segment]:
    """Cleaned once more, because entities and encoded links can hide things; without spaces at the end."""
    pieces = [Segment(clean(segment.text).replace("\n", " "), segment.style) for segment in line if not segment.control]
    while pieces and not pieces[-1].text.strip():
        pieces.pop()
    return [*pieces[:-1], Segment(pieces[-1].text.rstrip(), pieces[-1].style)] if pieces else []


def _trimmed(lines: Iterable[list[Segment]]) -> Iterator[Segment]:
    """The lines, without the empty ones at both ends."""
    empty = 0
    has_begun = False
    for line in lines:
        if not line:
            empty += 1
            continue
        yield from [Segment.line()] * (empty if has_begun else 0)
        yield from line
        yield Segment.line()
        empty = 0
        has_begun = True


class Prose:
    """Cleaned Markdown, laid out; as it was written where it is too long, too nested or too narrow for that."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parsed = _Parsed(text) if len(text) <= MAX_BLOCK else None
        self._level = max((token.level for token in self._parsed.parsed), default=0) if self._parsed else 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        options = options.update(max_width=min(options.max_width, MAX_WIDTH))
        if self._parsed is None or self._level > min(MAX_LEVEL, (options.max_width - MIN_WIDTH) // 4):
            yield Text(self._text.rstrip("\n"), overflow="fold")
            return
        yield from _trimmed(map(_cleaned, Segment.split_lines(console.render(self._parsed, options))))


def settled(text: str) -> int:
    """How many characters at the start are blocks that nothing further can change.

    The last block may still grow: a paragraph may become a heading or a table. One that has grown beyond `MAX_BLOCK`
    counts as settled up to its last whole line.
    """
    whole = text[: text.rfind("\n") + 1]
    starts = [token.map[0] for token in _BLOCKS.parse(whole) if token.level == 0 and token.map and token.nesting >= 0]
    if not starts or not starts[-1]:
        return len(whole) if len(whole) > MAX_BLOCK else 0
    return sum(len(line) + 1 for line in whole.split("\n")[: starts[-1]])
