"""How a conversation of a file went. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.testing.conversation import Turn
from orchestrator.testing.judge import Failure
from orchestrator.testing.observed import Observed
from orchestrator.testing.places import Placed, Where
from orchestrator.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTurn:
    """A turn, and all that happened in it."""

    turn: Turn
    where: Where
    observed: Observed
    failures: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A conversation, as far as it was played: it ends with the first turn in which something fails."""

    placed: Placed
    turns: tuple[PlayedTurn, ...] = ()
    failures: tuple[Failure, ...] = ()
    """Those of the last turn, or what kept the conversation from beginning or going on."""
    toolbox: Toolbox | None = None
    """The functions on offer; None where the host did not open."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is told of a conversation: plain data, that can go from one process to another."""

    file: str
    name: str
    failures: tuple[Failure, ...]
    """Those of the first turn that has some: what comes after it is not played."""
    seconds: float

    @property
    def is_passed(self) -> bool:
        """True where everything is as expected."""
        return not self.failures


def outcome_of(played: Played, file: str) -> Outcome:
    """What is told of a conversation of a file."""
    return Outcome(file=file, name=played.placed.conversation.name, failures=played.failures, seconds=played.seconds)
