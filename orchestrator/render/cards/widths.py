"""How the width of a row is shared among its columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one column would like; all but the weight in cells."""

    least: int
    """Below this it reads badly."""
    natural: int
    """With this nothing in it needs to be wrapped."""
    weight: float = 0
    """Its share of what the others leave; 0 for a column that is as wide as its content."""


def natural_width(wishes: Sequence[Wish]) -> int:
    """Cells with which every column has room for its content."""
    fixed = sum(wish.natural for wish in wishes if not wish.weight)
    weighted = [wish for wish in wishes if wish.weight]
    total = sum(wish.weight for wish in weighted)
    return fixed + max((round(wish.natural * total / wish.weight) for wish in weighted), default=0)


def _fixed(wishes: Sequence[Wish], room: int) -> dict[int, int]:
    """The columns without weights: their content's width, or less where that is more than there is."""
    fixed = {number: wish for number, wish in enumerate(wishes) if not wish.weight}
    spare = room - sum(wish.least for wish in wishes)
    wanted = sum(max(0, wish.natural - wish.least) for wish in fixed.values())
    if wanted <= spare:
        return {number: max(wish.natural, wish.least) for number, wish in fixed.items()}
    return {number: wish.least + spare * max(0, wish.natural - wish.least) // wanted for number, wish in fixed.items()}


def _weighted(wishes: Sequence[Wish], room: int) -> dict[int, int]:
    """The columns with weights: in proportion to them, but none below what it needs."""
    open_ones = {number: wish for number, wish in enumerate(wishes) if wish.weight}
    settled: dict[int, int] = {}
    while open_ones:
        left = room - sum(settled.values())
        total = sum(wish.weight for wish in open_ones.values())
        shares = {number: int(left * wish.weight / total) for number, wish in open_ones.items()}
        small = [number for number, wish in open_ones.items() if shares[number] < wish.least]
        if not small:
            return settled | shares
        for number in small:
            settled[number] = open_ones.pop(number).least
    return settled


def shared(wishes: Sequence[Wish], room: int) -> tuple[int, ...] | None:
    """The width of each column; None where not even the least of each goes."""
    if sum(wish.least for wish in wishes) > room:
        return None
    widths = _fixed(wishes, room)
    widths |= _weighted(wishes, room - sum(widths.values()))
    return tuple(widths[number] for number in range(len(wishes)))
