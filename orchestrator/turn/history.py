"""A conversation as its facts tell it: turns that are over, as messages, and the one that is not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from orchestrator.content import AttachedFile
from orchestrator.events import Fact, TurnStarted, TurnUndone
from orchestrator.labels import CLEAN, Label, join
from orchestrator.model.base import AssistantMessage, Message, UserMessage
from orchestrator.turn.folding import fold
from orchestrator.turn.prompts import set_aside_messages, turn_messages
from orchestrator.turn.reading import label_of, label_of_answer
from orchestrator.turn.state import TurnState

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
    start: int
    """Characters of the messages before it, of the whole conversation."""
    end: int
    """The same, with its own."""
    label: Label = CLEAN
    """Whose data its messages may hold."""
    alike: int = 1
    """How many turns up to this one, in a row, have that label."""
    files: Mapping[str, AttachedFile] = field(default_factory=dict[str, AttachedFile])
    """The files of this turn and of all before it, by id."""

    def is_shown(self, set_aside: Collection[str]) -> bool:
        """True when it holds no data of the plugins that are set aside."""
        return not self.label.is_of_any(set_aside)

    def told(self, set_aside: Collection[str]) -> tuple[Message, ...]:
        """Its messages; where it holds data that is set aside, the person's words and a placeholder."""
        return self.messages if self.is_shown(set_aside) else set_aside_messages(self.state, self.label)


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
        return _with_files(self.past[-1].files if self.past else {}, self.turn)

    @property
    def attachments_told(self) -> Mapping[str, AttachedFile]:
        """Those of them that the model is told of."""
        known = self.attachments
        if not known:
            return known
        told = chain.from_iterable(turn.state.attachments for turn in self.past_shown(self._set_aside))
        return _with_files({file.id: file for file in told}, self.turn)

    def label_shown(self, turn: TurnState) -> Label:
        """Whose data the model has been shown by now in a turn that follows the past ones."""
        return self.earlier_label(turn.set_aside) | label_of(turn) | self.label_of_card(turn)

    def label_of_card(self, turn: TurnState) -> Label:
        """Whose data the choice on a card brings along, where a turn begins with one."""
        action = turn.started.action
        if action is None:
            return CLEAN
        calls = (past.calls.get(action.call_id) for past in self.turns)
        return join(label_of_answer(call) for call in calls if call is not None)

    @property
    def _set_aside(self) -> Collection[str]:
        return self.turn.set_aside if self.turn is not None else ()

    @property
    def set_aside_next(self) -> tuple[str, ...]:
        """The plugins whose data the next turn does not show: as now, and what stood in the way of another's call."""
        last = self.last
        if last is None:
            return ()
        stopped = [call for call in last.calls.values() if call.across]
        across = {name for call in stopped for name in call.across}
        return tuple(sorted(across | (last.set_aside - {call.plugin for call in stopped})))

    def earlier_messages(self, budget: int = HISTORY_BUDGET) -> tuple[Message, ...]:
        """The messages of the turns that are over, the newest that fit, whole turns only.

        Of a newest turn that does not fit by itself, what was said and answered is kept, without the results. A turn
        with data of plugins that are set aside is told of without it.
        """
        kept = _kept(self.past, budget)
        if not kept and self.past:
            brief = tuple(message for message in self.past[-1].told(self._set_aside) if _is_said(message))
            return brief if _size(brief) <= budget else ()
        set_aside = self._set_aside
        told = (turn.told(set_aside) for turn in kept) if set_aside else (turn.messages for turn in kept)
        return tuple(chain.from_iterable(told))

    def past_shown(self, set_aside: Collection[str], budget: int = HISTORY_BUDGET) -> tuple[PastTurn, ...]:
        """The turns that `earlier_messages` has more of than a placeholder while these plugins are set aside."""
        kept = _kept(self.past, budget) or self.past[-1:]
        return tuple(turn for turn in kept if turn.is_shown(set_aside)) if set_aside else kept

    def earlier_label(self, set_aside: Collection[str], budget: int = HISTORY_BUDGET) -> Label:
        """Whose data `earlier_messages` may hold while these plugins are set aside."""
        return join(label for label in self._labels(budget) if not label.is_of_any(set_aside))

    def _labels(self, budget: int) -> Iterator[Label]:
        """The labels of the turns that fit, the newest first; of turns in a row with the same one, that one."""
        first = min(_first_kept(self.past, budget), len(self.past) - 1)
        index = len(self.past) - 1
        while index >= max(first, 0):
            yield self.past[index].label
            index -= self.past[index].alike


def _first_kept(past: tuple[PastTurn, ...], budget: int) -> int:
    """Where the newest turns begin that fit together; the number of turns, where not even the last one fits."""
    return bisect_left(past, past[-1].end - budget, key=lambda turn: turn.start) if past else 0


def _kept(past: tuple[PastTurn, ...], budget: int) -> tuple[PastTurn, ...]:
    """The newest turns that fit together."""
    return past[_first_kept(past, budget) :]


def _with_files(files: Mapping[str, AttachedFile], turn: TurnState | None) -> Mapping[str, AttachedFile]:
    own = turn.attachments if turn is not None else ()
    return {**files, **{file.id: file for file in own}} if own else files


def _close(history: History, turn: TurnState) -> PastTurn:
    """A turn that is over now."""
    messages = turn_messages(turn)
    label = history.label_shown(turn)
    last = history.past[-1] if history.past else None
    start = last.end if last is not None else 0
    return PastTurn(
        state=turn,
        messages=messages,
        start=start,
        end=start + _size(messages),
        label=label,
        alike=last.alike + 1 if last is not None and last.label == label else 1,
        files=_with_files(last.files if last is not None else {}, turn),
    )


def advance(history: History, fact: Fact) -> History:
    """The history after one more fact."""
    past, turn, sequence = history.past, history.turn, history.sequence + 1
    if isinstance(fact, TurnStarted):
        turn = TurnState(started=fact, set_aside=frozenset(fact.set_aside))
    elif isinstance(fact, TurnUndone):
        past = past[:-1]
    elif turn is not None:
        turn = fold(turn, fact)
        if turn.ended is not None:
            past, turn = (*past, _close(history, turn)), None
    return History(past=past, turn=turn, sequence=sequence)
