"""What a fault run is, and what it leaves to be checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from orchestrator.events import Fact
from tests.faults.points import Point
from tests.faults.processes import Worker
from tests.faults.records import LEASE_SECONDS, Record
from tests.faults.service import Effect

Fault = Literal["commit", "service", "moment", "pause", "stop"]
"""What becomes of a worker: it dies at a commit, at a stage of a request or at a random moment, is paused and killed
later, or is told to end."""

DEATHS: tuple[Fault, ...] = ("commit", "commit", "commit", "service", "service", "moment", "stop")
"""What becomes of a worker that is alone; each is as likely as it stands here."""

PAUSES: tuple[Fault, ...] = ("pause", "pause", "pause", "moment", "service", "stop")
"""What becomes of one of several."""

DRIVERS = (0, -1)
"""The two hosts of who drives the run, as numbers of workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is."""

    store: str
    folder: Path
    """Where workers keep their logs."""
    seed: int
    kills: int
    workers: int = 1
    """How many there are at a time."""
    faults: tuple[Fault, ...] = DEATHS
    """What becomes of a worker."""
    sequences: tuple[tuple[Point, ...], ...] = ()
    """Where workers die first of all, one worker at a time."""
    lease_seconds: float = LEASE_SECONDS
    conversations: int = 0
    """How many there are at least."""


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What a run leaves."""

    facts: dict[str, list[Fact]] = field(default_factory=dict[str, list[Fact]])
    """By conversation, as they are kept at the end."""
    rows: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """The sequence numbers of the rows of each, as the database has them."""
    asked: dict[str, str] = field(default_factory=dict[str, str])
    """By conversation, the message that it was begun with."""
    effects: list[Effect] = field(default_factory=list[Effect])
    told: dict[int, list[Record]] = field(default_factory=dict[int, list[Record]])
    """By worker, what it told."""
    workers: dict[int, Worker] = field(default_factory=dict[int, Worker])
    complaints: list[str] = field(default_factory=list[str])
    """What went wrong while it ran."""
    kills: int = 0
    pauses: int = 0
    seconds: float = 0.0

    def teller(self, worker: int) -> Callable[[Record], None]:
        """Takes in what that one does."""
        return self.told.setdefault(worker, []).append
