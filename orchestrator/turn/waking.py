"""When a turn can go on: at once, when what it asks of the person expires, or never. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.events import QuestionExpired
from orchestrator.journal.base import AT_ONCE
from orchestrator.turn.state import CallState, TurnState


def wake_of(turn: TurnState | None) -> float | None:
    """`AT_ONCE`; where it only waits for the person, the time when the first call does so no longer, in seconds since
    the epoch; or None."""
    if turn is None:
        return None
    unsettled = [call for call in turn.calls.values() if not call.is_settled]
    waiting = [until for call in unsettled if (until := call.waits_until) is not None]
    return min(waiting) if waiting and len(waiting) == len(unsettled) else AT_ONCE


def overdue(calls: Iterable[CallState], now: float) -> Iterator[QuestionExpired]:
    """What becomes of calls that wait for the person no longer; `now` is in seconds since the epoch."""
    for call in calls:
        if call.waits_until is not None and call.waits_until <= now:
            yield QuestionExpired(call_id=call.call_id)
