"""A conversation as its facts tell it: turns that are over, as messages, and the one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestrator.content import AttachedFile
from orchestrator.events import Fact, TurnStarted, TurnUndone
from orchestrator.model.base import AssistantMessage, Message, UserMessage
from orchestrator.turn.prompts import turn_messages
from orchestrator.turn.state import TurnState, fold

HISTORY_BUDGET = 200_000
"""Characters of earlier turns that a model request may carry, about 50 000 tokens; the oldest turns go first."""


def _size(messages: tuple[Message, ...]) -> int:
    size = 0
    for message in messages:
        size += len(message.text)
        if isinstance(message, UserMessage):
            size += len(message.note)
        if isinstance(message, AssistantMessage):
            size += sum(len(call.tool) + len(call.arguments) for call in message.calls)
    return size


def _is_said(message: Message) -> bool:
    return isinstance(message, UserMessage) or (isinstance(message, AssistantMessage) and not message.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A turn that is over."""

    state: TurnState
    messages: tuple[Message, ...]
    size: int
    """Characters of its messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation so far; a pure fold over its facts."""

    past: tuple[PastTurn, ...] = ()
    turn: TurnState | None = None
    """The turn that is running or suspended."""
    sequence: int = 0
    """How many facts it is made from."""

    @property
    def turns(self) -> tuple[TurnState, ...]:
        """Every turn that was not taken back."""
        past = tuple(turn.state for turn in self.past)
        return past if self.turn is None else (*past, self.turn)

    @property
    def last(self) -> TurnState | None:
        """The turn that is on, else the last one that is over."""
        return self.turn or (self.past[-1].state if self.past else None)

    @property
    def is_ended(self) -> bool:
        """True when the model has disengaged."""
        if not self.past or self.turn is not None:
            return False
        return any(call.disengages for call in self.past[-1].state.calls.values())

    @property
    def attachments(self) -> Mapping[str, AttachedFile]:
        """The files that came with messages and answers, by id; those of turns that were taken back are none."""
        return {file.id: file for turn in self.turns for file in turn.attachments}

    def earlier_messages(self, budget: int = HISTORY_BUDGET) -> tuple[Message, ...]:
        """The messages of the turns that are over, the newest that fit, whole turns only.

        Of a newest turn that does not fit by itself, what was said and answered is kept, without the results.
        """
        if self.past and self.past[-1].size > budget:
            brief = tuple(message for message in self.past[-1].messages if _is_said(message))
            return brief if _size(brief) <= budget else ()
        kept: list[PastTurn] = []
        for turn in reversed(self.past):
            budget -= turn.size
            if budget < 0:
                break
            kept.append(turn)
        return tuple(message for turn in reversed(kept) for message in turn.messages)


def _close(history: History, turn: TurnState) -> History:
    messages = turn_messages(turn)
    past = PastTurn(state=turn, messages=messages, size=_size(messages))
    return replace(history, past=(*history.past, past), turn=None)


def advance(history: History, fact: Fact) -> History:
    """The history after one more fact."""
    history = replace(history, sequence=history.sequence + 1)
    if isinstance(fact, TurnStarted):
        return replace(history, turn=TurnState(started=fact))
    if isinstance(fact, TurnUndone):
        return replace(history, past=history.past[:-1])
    if history.turn is None:
        return history
    turn = fold(history.turn, fact)
    return _close(history, turn) if turn.ended is not None else replace(history, turn=turn)
