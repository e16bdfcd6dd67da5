"""How a conversation of a file went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.format.places import Placed, Where
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.judging.observed import Observed
from orchestrator.testing.telling.coverage import Coverage, coverage_of
from orchestrator.testing.telling.explained import explained
from orchestrator.testing.telling.explanation import ExplainedTurn
from orchestrator.testing.telling.transcript import transcript
from orchestrator.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTurn:
    """A turn, and all that happened in it."""

    turn: Turn
    where: Where
    observed: Observed
    failures: tuple[Failure, ...]
    seconds: float
    is_whole: bool = True
    """False where it could not be played to its end: what it expects was then not looked at."""

    @property
    def error(self) -> str | None:
        """Why the model, or what is behind it, has ended the turn; None where it has not."""
        state = self.observed.turn()
        ended = state.ended if state is not None else None
        return ended.detail if ended is not None and ended.reason == "error" else None

    @property
    def is_last(self) -> bool:
        """True where nothing can follow it."""
        return not self.is_whole or self.error is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A conversation, as far as it was played: to the first turn that fails, unless it goes on in spite of it."""

    placed: Placed
    turns: tuple[PlayedTurn, ...] = ()
    failures: tuple[Failure, ...] = ()
    """Those of its turns, or what kept the conversation from beginning."""
    toolbox: Toolbox | None = None
    """The functions on offer; None where the host did not open."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be told of a conversation beyond how it went."""

    explain: bool = False
    """Every step of it."""
    coverage: bool = False
    """What of the plugins it has exercised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is told of a conversation: plain data, that can go from one process to another."""

    file: str
    name: str
    failures: tuple[Failure, ...]
    """Those of the first turn that has some: what comes after it is not played."""
    seconds: float
    transcript: tuple[str, ...] = ()
    """Of one that failed, the turns around the failure as lines, which are clean."""
    explanation: tuple[ExplainedTurn, ...] = ()
    """Every step of its turns, where that is wanted."""
    coverage: Coverage | None = None
    """What it has exercised, where that is wanted and its host has opened."""

    @property
    def is_passed(self) -> bool:
        """True where everything is as expected."""
        return not self.failures


def _explained(played: Played) -> tuple[ExplainedTurn, ...]:
    told = (explained(turn.observed, played.toolbox, number) for number, turn in enumerate(played.turns, start=1))
    return tuple(turn for turn in told if turn is not None)


def _transcript(played: Played, told: Sequence[ExplainedTurn]) -> tuple[str, ...]:
    return transcript([(turn, played.turns[turn.number - 1].failures) for turn in told])


def outcome_of(played: Played, file: str, wanted: Wanted | None = None) -> Outcome:
    """What is told of a conversation of a file."""
    wanted = wanted or Wanted()
    told = _explained(played) if wanted.explain or played.failures else ()
    coverage = None
    if wanted.coverage and played.toolbox is not None:
        coverage = coverage_of([turn.observed for turn in played.turns], played.toolbox)
    return Outcome(
        file=file,
        name=played.placed.conversation.name,
        failures=played.failures,
        seconds=played.seconds,
        transcript=_transcript(played, told) if played.failures else (),
        explanation=told if wanted.explain else (),
        coverage=coverage,
    )
