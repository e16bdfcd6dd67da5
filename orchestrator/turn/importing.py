"""Puts a conversation from a file to rest, so that nothing of it is carried out here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orchestrator.events import CallUnknown, Fact, TurnEnded, TurnStarted
from orchestrator.turn.deciding import closing
from orchestrator.turn.folding import fold
from orchestrator.turn.state import Status, TurnState

MAX_HISTORY_TOKENS = 10_000_000
"""Tokens of earlier turns that an imported turn may say that it looked back on; no model reads as many."""

IMPORTED = "the conversation was moved from another place while this was open"
"""What is said of a turn, and of a question, that a file leaves open."""

_NOT_KNOWN = "it was sent elsewhere, and the conversation was moved here before the answer"


def _settling(turn: TurnState) -> tuple[Fact, ...]:
    """The facts that close what is open in a turn, and end it."""
    unknown = [CallUnknown(call_id=call.call_id, message=_NOT_KNOWN) for call in turn.with_status(Status.DISPATCHED)]
    for fact in unknown:
        turn = fold(turn, fact)
    return (*unknown, *closing(turn, IMPORTED, turn.started.person))


def _resting(facts: Iterable[Fact]) -> Iterator[Fact]:
    turn: TurnState | None = None
    for fact in facts:
        if isinstance(fact, TurnStarted):
            yield from _settling(turn) if turn is not None else ()
            turn = TurnState(started=fact, set_aside=frozenset(fact.set_aside))
            yield replace(fact, sources=(), history_tokens=min(fact.history_tokens, MAX_HISTORY_TOKENS))
            continue
        if turn is not None:
            yield from _settling(turn)[:-1] if isinstance(fact, TurnEnded) else ()
            turn = fold(turn, fact)
            turn = turn if turn.ended is None else None
        yield fact
    yield from _settling(turn) if turn is not None else ()


def at_rest(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts, and those that close what they leave open: an imported conversation has nothing left to do.

    A file can claim anything: that the person has said yes to a call, that a call may be repeated, where plugins are
    to be read from. So whatever is open in it is closed instead of carried out: questions as left open, calls that may
    go out as withdrawn, calls in flight as of unknown outcome, whatever the file says of repeating them; a turn that
    is open is ended, and so is one that another was begun upon. And it names no sources: who goes on with it says
    which plugins it has. Of what this program has kept itself, only the last turn can be open.

    What is over is history, and taken as it is written: what the person said, what was answered, whose data it may
    hold (its labels). Later turns are judged in view of that, so a file is to be imported only where its words are
    believed as one's own.
    """
    return tuple(_resting(facts))
