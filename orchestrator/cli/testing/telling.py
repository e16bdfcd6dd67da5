"""Tells how conversations go, while they are played and at the end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from orchestrator.cli.sources import write_text
from orchestrator.cli.streams import is_coloured
from orchestrator.cli.testing.progress import Progress
from orchestrator.testing.playing.annotations import as_annotations
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_json, as_junit, as_lines, covered_lines, summary
from runtimes.values import pretty_json

FAILED = 1
"""Exit code: an expectation was not met."""


class Telling:
    """Hears of one conversation after the other."""

    def __init__(self, options: argparse.Namespace, total: int) -> None:
        """`total` conversations are to be played."""
        self._options = options
        self._total = total
        self._outcomes: list[Outcome] = []
        self._failed = 0
        self._started = time.monotonic()
        self._is_coloured = is_coloured(sys.stdout, os.environ)
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
            for line in as_lines(outcome, is_coloured=self._is_coloured):
                self._progress.print(line)
        for line in as_annotations(outcome) if self._options.github else ():
            self._progress.print(line)
        return outcome.is_passed or not self._options.exitfirst

    @asynccontextmanager
    async def progress(self) -> AsyncGenerator[None]:
        """Shows how far it has come, while the block runs."""
        async with self._progress.shown():
            yield

    def finish(self) -> int:
        """Tells of all of them, and writes the reports; the exit code."""
        left = self._total - len(self._outcomes)
        if self._options.json:
            print(pretty_json(as_json(self._outcomes, (), left)))
        else:
            for line in covered_lines(self._outcomes):
                print(line)
            print(summary(self._outcomes, left, time.monotonic() - self._started))
        if self._options.junit:
            write_text(self._options.junit, as_junit(self._outcomes), option="--junit", force=True)
        return FAILED if self._failed else 0

    def _so_far(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        seconds = time.monotonic() - self._started
        return f"{len(self._outcomes)} of {self._total} conversations{failed} ({seconds:.0f} s)"
