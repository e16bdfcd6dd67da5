"""How a conversation of a file went. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.testing.judge import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a conversation went."""

    file: str
    name: str
    failures: tuple[Failure, ...]
    """Those of the first turn that has some: what comes after it is not played."""
    seconds: float

    @property
    def is_passed(self) -> bool:
        """True where everything is as expected."""
        return not self.failures
