"""Tells how conversations go, while they are played and at the end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio

from orchestrator.cli.streams import is_coloured, told_width
from orchestrator.cli.testing.exit_codes import FAILED, WRONG_USE
from orchestrator.cli.testing.marking import Marking
from orchestrator.cli.testing.outputs import write_junit
from orchestrator.cli.testing.progress import Progress
from orchestrator.errors import Problem
from orchestrator.render.workflow import json_without_commands
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_json, as_lines, covered_lines, summary
from runtimes.values import pretty_json


class Telling:
    """Hears of one conversation after the other."""

    def __init__(self, options: argparse.Namespace, total: int, problems: Sequence[Problem] = ()) -> None:
        """`total` conversations are to be played; `problems` are the mistakes of files, of which people know."""
        self._options = options
        self._total = total
        self._problems = tuple(problems)
        self._outcomes: list[Outcome] = []
        self._failed = 0
        self._started = time.monotonic()
        self._is_coloured = is_coloured(sys.stdout, os.environ)
        self._width = told_width(sys.stdout, os.environ)
        self._marking = Marking(is_wanted=options.github)
        self._progress = Progress(self._so_far, sys.stderr, os.environ)

    @property
    def told(self) -> int:
        """How many have been told of."""
        return len(self._outcomes)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What it has heard."""
        return tuple(self._outcomes)

    def take(self, outcome: Outcome) -> bool:
        """Tells of a conversation; False where no more are wanted."""
        self._outcomes.append(outcome)
        self._failed += not outcome.is_passed
        if not self._options.json:
            for line in as_lines(outcome, is_coloured=self._is_coloured, width=self._width):
                self._progress.print(self._marking.plain(line))
        for line in self._marking.failures(outcome):
            self._progress.print(line)
        return outcome.is_passed or not self._options.exitfirst

    @asynccontextmanager
    async def progress(self) -> AsyncGenerator[None]:
        """Shows how far it has come, while the block runs."""
        async with self._progress.shown():
            yield

    @asynccontextmanager
    async def counted(self) -> AsyncGenerator[None]:
        """As `progress`; where the block is interrupted, it tells of what was counted until then."""
        try:
            async with self.progress():
                yield
        except anyio.get_cancelled_exc_class():
            self._finish(is_interrupted=True)
            raise

    def finish(self) -> int:
        """Tells of all of them, and writes the reports; the exit code."""
        self._finish(is_interrupted=False)
        if self._problems:
            return WRONG_USE
        return FAILED if self._failed else 0

    def _finish(self, *, is_interrupted: bool) -> None:
        left = self._total - len(self._outcomes)
        try:
            self._print(left, is_interrupted=is_interrupted)
        finally:
            not_counted = f"interrupted: {left} of {self._total} conversations were not played"
            write_junit(self._options, self._outcomes, self._problems, not_counted if is_interrupted else "")

    def _print(self, left: int, *, is_interrupted: bool) -> None:
        if self._options.json:
            told = as_json(self._outcomes, self._problems, left, is_interrupted=is_interrupted)
            print(json_without_commands(pretty_json(told)), flush=True)
            return
        for line in covered_lines(self._outcomes, width=self._width):
            print(self._marking.plain(line))
        seconds = time.monotonic() - self._started
        print(
            summary(self._outcomes, left, seconds, problems=self._problems, is_interrupted=is_interrupted), flush=True
        )

    def _so_far(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        seconds = time.monotonic() - self._started
        return f"{len(self._outcomes)} of {self._total} conversations{failed} ({seconds:.0f} s)"
