"""How much work a stranger's template may cause. Pure but for the clock it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.errors import OrchestratorError

MAX_STEPS = 2_000_000
"""Nodes evaluated, elements visited and characters looked at (by the hundred) in one expansion."""

MAX_OUTPUT = 8_000_000
"""Characters that one expansion may make, also those of values it throws away."""

MAX_SECONDS = 5.0
"""Seconds one expansion may take."""

_CLOCK_EVERY = 1024
"""Steps between two looks at the clock."""

_CHARACTERS_PER_STEP = 100


class CardLimit(OrchestratorError):
    """A template asks for more work than the host does; the message names the limit."""


@dataclass(slots=True)
class Budget:
    """What is left of the work that one expansion may cause."""

    steps: int = MAX_STEPS
    output: int = MAX_OUTPUT
    seconds: float = MAX_SECONDS
    clock: Callable[[], float] = time.monotonic
    _ends: float = 0.0
    _look: int = 0

    def __post_init__(self) -> None:
        self._ends = self.clock() + self.seconds
        self._look = self.steps - _CLOCK_EVERY

    def spend(self, steps: int = 1) -> None:
        """Raises: `CardLimit` when that is more than is left."""
        self.steps -= steps
        if self.steps < 0:
            raise CardLimit("the template needs more steps than the host gives one expansion")
        if self.steps < self._look:
            self._look = self.steps - _CLOCK_EVERY
            if self.clock() > self._ends:
                raise CardLimit(f"the template needs more than {self.seconds:g} seconds")

    def read(self, characters: int) -> None:
        """Before text of that length is searched, parsed or walked. Raises: `CardLimit`."""
        self.spend(1 + characters // _CHARACTERS_PER_STEP)

    def make(self, characters: int) -> None:
        """Before text (or that many elements) is made. Raises: `CardLimit`."""
        self.output -= characters
        if self.output < 0:
            raise CardLimit("the template makes more text than the host allows one expansion")
        self.read(characters)
