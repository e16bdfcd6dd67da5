"""Runs the contenders of a task, each in a process of its own, in turns; takes ratios inside each repetition."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks.performance.task import NAMES, Figures, Name, Task
from benchmarks.place import Addresses

WORKER_SECONDS = 900.0
"""How long one contender may take over a task."""

Told = Callable[[str], None]
"""Hears of each figure as it comes."""


def _figures(name: Name, task: Task, servers: Addresses) -> Figures:
    """Raises: `CalledProcessError` where the worker failed; it has said why on standard error."""
    arguments = (orjson.dumps(argument).decode() for argument in (name, task, servers))
    program = [sys.executable, "-m", "benchmarks.performance.worker", *arguments]
    done = subprocess.run(program, stdout=subprocess.PIPE, timeout=WORKER_SECONDS, check=True)
    figures: Figures = orjson.loads(done.stdout)
    return figures


@dataclass(frozen=True, slots=True)
class Samples:
    """The figures of a task, by the contender, one for each repetition."""

    taken: dict[Name, list[Figures]] = field(default_factory=dict[Name, list[Figures]])

    def median(self, name: Name, figure: str) -> float:
        return statistics.median(figures[figure] for figures in self.taken[name])

    def most(self, name: Name, figure: str) -> float:
        return max(figures[figure] for figures in self.taken[name])

    def ratio(self, name: Name, figure: str, reference: Name = "by hand") -> float:
        """The median of the ratios inside each repetition."""
        pairs = zip(self.taken[name], self.taken[reference], strict=True)
        return statistics.median(mine[figure] / theirs[figure] for mine, theirs in pairs)


def _in_order(names: Sequence[Name], repetition: int) -> Sequence[Name]:
    return names[::-1] if repetition % 2 else names


def measured(task: Task, repetitions: int, servers: Addresses, tell: Told) -> Samples:
    """Each contender once in each repetition, in alternating order."""
    samples = Samples({name: [] for name in NAMES})
    for repetition in range(repetitions):
        for name in _in_order(NAMES, repetition):
            figures = _figures(name, task, servers)
            samples.taken[name].append(figures)
            shown = ", ".join(f"{value:.4g} {figure}" for figure, value in figures.items())
            tell(f"{task.name} [{repetition + 1}/{repetitions}] {name}: {shown}")
    return samples
