"""Two requests as values, and in which lines they differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice, zip_longest

from orchestrator.testing.format.yaml_text import yaml_text
from runtimes.values import Json, JsonObject

MAX_DIFF_LINES = 40
"""Lines of a difference that are shown."""

MAX_LINE_CHARS = 160
"""Characters of each of them."""

AROUND = 2
"""Lines before and after each change."""

MAX_COMPARED_LINES = 1000
"""Lines of each request that are compared, from the first that differs."""

_FAR = "…"
"""Stands between changes that are far from each other."""

_Change = tuple[str, int, int, int, int]
"""What becomes of some lines, as `difflib` says it."""


def _in_order(value: Json, ranks: dict[str, int]) -> Json:
    """A value with its members in the order in which their names have been seen first."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: ranks.setdefault(member[0], len(ranks)))
        return {name: _in_order(item, ranks) for name, item in members}
    return [_in_order(item, ranks) for item in value] if isinstance(value, list) else value


def _lines(value: JsonObject, ranks: dict[str, int]) -> list[str]:
    return yaml_text(_in_order(value, ranks)).splitlines()


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines, or characters, both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(one), len(other)))


def _cut(line: str, at: int) -> str:
    """The line, or a part of a long one with what stands at a place."""
    if len(line) <= MAX_LINE_CHARS:
        return line
    start = max(0, min(at - MAX_LINE_CHARS // 4, len(line) - MAX_LINE_CHARS))
    end = start + MAX_LINE_CHARS
    return f"{_FAR if start else ''}{line[start:end]}{_FAR if end < len(line) else ''}"


def _same(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[str]:
    """Lines that are the same: the few next to the changes."""
    after = lines[:0] if is_first else lines[:AROUND]
    before = lines[:0] if is_last else lines[-AROUND:]
    if len(after) + len(before) >= len(lines):
        after, before = lines, lines[:0]
    yield from (f" {_cut(line, 0)}" for line in after)
    if after and before:
        yield _FAR
    yield from (f" {_cut(line, 0)}" for line in before)


def _changed(mark: str, lines: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """Lines of one side, each with what parts it from its like of the other."""
    for line, other in islice(zip_longest(lines, others, fillvalue=""), len(lines)):
        yield f"{mark}{_cut(line, shared(line, other))}"


def _told(recorded: Sequence[str], came: Sequence[str], changes: Sequence[_Change]) -> Iterator[str]:
    for index, (kind, first, last, start, end) in enumerate(changes):
        if kind == "equal":
            yield from _same(recorded[first:last], is_first=not index, is_last=index == len(changes) - 1)
            continue
        yield from _changed("-", recorded[first:last], came[start:end])
        yield from _changed("+", came[start:end], recorded[first:last])


def _changes(recorded: Sequence[str], came: Sequence[str], *, is_whole: bool) -> Sequence[_Change]:
    """What differs; of lines that were cut off, the end would differ for that alone."""
    changes = SequenceMatcher(None, recorded, came).get_opcodes()
    is_cut = not is_whole and changes[-1][0] != "equal" and any(change[0] != "equal" for change in changes[:-1])
    return changes[:-1] if is_cut else changes


def difference(recorded: JsonObject, came: JsonObject) -> str:
    """The lines in which a request differs from the one that was recorded: `-` was recorded, `+` came.

    The order of members is no difference. Only the first `MAX_COMPARED_LINES` are compared, from where they differ.
    """
    ranks: dict[str, int] = {}
    ours, theirs = _lines(recorded, ranks), _lines(came, ranks)
    start = max(0, shared(ours, theirs) - AROUND)
    ours, theirs = ours[start:], theirs[start:]
    same_end = max(0, shared(ours[AROUND:][::-1], theirs[AROUND:][::-1]) - AROUND)
    ours, theirs = ours[: len(ours) - same_end], theirs[: len(theirs) - same_end]
    is_whole = max(len(ours), len(theirs)) <= MAX_COMPARED_LINES
    ours, theirs = ours[:MAX_COMPARED_LINES], theirs[:MAX_COMPARED_LINES]
    lines = [*_told(ours, theirs, _changes(ours, theirs, is_whole=is_whole))]
    left = len(lines) - MAX_DIFF_LINES
    more = [f"… and {left} more lines"] if left > 0 else []
    rest = [] if is_whole else [f"… only {MAX_COMPARED_LINES} lines from the first that differs are compared"]
    return "\n".join([*lines[:MAX_DIFF_LINES], *more, *rest])
