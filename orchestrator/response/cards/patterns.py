"""Searches with regular expressions as authors of cards write them. Pure.

Text and pattern are taken unit by unit (see `utf16`). A search has a time limit, because it can take for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]  # pyright has its stubs

from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.pattern_syntax import BadPattern, translated
from orchestrator.response.cards.utf16 import units

MAX_SECONDS = 0.5
"""Seconds that a search may take."""

_STEPS_PER_SECOND = 500_000
"""What a second of searching costs of the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression that can be searched with."""

    engine: regex.Pattern[str]
    names: dict[str, int]
    """The number of each group that has a name."""

    def is_in(self, text: str, budget: Budget) -> bool:
        """Raises: `CardLimit`."""
        return next(self.matches(text, budget), None) is not None

    def matches(self, text: str, budget: Budget) -> Iterator[regex.Match[str]]:
        """What it matches in the units of the text, from left to right. Raises: `CardLimit`."""
        budget.read(len(text))
        whole, at = units(text), 0
        while at <= len(whole):
            started = budget.clock()
            try:
                match = self.engine.search(whole, at, timeout=MAX_SECONDS)
            except TimeoutError:
                raise CardLimit(f"a regular expression needs more than {MAX_SECONDS:g} seconds") from None
            budget.spend(1 + int((budget.clock() - started) * _STEPS_PER_SECOND))
            if match is None:
                return
            yield match
            at = match.end() + (match.end() == match.start())


def compiled(pattern: str, flags: str = "") -> Pattern:
    """The pattern, with ECMAScript's flags of the letters `i`, `m` and `s`. Raises: `BadPattern`."""
    source, names = translated(pattern, flags)
    try:
        engine = regex.compile(source, regex.IGNORECASE if "i" in flags else 0)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise BadPattern(f"it cannot be read: {error}") from None
    return Pattern(engine=engine, names=names)
