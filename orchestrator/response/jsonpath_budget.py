"""What one evaluation of a query may cost, and the errors that a query ends in. Pure but for a stopwatch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

MAX_STEPS = 3_000_000
"""Values visited or compared in one evaluation: a few times what the largest answer has."""

MAX_SECONDS = 2.0
"""Seconds that one evaluation may take."""

_CLOCK_EVERY = 1024
"""Steps between two looks at the clock."""

MAX_REGEX_SECONDS = 1.0
"""Seconds that all of `match()` and `search()` in one evaluation may take together."""

MAX_SHOWN = 120
"""Characters of a query that an error shows."""


def _window(query: str, column: int) -> tuple[str, int]:
    """The part of the query around the column, on one line, and where the column is in it; both from 1."""
    start = max(0, min(column - 1 - MAX_SHOWN // 2, len(query) - MAX_SHOWN))
    shown = "".join(char if char.isprintable() else " " for char in query[start : start + MAX_SHOWN])
    lead, end = "…" * (start > 0), "…" * (start + MAX_SHOWN < len(query))
    return lead + shown + end, column - start + len(lead)


class InvalidQuery(ValueError):
    """The text is not an RFC 9535 query, or one that this host does not evaluate.

    `column` is where, 1-based and in code points; 0 where no place can be named.
    """

    def __init__(self, query: str, reason: str, column: int = 0) -> None:
        shown, _ = _window(query, column or 1)
        super().__init__(f"{shown!r} {reason} (column {column})" if column else f"{shown!r} {reason}")
        self.query = query
        self.reason = reason
        self.column = column

    @property
    def drawn(self) -> str:
        """The query, and a caret under the place; empty where no place can be named."""
        if not self.column:
            return ""
        shown, column = _window(self.query, self.column)
        return f"{shown}\n{' ' * (column - 1)}^"


class CostlyQuery(InvalidQuery):
    """The query is one, and takes more than this host spends on it."""


class BudgetSpent(Exception):
    """A budget is used up; the message says which."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What is left of an evaluation's steps and of its time, and of its time for regular expressions."""

    steps: int = MAX_STEPS
    seconds: float = MAX_SECONDS
    regex_seconds: float = MAX_REGEX_SECONDS
    clock: Callable[[], float] = time.perf_counter
    _ends: float = math.inf
    _look: int = 0

    @contextmanager
    def running(self) -> Generator[None]:
        """While this lasts, time passes: several evaluations may share a budget, with other work between them."""
        started = self.clock()
        self._ends, self._look = started + self.seconds, self.steps
        try:
            yield
        finally:
            self.seconds -= self.clock() - started

    def spend(self, steps: int) -> None:
        """Raises: `BudgetSpent`."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetSpent(f"takes more than {MAX_STEPS} steps over this answer")
        if self.steps < self._look:
            self._look = self.steps - _CLOCK_EVERY
            if self.clock() > self._ends:
                raise BudgetSpent(f"takes more than {MAX_SECONDS:g} seconds over this answer")

    def timed(self, find: Callable[[float], bool]) -> bool:
        """What `find` answers within the seconds that are left, which it is given. Raises: `BudgetSpent`."""
        started = time.perf_counter()
        try:
            if self.regex_seconds > 0:
                return find(self.regex_seconds)
        except TimeoutError:
            pass
        finally:
            self.regex_seconds -= time.perf_counter() - started
        raise BudgetSpent(f"takes more than {MAX_REGEX_SECONDS} seconds for its regular expressions")
