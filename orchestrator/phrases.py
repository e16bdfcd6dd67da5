"""Several things named in one phrase. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def listed(parts: Iterable[str], between: str = ", ", last: str = " and ") -> str:
    """The parts as a phrase: `a`, `a and b`, `a, b and c`."""
    *first, end = [*parts] or [""]
    return f"{between.join(first)}{last}{end}" if first else end


def counted(count: int, what: str) -> str:
    """So many of a thing whose name has a regular plural: `1 turn`, `2 turns`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
