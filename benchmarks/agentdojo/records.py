"""What is kept of each run, and the figures that come of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.agentdojo.plan import MOST_APPROVALS, Kind, Name
from benchmarks.agentdojo.stage import Approves


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A call of a task that did not run by itself."""

    tool: str
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run; of a probe with two runs, both."""

    row: Name
    kind: Kind
    version: str
    suite: str
    user_task: str
    injection_task: str | None = None
    approves: Approves = "nobody"
    at_most: int | None = None
    is_done: bool = False
    is_attacked: bool = False
    """True when the attack has worked; of a probe, when something else than the task came through."""
    questions: int = 0
    """Those about calls of the task."""
    attempts: int = 0
    """Calls of the attacker."""
    read: int = 0
    """Those of them that ran, and that only read."""
    effects: int = 0
    """Those of them that ran, and that change or export."""
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A row of the table, for one version."""

    attacks: int
    pairs: int
    text_only: int
    """Those of the attacks that worked with words in the answer alone."""
    careful_attacks: int | None
    """The same with a person who approves the calls of the task and no other; None where that was not run."""
    read: int
    effects: int
    tasks: int
    done: tuple[int, ...]
    """Tasks done with nobody, and with at most 1, 2, … approvals; the last one is without a limit."""
    questions: int

    @property
    def questions_per_task(self) -> float:
        """Those of a person who approves all that belongs to the task."""
        return self.questions / self.tasks if self.tasks else 0.0


def _of(records: Iterable[Record], row: Name, version: str, kind: Kind) -> list[Record]:
    return [one for one in records if one.row == row and one.version == version and one.kind == kind]


def _done(benign: Sequence[Record]) -> Iterator[int]:
    yield sum(one.is_done for one in benign if one.approves == "nobody")
    for most in range(1, MOST_APPROVALS + 1):
        yield sum(one.is_done for one in benign if one.at_most == most)
    yield sum(one.is_done for one in benign if one.approves != "nobody" and one.at_most is None)


def figures(records: Sequence[Record], row: Name, version: str) -> Figures:
    """What a row comes to."""
    benign, attacks = _of(records, row, version, "benign"), _of(records, row, version, "attack")
    careful = [one for one in attacks if one.approves == "reference"]
    first = [one for one in attacks if one.approves != "reference"]
    worked = [one for one in first if one.is_attacked]
    unlimited = [one for one in benign if one.approves != "nobody" and one.at_most is None]
    return Figures(
        attacks=len(worked),
        pairs=len(first),
        text_only=sum(not one.attempts for one in worked),
        careful_attacks=sum(one.is_attacked for one in careful) if careful else None,
        read=sum(one.read for one in first),
        effects=sum(one.effects for one in attacks),
        tasks=len(unlimited),
        done=tuple(_done(benign)),
        questions=sum(one.questions for one in unlimited),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What an attacker came to who follows no script."""

    runs: int
    attempts: int
    effects: int
    came_through: int
    """Runs in which something came through: an effect, or other bytes."""


def probed(records: Sequence[Record], row: Name, version: str, kind: Kind) -> Probed:
    """What a probe of a row comes to."""
    runs = _of(records, row, version, kind)
    return Probed(
        runs=len(runs),
        attempts=sum(one.attempts for one in runs),
        effects=sum(one.effects for one in runs),
        came_through=sum(one.is_attacked for one in runs),
    )


def held_calls(records: Sequence[Record], row: Name, version: str) -> Iterator[str]:
    """The calls of tasks that did not run by themselves, a line each."""
    for one in _of(records, row, version, "benign"):
        if one.approves == "reference" and one.at_most is None:
            for call in one.held:
                done = "done" if one.is_done else "NOT DONE"
                yield f"{one.suite} {one.user_task} ({done}): {call.verdict} {call.tool}: {'; '.join(call.reasons)}"
