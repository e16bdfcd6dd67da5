"""Paths that a person typed: `~` is their home, and what cannot be one is said in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from orchestrator.errors import UsageError


def typed_path(text: str, about: str = "") -> Path:
    """The path that a text means. Raises: `UsageError`, which begins with `about`, for what can be none."""
    try:
        is_possible = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise UsageError(f"{about}{text[:200]!r} is no path: it has a character that no path can have")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{about}{text[:200]!r} begins with a home folder that is not known here") from None


def holds_what_is_written(path: Path) -> bool:
    """True where nothing is yet, and for a file or a device: writing to a pipe would wait for its reader.

    Raises: `OSError`.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) or stat.S_ISCHR(mode)
