"""A conversation as its facts tell it: turns that are over, as messages, and the one that is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter

from orchestrator.content import AttachedFile
from orchestrator.events import HISTORY_TOKENS, Fact, TurnsSummarised, TurnStarted, TurnUndone
from orchestrator.labels import CLEAN, Label, join
from orchestrator.model.base import AssistantMessage, Message, UserMessage
from orchestrator.response.hidden import clean
from orchestrator.turn.folding import fold
from orchestrator.turn.prompts import earlier_message, set_aside_messages, turn_messages
from orchestrator.turn.reading import label_of, label_of_answer
from orchestrator.turn.state import TurnState
from orchestrator.turn.window import NOTICE_TOKENS, SUMMARY_SHARE, Summary, cost_of, first_that_fits, summary_of


def _is_said(message: Message) -> bool:
    return isinstance(message, UserMessage) or (isinstance(message, AssistantMessage) and not message.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A turn that is over."""

    state: TurnState
    messages: tuple[Message, ...]
    start: int
    """Tokens of the turns before it, of the whole conversation, as they are estimated."""
    end: int
    """The same, with its own."""
    label: Label = CLEAN
    """Whose data its messages may hold."""
    alike: int = 1
    """How many turns up to this one, in a row, have that label."""
    so_far: Label = CLEAN
    """Whose data its messages and those of the turns before it may hold."""

    def is_shown(self, set_aside: Collection[str]) -> bool:
        """True when it holds no data of the plugins that are set aside."""
        return not self.label.is_of_any(set_aside)

    def told(self, set_aside: Collection[str]) -> tuple[Message, ...]:
        """Its messages; where it holds data that is set aside, the person's words and a placeholder."""
        return self.messages if self.is_shown(set_aside) else set_aside_messages(self.state, self.label)

    def in_brief(self, set_aside: Collection[str]) -> tuple[Message, ...]:
        """What was said and answered in it, without calls and results."""
        return tuple(message for message in self.told(set_aside) if _is_said(message))


