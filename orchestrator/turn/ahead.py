"""A history with facts that are decided on and not kept yet, so that none is folded in twice. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_

from orchestrator.events import Fact
from orchestrator.turn.history import History, advanced


@dataclass(frozen=True, slots=True)
class Ahead:
    """A history, and what becomes of it with facts that are not kept yet."""

    base: History
    history: History
    facts: tuple[Fact, ...] = ()

    @classmethod
    def of(cls, base: History) -> Ahead:
        """With no facts yet."""
        return cls(base, base)

    def with_facts(self, facts: Sequence[Fact]) -> Ahead:
        """With these after the others."""
        return Ahead(self.base, advanced(self.history, facts), (*self.facts, *facts))

    def holds_for(self, base: History, facts: Sequence[Fact]) -> bool:
        """True where it is what becomes of this history with exactly these facts."""
        is_same = base is self.base and len(facts) == len(self.facts)
        return is_same and all(map(is_, facts, self.facts))
