"""Two requests as values, and in which lines they differ. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import islice

from orchestrator.testing.format.yaml_text import yaml_text
from runtimes.values import JsonObject

MAX_DIFF_LINES = 40
"""Lines of a difference that are shown."""

MAX_LINE_CHARS = 160
"""Characters of each of them."""

AROUND = 2
"""Lines before and after each change."""

MAX_COMPARED_LINES = 5000
"""Lines of a request that are compared; what comes after is not looked at."""


def _lines(value: JsonObject) -> list[str]:
    return yaml_text(value).splitlines()[:MAX_COMPARED_LINES]


def _cut(line: str, at: int) -> str:
    """The line, or a part of a long one with what stands at a place."""
    if len(line) <= MAX_LINE_CHARS:
        return line
    start = max(0, min(at - MAX_LINE_CHARS // 4, len(line) - MAX_LINE_CHARS))
    end = start + MAX_LINE_CHARS
    return f"{line[0]}{'…' if start > 1 else ''}{line[max(start, 1) : end]}{'…' if end < len(line) else ''}"


def _parting(line: str, others: list[str]) -> int:
    """Where a line parts from the one of the other side that it is most like."""
    near = difflib.get_close_matches(line, others, n=1, cutoff=0.1) if len(line) > MAX_LINE_CHARS else []
    pairs = zip(line, near[0], strict=False) if near else ()
    return next((at for at, (one, other) in enumerate(pairs, start=1) if one != other), 0)


def _shown(lines: list[str]) -> Iterator[str]:
    sides = {mark: [line[1:] for line in lines if line[0] == mark] for mark in "+-"}
    for line in lines:
        other = sides.get({"+": "-", "-": "+"}.get(line[0], ""), [])
        yield _cut(line, _parting(line[1:], other))


def difference(recorded: JsonObject, came: JsonObject) -> str:
    """The lines in which a request differs from the one that was recorded: `-` was recorded, `+` came.

    `…` stands between changes that are far from each other.
    """
    found = difflib.unified_diff(_lines(recorded), _lines(came), n=AROUND, lineterm="")
    # the first three lines say which files and lines are compared, as later ones do that begin with @@
    lines = ["…" if line.startswith("@@") else line for line in islice(found, 3, None)]
    shown = [*_shown(lines[:MAX_DIFF_LINES])]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"… and {left} more lines"] if left else [])])
