"""What is handed to processes that play conversations, and what comes back: values in frames with a length."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.collect import Choice, Collected
from orchestrator.testing.playing.outcome import Outcome, Wanted

MAX_BATCH = 10
"""Conversations that are handed to a process at once."""

BATCHES_FOR_EACH = 4
"""Batches that each process is to get at least, so that none is left alone with a long last one."""

LENGTH_BYTES = 4
"""Bytes of the length before each frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How conversations are chosen, played and told of: the same for all of a run."""

    choice: Choice = field(default_factory=Choice)
    update: bool = False
    """Write the snapshots of cards anew."""
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A conversation that is to be played."""

    file: str
    placed: Placed
    index: int
    """Its place among those of its file that the run chooses from, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some conversations of one file."""

    file: str
    indices: tuple[int, ...]
    """Where they stand; see `Chosen.index`."""
    numbers: tuple[int, ...]
    """Which they are among all that are played."""

    def after(self, played: int) -> Batch:
        """What is left when so many are played."""
        return replace(self, indices=self.indices[played:], numbers=self.numbers[played:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a process says when it can play."""


Frame = Manner | Batch | Ready | Outcome
"""Whatever goes from one process to another."""


def as_frame(value: Frame) -> bytes:
    """The value with its length before it."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def from_frame(data: bytes) -> object:
    """The value of a frame, whose length has been read."""
    return pickle.loads(data)  # noqa: S301  # both ends are this program, and nobody else holds the pipe


def chosen_in(collected: Collected) -> tuple[Chosen, ...]:
    """All that was collected, in order."""
    seen: Counter[str] = Counter()
    found: list[Chosen] = []
    for file, placed in collected.conversations:
        found.append(Chosen(file=file, placed=placed, index=seen[file]))
        seen[file] += 1
    return tuple(found)


def batches_of(chosen: Sequence[Chosen], jobs: int, *, skipped: int = 0, whole: bool = False) -> tuple[Batch, ...]:
    """All but the first, in order; `whole` has all of a file played by one process."""
    size = max(1, min(MAX_BATCH, (len(chosen) - skipped) // (jobs * BATCHES_FOR_EACH)))
    open_batches: dict[str, list[int]] = {}
    batches: list[tuple[str, list[int]]] = []
    for number in range(skipped, len(chosen)):
        file = chosen[number].file
        numbers = open_batches.get(file)
        if numbers is None or (not whole and (len(numbers) >= size or numbers[-1] != number - 1)):
            numbers = open_batches[file] = []
            batches.append((file, numbers))
        numbers.append(number)
    return tuple(
        Batch(file=file, indices=tuple(chosen[number].index for number in numbers), numbers=tuple(numbers))
        for file, numbers in batches
    )
