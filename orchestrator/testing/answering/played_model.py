"""The seam between a conversation that is played and whatever replies in it: steps, a recording, or a live model."""

from __future__ import annotations

from typing import Protocol

from orchestrator.model.base import ChatModel
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest


class PlayedModel(ChatModel, Protocol):
    """A model that is told which turn is played, and keeps what it was asked in it."""

    @property
    def is_scripted(self) -> bool:
        """True where the steps of the turn are its replies: each must then be asked for."""
        ...

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """What it was asked since the turn began."""
        ...

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What is wrong with what it was asked, by its own lights, since the turn began."""
        ...

    def begin(self, turn: Turn, /) -> None:
        """Goes on with this turn, the next of the conversation."""
        ...
