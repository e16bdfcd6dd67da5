"""Finds for each expectation of a list the thing that fits it, and says what does not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orchestrator.testing.format.parts import Listed
from orchestrator.testing.judging.mismatch import Mismatch
from runtimes.positions import pointer_to

MAX_SEQUENCE = 12
"""How many things a failure lists."""

Expected = TypeVar("Expected")
Came = TypeVar("Came")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Expected, Came]):
    """How one kind of thing is compared, and spoken of."""

    explain: Callable[[Expected, Came], Mismatch | None]
    """Why a thing does not fit; None where it does. Rank 0 means that they have nothing in common."""
    expected: Callable[[Expected], str]
    """An expectation in a few words."""
    came: Callable[[Came], str]
    """A thing in a few words."""
    missing: Callable[[Expected], str]
    """That nothing like it came."""
    noun: str
    """What such a thing is called."""


def _sequence(items: Sequence[str]) -> str:
    more = f", … ({len(items) - MAX_SEQUENCE} more)" if len(items) > MAX_SEQUENCE else ""
    return ", ".join(items[:MAX_SEQUENCE]) + more or "none"


@dataclass(slots=True)
class _Matching:
    """Pairs expectations and things, as many as can be (augmenting paths)."""

    fits: Sequence[Sequence[int]]
    """For each expectation, the things that fit it, the most likely first."""
    taken: dict[int, int] = field(default_factory=dict[int, int])
    """Thing to expectation."""

    def run(self) -> dict[int, int]:
        for start in range(len(self.fits)):
            self._place(start)
        return self.taken

    def _place(self, start: int) -> None:
        """Looks, breadth first, for a chain of moves that ends at a thing nobody has."""
        came_from: dict[int, int] = {}
        queue = [start]
        for wanting in queue:
            for thing in self.fits[wanting]:
                if thing in came_from:
                    continue
                came_from[thing] = wanting
                if thing not in self.taken:
                    self._move(thing, came_from, start)
                    return
                queue.append(self.taken[thing])

    def _move(self, thing: int, came_from: dict[int, int], start: int) -> None:
        while True:
            wanting = came_from[thing]
            before = next((other for other, owner in self.taken.items() if owner == wanting), None)
            self.taken[thing] = wanting
            if wanting == start or before is None:
                return
            thing = before


def _likely(index: int, candidates: list[int]) -> list[int]:
    """The thing at the same place first."""
    return sorted(candidates, key=lambda thing: (thing != index, thing))


def _all_fit(kind: Kind[Expected, Came], items: Sequence[Expected], came: Sequence[Came]) -> bool:
    return len(items) == len(came) and all(
        kind.explain(item, thing) is None for item, thing in zip(items, came, strict=True)
    )


def _nearest(
    kind: Kind[Expected, Came], item: Expected, free: Sequence[int], came: Sequence[Came]
) -> tuple[int, Mismatch] | None:
    found = [(thing, why) for thing in free if (why := kind.explain(item, came[thing])) is not None and why.rank]
    return max(found, key=lambda pair: pair[1].rank) if found else None


def list_mismatches(
    kind: Kind[Expected, Came], listed: Listed[Expected], came: Sequence[Came], pointer: str
) -> Iterator[Mismatch]:
    """What is missing, what differs, what is too much, and whether the order is another."""
    items = listed.items
    if listed.order == "in_order" and _all_fit(kind, items, came):
        return
    fits = [
        _likely(index, [at for at, thing in enumerate(came) if kind.explain(item, thing) is None])
        for index, item in enumerate(items)
    ]
    taken = _Matching(fits).run()
    free = [at for at in range(len(came)) if at not in taken]
    everything = (("came", _sequence([kind.came(thing) for thing in came])),)
    missing = 0
    for index, item in enumerate(items):
        if index in taken.values():
            continue
        step = pointer + pointer_to(listed.order, index)
        nearest = _nearest(kind, item, free, came)
        if nearest is None:
            missing += 1
            yield Mismatch(pointer=step, message=kind.missing(item), details=everything)
            continue
        free.remove(nearest[0])
        yield nearest[1].under(step)
    if listed.order == "include":
        return
    if len(free) > missing:  # else it came in the place of what is missing, and was told there
        counted = f"a {kind.noun}" if len(free) == 1 else f"{len(free)} {kind.noun}s"
        surplus = ("unexpected", _sequence([kind.came(came[at]) for at in free]))
        yield Mismatch(pointer=pointer, message=f"{counted} that nothing expects", details=(surplus,))
    if listed.order == "in_order" and len(taken) == len(items) == len(came):
        expected = _sequence([kind.expected(item) for item in items])
        other = _sequence([kind.expected(items[taken[at]]) for at in range(len(came))])
        yield Mismatch(
            pointer=pointer, message="the order is another", details=(("expected", expected), ("came", other))
        )
