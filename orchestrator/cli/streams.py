"""What the standard streams can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO


def is_repainted(file: IO[str], environ: Mapping[str, str]) -> bool:
    """True on a terminal where a line can be written over."""
    return file.isatty() and environ.get("TERM", "") != "dumb"


def is_coloured(file: IO[str], environ: Mapping[str, str]) -> bool:
    """True on a terminal that has colours, unless `NO_COLOR` has a value."""
    return is_repainted(file, environ) and not environ.get("NO_COLOR")
