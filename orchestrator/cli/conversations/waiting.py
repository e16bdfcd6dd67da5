"""What all conversations of a store wait for: the questions, the sign-ins, and the one that a person means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.cli.beginnings import named_by
from orchestrator.cli.conversations.question_blocks import Waiting
from orchestrator.cli.conversations.sign_in_blocks import Unsigned
from orchestrator.errors import StoreDamaged, StoreNewer, UnknownName
from orchestrator.journal.base import ConversationId, Journal, Kept
from orchestrator.reply import Question, SignInQuestion, question_of, sign_ins_of
from orchestrator.turn.history import History
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.state import Status, TurnState

MAX_SEARCHED = 200
"""How many conversations, the newest, are searched for a question that waits no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What a conversation waits for."""

    questions: tuple[Question, ...] = ()
    sign_ins: tuple[SignInQuestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What can be answered, what has to be signed in for, and the conversations that cannot be read."""

    waiting: Sequence[Waiting]
    complaints: Sequence[str]
    unsigned: Sequence[Unsigned] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The question that a person means."""

    meant: Waiting
    is_open: bool
    """True where it can be answered."""
    beside: frozenset[str] = frozenset()
    """The calls of the other questions that wait in the same conversation."""


async def _history(journal: Journal, conversation: ConversationId) -> History:
    ledger = Ledger(conversation, journal)
    await ledger.refresh()
    return ledger.history


async def waits_of(journal: Journal, conversation: ConversationId, *, now: float) -> Waits:
    """What a conversation waits for, and that can be answered or done; `now` is in seconds since the epoch.

    Raises: `StoreError`.
    """
    turn = (await _history(journal, conversation)).turn
    if turn is None:
        return Waits()
    asked = (question_of(call, turn) for call in turn.with_status(Status.ASKED))
    return Waits(
        questions=tuple(question for question in asked if question.expires > now),
        sign_ins=tuple(sign_in for sign_in in sign_ins_of(turn) if sign_in.expires > now),
    )


async def waiting_in(journal: Journal, kept: Iterable[Kept], *, now: float) -> Found:
    """What these conversations wait for, that of the newest first. Raises: `StoreUnavailable`."""
    waiting: list[Waiting] = []
    unsigned: list[Unsigned] = []
    complaints: list[str] = []
    for one in kept:
        if one.standing == "at rest":
            continue
        try:
            waits = await waits_of(journal, one.conversation, now=now)
        except (StoreDamaged, StoreNewer) as error:
            complaints.append(str(error))
        else:
            waiting += [Waiting(kept=one, question=question) for question in waits.questions]
            unsigned += [Unsigned(kept=one, sign_in=sign_in) for sign_in in waits.sign_ins]
    return Found(waiting=waiting, complaints=complaints, unsigned=unsigned)


def _asked(turns: Iterable[TurnState]) -> Iterable[Question]:
    """Every question of these turns, whatever became of it."""
    for turn in turns:
        yield from (question_of(call, turn) for call in turn.calls.values() if call.question is not None)


async def _over(journal: Journal, kept: Iterable[Kept]) -> dict[str, Waiting]:
    """Every question of these conversations by its call, as far as they can be read."""
    over: dict[str, Waiting] = {}
    for one in kept:
        with suppress(StoreDamaged, StoreNewer):
            history = await _history(journal, one.conversation)
            over |= {asked.call_id: Waiting(kept=one, question=asked) for asked in _asked(history.turns)}
    return over


async def question_named(journal: Journal, kept: Sequence[Kept], written: str, *, now: float) -> Named | Unsigned:
    """The question, or the sign-in, about the call whose id begins so: one that waits, else a question of late.

    Raises: `UnknownName`, `UsageError` when several begin so, `StoreError`.
    """
    found = await waiting_in(journal, kept, now=now)
    waiting = {one.question.call_id: one for one in found.waiting}
    unsigned = {one.sign_in.call_id: one for one in found.unsigned}
    if any(call_id.startswith(written) for call_id in (*waiting, *unsigned)):
        call_id = named_by(written, [*waiting, *unsigned], kind="question")
        if call_id in unsigned:
            return unsigned[call_id]
        meant = waiting.pop(call_id)
        beside = [one for one, other in waiting.items() if other.kept.conversation == meant.kept.conversation]
        return Named(meant=meant, is_open=True, beside=frozenset(beside))
    over = await _over(journal, kept[:MAX_SEARCHED])
    if not any(call_id.startswith(written) for call_id in over):
        raise UnknownName("question", written, waiting)
    return Named(meant=over[named_by(written, list(over), kind="question")], is_open=False)
