"""The console that everything is printed on: its colours, its marks, and what it does off a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from rich.console import Console
from rich.theme import Theme

MAX_WIDTH = 100
"""Columns of a line of text; longer lines are hard to read."""

_THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.h1": "bold",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.link": "none",
        "markdown.link_url": "blue",
        "markdown.item.number": "none",
        "markdown.item.bullet": "none",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
        "markdown.block_quote": "dim",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The signs in front of lines."""

    fine: str
    bad: str
    note: str
    person: str
    frames: str
    """What a waiting sign turns through."""


_UNICODE = Marks(fine="✓", bad="✗", note="·", person="\u203a", frames="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
_ASCII = Marks(fine="+", bad="x", note="-", person=">", frames="|/-\\")


class _Terminal(Console):
    """A console that reports a reader who has gone away, instead of leaving the program."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise BrokenPipeError("nobody reads the output any more")


def console_for(
    file: IO[str], *, is_live: bool, width: int | None = None, environ: Mapping[str, str] | None = None
) -> Console:
    """A console on this stream. Off a terminal nothing is wrapped or coloured.

    `environ` is where `NO_COLOR` and `TERM` are looked up, the process's own by default.
    """
    return _Terminal(
        file=file,
        force_terminal=is_live,
        soft_wrap=not is_live,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        theme=_THEME,
        _environ=environ,
    )


def marks_for(console: Console) -> Marks:
    """The signs that the stream's encoding can write."""
    return _UNICODE if console.encoding.casefold().startswith("utf") else _ASCII
