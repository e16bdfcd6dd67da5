"""What the person typed, read from the newest on: a long conversation costs no more than is looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.turn.history import History


@dataclass(frozen=True, slots=True)
class Typed:
    """What the person typed in a conversation, the oldest first."""

    history: History

    def __iter__(self) -> Iterator[str]:
        return reversed([*reversed(self)])

    def __reversed__(self) -> Iterator[str]:
        return (turn.started.text for turn in self.history.newest_first() if turn.started.action is None)