_messages = attrgetter("messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation so far; a pure fold over its facts."""

    past: tuple[PastTurn, ...] = ()
    turn: TurnState | None = None
    """The turn that is running or suspended."""
    sequence: int = 0
    """How many facts it is made from."""
    summaries: tuple[Summary, ...] = ()
    """Those of turns that were not taken back, each made from the one before it."""
    files: Mapping[str, AttachedFile] = field(default_factory=dict[str, AttachedFile])
    """The files of the turns that are over, by id."""

    @property
    def turns(self) -> tuple[TurnState, ...]:
        """Every turn that was not taken back."""
        past = tuple(turn.state for turn in self.past)
        return past if self.turn is None else (*past, self.turn)

    def newest_first(self) -> Iterator[TurnState]:
        """As `turns`, the other way round; those that are not looked at cost nothing."""
        if self.turn is not None:
            yield self.turn
        for past in reversed(self.past):
            yield past.state

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
        return _with_files(self.files, self.turn)

    @property
    def attachments_told(self) -> Mapping[str, AttachedFile]:
        """Those of them that the model is told of."""
        known = self.attachments
        if not known:
            return known
        told = chain.from_iterable(turn.state.attachments for turn in self.past_shown(self.set_aside))
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
    def set_aside(self) -> Collection[str]:
        """The plugins whose data from earlier turns the model is not shown."""
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

    # --- what the model is told of earlier turns

    @property
    def window(self) -> int:
        """Tokens of earlier turns that a model request may carry."""
        last = self.last
        return last.started.history_tokens if last is not None else HISTORY_TOKENS

    @property
    def summary(self) -> Summary | None:
        """What stands in the place of the oldest turns, where the window has room for it."""
        newest = self.summaries[-1] if self.summaries else None
        return newest if newest is not None and newest.cost * SUMMARY_SHARE <= self.window else None

    @property
    def covered(self) -> int:
        """How many turns, from the first, have a summary in their place."""
        return self.summary.turns if self.summary is not None else 0

    def first_that_fits(self, room: int) -> int:
        """Where the newest turns begin that have at most so many tokens together."""
        return first_that_fits(self.past, self.past[-1].end, room) if self.past else 0

    @property
    def first_whole(self) -> int:
        """Where the turns begin that the model is told of whole; the number of turns, where that is none."""
        summary, window = self.summary, self.window
        if summary is not None:
            return max(summary.turns, self.first_that_fits(window - summary.cost))
        first = self.first_that_fits(window)
        return first if first == 0 else self.first_that_fits(window - NOTICE_TOKENS)

    @property
    def first_told(self) -> int:
        """As `first_whole`; of a last turn that does not fit by itself, what was said in it counts as well."""
        return max(min(self.first_whole, len(self.past) - 1), self.covered)

    def earlier_messages(self) -> tuple[Message, ...]:
        """The messages of the turns that are over: the newest that fit, whole turns only, and a word on the others.

        Of a newest turn that does not fit by itself, what was said and answered is kept, without the results. A turn
        with data of plugins that are set aside is told of without it, and so is a summary.
        """
        if not self.past:
            return ()
        first, set_aside, past = self.first_whole, self.set_aside, self.past
        if first < len(past):
            told = (turn.told(set_aside) for turn in past[first:]) if set_aside else map(_messages, past[first:])
            return (*self._in_place_of(first), *chain.from_iterable(told))
        brief = past[-1].in_brief(set_aside) if self.first_told < first else ()
        room = self.window - (self.summary.cost if self.summary is not None else NOTICE_TOKENS if first > 1 else 0)
        if brief and cost_of(brief) <= room:
            return (*self._in_place_of(first - 1), *brief)
        return self._in_place_of(first)

    def _in_place_of(self, turns: int) -> tuple[Message, ...]:
        """What the model is told in the place of the first turns."""
        if turns == 0 or (self.summary is None and self.window < NOTICE_TOKENS):
            return ()
        return (earlier_message(turns, self.summary, self.set_aside),)

    def past_shown(self, set_aside: Collection[str]) -> tuple[PastTurn, ...]:
        """The turns that `earlier_messages` has more of than a placeholder while these plugins are set aside."""
        told = self.past[self.first_told :]
        return tuple(turn for turn in told if turn.is_shown(set_aside)) if set_aside else told

    def is_shown_alike(self, set_aside: Collection[str], others: Collection[str]) -> bool:
        """True when it makes no difference to what the model is shown which of the two are set aside."""
        summary = self.summary
        if summary is not None and summary.is_shown(set_aside) != summary.is_shown(others):
            return False
        return self.past_shown(set_aside) == self.past_shown(others)

    def earlier_label(self, set_aside: Collection[str]) -> Label:
        """Whose data `earlier_messages` may hold while these plugins are set aside."""
        if not self.past:
            return CLEAN
        summary = self.summary
        joined = summary.label if summary is not None and summary.is_shown(set_aside) else CLEAN
        first, index = self.first_told, len(self.past) - 1
        while index >= first:
            turn = self.past[index]
            if not set_aside and turn.so_far | joined == joined:  # the turns before it add nothing
                break
            joined = joined | turn.label if turn.is_shown(set_aside) else joined
            index -= turn.alike
        return joined


def _with_files(files: Mapping[str, AttachedFile], turn: TurnState | None) -> Mapping[str, AttachedFile]:
    own = turn.attachments if turn is not None else ()
    return {**files, **{file.id: file for file in own}} if own else files


def _files_of(past: Iterable[PastTurn]) -> Mapping[str, AttachedFile]:
    return {file.id: file for turn in past for file in turn.state.attachments}


def _close(history: History, turn: TurnState) -> PastTurn:
    """A turn that is over now."""
    messages = turn_messages(turn)
    label = history.label_shown(turn)
    last = history.past[-1] if history.past else None
    so_far = last.so_far if last is not None else CLEAN
    start = last.end if last is not None else 0
    aside = cost_of(set_aside_messages(turn, label)) if label.seen else 0
    return PastTurn(
        state=turn,
        messages=messages,
        start=start,
        end=start + max(cost_of(messages), aside),
        label=label,
        alike=last.alike + 1 if last is not None and last.label == label else 1,
        so_far=so_far | label,
    )


def _ended(history: History, turn: TurnState) -> History:
    """The history after the last fact of a turn."""
    return History(
        past=(*history.past, _close(history, turn)),
        sequence=history.sequence + 1,
        summaries=history.summaries,
        files=_with_files(history.files, turn),
    )


def _undone(history: History) -> History:
    """The history without its last turn, and without a summary that tells of it."""
    past, gone = history.past[:-1], history.past[-1:]
    return replace(
        history,
        past=past,
        sequence=history.sequence + 1,
        summaries=tuple(summary for summary in history.summaries if summary.turns <= len(past)),
        files=_files_of(past) if any(turn.state.attachments for turn in gone) else history.files,
    )


def _summarised(history: History, fact: TurnsSummarised) -> History:
    """The history with a summary; one of turns that there are not is none."""
    turn = fold(history.turn, fact) if history.turn is not None else None
    summaries, last = history.summaries, history.last
    if last is not None and 0 < fact.turns <= len(history.past):
        summaries = (*summaries, summary_of(clean(fact.text), fact.turns, fact.label, last.started.fence))
    return replace(history, turn=turn, sequence=history.sequence + 1, summaries=summaries)


def _grown(history: History, turn: TurnState | None) -> History:
    """The history after a fact of the turn that is on."""
    return History(
        past=history.past, turn=turn, sequence=history.sequence + 1, summaries=history.summaries, files=history.files
    )


def advance(history: History, fact: Fact) -> History:
    """The history after one more fact."""
    turn = history.turn
    match fact:
        case TurnStarted():
            turn = TurnState(started=fact, set_aside=frozenset(fact.set_aside))
        case TurnUndone():
            return _undone(history)
        case TurnsSummarised():
            return _summarised(history, fact)
        case _ if turn is not None:
            turn = fold(turn, fact)
            if turn.ended is not None:
                return _ended(history, turn)
        case _:
            pass
    return _grown(history, turn)


def advanced(history: History, facts: Iterable[Fact]) -> History:
    """The history after these facts, in order."""
    for fact in facts:
        history = advance(history, fact)
    return history
