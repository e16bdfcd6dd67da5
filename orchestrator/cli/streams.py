"""What the standard streams can show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO

STANDARD_STREAM = "-"
"""The name of a file that stands for the standard output or, where something is read, the standard input."""

PIPE_COLUMNS = 80
"""How wide what is told is where no terminal says it."""

MIN_COLUMNS, MAX_COLUMNS = 50, 120
"""How wide it is at least, and at most, on any terminal."""


def is_repainted(file: IO[str], environ: Mapping[str, str]) -> bool:
    """True on a terminal where a line can be written over."""
    return file.isatty() and environ.get("TERM", "") != "dumb"


def is_coloured(file: IO[str], environ: Mapping[str, str]) -> bool:
    """True on a terminal that has colours, unless `NO_COLOR` has a value."""
    return is_repainted(file, environ) and not environ.get("NO_COLOR")


def _columns(file: IO[str], environ: Mapping[str, str]) -> int:
    wanted = environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and int(wanted[:9]):
        return int(wanted[:9])
    try:
        return os.get_terminal_size(file.fileno()).columns or PIPE_COLUMNS
    except (OSError, ValueError):  # a pipe, or a stream that is no file
        return PIPE_COLUMNS


def told_width(file: IO[str], environ: Mapping[str, str]) -> int:
    """How many columns texts and tables take: those of `COLUMNS`, else of the terminal, within bounds."""
    return max(MIN_COLUMNS, min(MAX_COLUMNS, _columns(file, environ)))
