"""What is measured: the policies compared, the persons, and the tasks, in pieces that can be shared out. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.agentdojo.dojo import Suite
from benchmarks.agentdojo.service import Task
from benchmarks.agentdojo.stage import Person, Setup

VERSIONS = ("v1.1.2", "v1.2.2")

ACCOUNT = frozenset({"mail", "calendar", "drive"})
"""The plugins that one publisher would offer together."""

MOST_APPROVALS = 5
"""How many approvals a person gives at most, in the figures that count them."""

MAX_TASKS = 100
"""Tasks of one piece; a host is opened for each."""

Kind = Literal["benign", "attack", "closing", "carrying", "choosing"]

Name = Literal["none", "effects", "standard", "account", "strict", "undeclared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One policy of the table."""

    name: Name
    title: str
    setup: Setup
    attacked: tuple[Person, ...]
    """Who is there while it is attacked."""
    helped: tuple[Person, ...]
    """Who is there while it is not."""
    is_probed: bool = False
    """Whether the attackers that follow no script are let loose on it, too."""


NOBODY = Person()
BLIND = Person(approves="everything")
CAREFUL = Person(approves="reference")
"""Approves the calls of the task, and declines all others."""

_COUNTED = (*(Person(approves="reference", at_most=most) for most in range(1, MOST_APPROVALS + 1)), CAREFUL)

ROWS = (
    Row(name="none", title="none", setup=Setup(mode="off"), attacked=(BLIND,), helped=(BLIND,), is_probed=True),
    Row(
        name="effects",
        title="`off`: questions about effects alone",
        setup=Setup(mode="off"),
        attacked=(NOBODY,),
        helped=(NOBODY, *_COUNTED),
    ),
    Row(
        name="standard",
        title="`standard`",
        setup=Setup(),
        attacked=(NOBODY, CAREFUL),
        helped=(NOBODY, *_COUNTED),
        is_probed=True,
    ),
    Row(
        name="account",
        title="`standard`, mail, calendar and drive together",
        setup=Setup(together=(ACCOUNT,)),
        attacked=(NOBODY,),
        helped=(NOBODY, *_COUNTED),
    ),
    Row(
        name="strict",
        title="`strict`",
        setup=Setup(mode="strict"),
        attacked=(NOBODY, CAREFUL),
        helped=(NOBODY, *_COUNTED),
        is_probed=True,
    ),
    Row(
        name="undeclared",
        title="`standard`, no plugin has `security_info`",
        setup=Setup(declares=False),
        attacked=(NOBODY, CAREFUL),
        helped=(NOBODY, *_COUNTED),
        is_probed=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Runs that share a host."""

    row: Row
    kind: Kind
    person: Person
    tasks: tuple[Task, ...]

    @property
    def cost(self) -> int:
        """A guess at how long it takes: workspace's answers are long, and probes make many calls."""
        weight = 4 if self.tasks[0].suite == "workspace" else 1
        return len(self.tasks) * weight * (1 if self.kind in ("benign", "attack") else 10)


def sampled(tasks: Sequence[Task], pairs: int | None, seed: int) -> tuple[Task, ...]:
    """All of the tasks, or so many of them, the same ones for the same seed."""
    if pairs is None or pairs >= len(tasks):
        return tuple(tasks)
    return tuple(random.Random(seed).sample(tasks, pairs))


def pairs_of(version: str, suites: Mapping[str, Suite]) -> tuple[Task, ...]:
    """Every user task with every injection task of its suite."""
    return tuple(
        Task(version=version, suite=name, user_task=user_task, injection_task=injection_task)
        for name, suite in suites.items()
        for user_task in suite.user_tasks
        for injection_task in suite.injection_tasks
    )


def tasks_of(version: str, suites: Mapping[str, Suite]) -> tuple[Task, ...]:
    """Every user task, without an attack."""
    return tuple(
        Task(version=version, suite=name, user_task=user_task)
        for name, suite in suites.items()
        for user_task in suite.user_tasks
    )


def _cut(row: Row, kind: Kind, person: Person, tasks: Sequence[Task]) -> Iterator[Piece]:
    for suite in dict.fromkeys(task.suite for task in tasks):
        ours = [task for task in tasks if task.suite == suite]
        for start in range(0, len(ours), MAX_TASKS):
            yield Piece(row=row, kind=kind, person=person, tasks=tuple(ours[start : start + MAX_TASKS]))


def pieces_of(tasks: Sequence[Task], pairs: Sequence[Task], *, probes: bool) -> Iterator[Piece]:
    """All runs of one version."""
    for row in ROWS:
        for person in row.helped:
            yield from _cut(row, "benign", person, tasks)
        for person in row.attacked:
            yield from _cut(row, "attack", person, pairs)
        if probes and row.is_probed:
            for kind in ("closing", "carrying", "choosing"):
                yield from _cut(row, kind, row.attacked[0], tasks)


def shares(pieces: Sequence[Piece], workers: int) -> tuple[tuple[Piece, ...], ...]:
    """The pieces, shared out so that all workers take about as long."""
    shared: list[list[Piece]] = [[] for _ in range(workers)]
    costs = [0] * workers
    for piece in sorted(pieces, key=lambda one: one.cost, reverse=True):
        least = costs.index(min(costs))
        shared[least].append(piece)
        costs[least] += piece.cost
    return tuple(map(tuple, shared))
