"""The figures as a Markdown table, and their place in the page on performance. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "<!-- performance: written by `python -m benchmarks.performance --write` -->"
END = "<!-- /performance -->"

_HEADER = ("", "must", "aim", "`[fast]`", "without it", "SQLite", "by hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: ratios of ours, as far as they were measured, and what the loop by hand takes."""

    label: str
    must: float | None
    aim: float | None
    fast: float | None = None
    plain: float | None = None
    sqlite: float | None = None
    by_hand: str = ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if 0 < value < 10 else f"{round(value)}"


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _ours(value: float | None, must: float | None) -> str:
    """Bold where it is over what it must be."""
    text = _number(value)
    return f"**{text}**" if value is not None and must is not None and value > must else text


def _row(line: Line) -> tuple[str, ...]:
    ours = (_ours(value, line.must) for value in (line.fast, line.plain, line.sqlite))
    return (line.label, _bound(line.must), _bound(line.aim), *ours, line.by_hand)


def table(lines: Sequence[Line]) -> str:
    """The table, as Markdown."""
    rows = [_HEADER, ("---",) * len(_HEADER), *map(_row, lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_table(page: str, text: str) -> str:
    """The page with the text between its marks. Raises: `ValueError` where they are not there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the figures")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
