"""Which conversations are kept, as a table and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from orchestrator.journal.base import Kept
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line
from orchestrator.render.times import local_time
from runtimes.values import JsonObject

MAX_ID, MAX_PERSON = 40, 12
"""Cells of an id, and of a person's name, that a table shows."""

MIN_TITLE = 10
"""Cells of a title that a table shows on any terminal."""

_HEADS = ("id", "last said", "turns", "standing")
_TURNS = 2
"""The column that is written to the right."""
_GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A conversation, and what waits in it."""

    kept: Kept
    questions: int | None = 0
    """How many can be answered; None where that is not known."""
    sign_ins: int | None = 0
    """How many calls wait until the person has signed in; None where that is not known."""


def cut_to(line: str, cells: int) -> str:
    """A clean line, or the beginning of it, in at most so many cells."""
    return line if cell_len(line) <= cells else set_cell_size(line, max(cells - 1, 0)).rstrip() + "…"


def fitted(text: str, cells: int) -> str:
    """One clean line of at most so many cells, of any text."""
    return cut_to(clean_line(text), cells)


def _standing(one: Listed) -> str:
    if one.questions:
        return counted(one.questions, "question")
    if one.sign_ins:
        return counted(one.sign_ins, "sign-in")
    if one.kept.standing == "waiting":
        return "waiting" if one.questions is None else "expired"
    return one.kept.standing


def _padded(text: str, cells: int, *, is_right: bool) -> str:
    blank = " " * (cells - cell_len(text))
    return blank + text if is_right else text + blank


def as_table(conversations: Sequence[Listed], *, id_length: int, own: str, width: int) -> list[str]:
    """A line for each, below their heads, none of them wider than that as far as the columns let it.

    `id_length` is how much of an id is shown. The persons are shown where there are others than `own`.
    """
    has_others = any(one.kept.person != own for one in conversations)
    heads: tuple[str, ...] = (*_HEADS, "person") if has_others else _HEADS
    rows: list[tuple[str, ...]] = [heads]
    for one in conversations:
        kept = one.kept
        when, turns = local_time(kept.updated), str(kept.turns)
        row: tuple[str, ...] = (fitted(kept.conversation[:id_length], MAX_ID), when, turns, _standing(one))
        rows.append((*row, fitted(kept.person, MAX_PERSON)) if has_others else row)
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    room = max(width - sum(widths) - len(_GAP) * len(widths), MIN_TITLE)
    titles = ["title", *(fitted(one.kept.title, room) for one in conversations)]
    lines: list[str] = []
    for row, title in zip(rows, titles, strict=True):
        cells = (_padded(text, widths[number], is_right=number == _TURNS) for number, text in enumerate(row))
        lines.append(_GAP.join((*cells, title)).rstrip())
    return lines


def as_json(one: Listed) -> JsonObject:
    """A conversation in short; times are in seconds since the epoch."""
    kept = one.kept
    return {
        "id": kept.conversation,
        "person": kept.person,
        "title": kept.title,
        "turns": kept.turns,
        "facts": kept.facts,
        "created": kept.created,
        "updated": kept.updated,
        "standing": kept.standing,
        "questions": one.questions,
        "sign_ins": one.sign_ins,
    }
