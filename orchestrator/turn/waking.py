"""When a turn can go on: at once, when a question of it expires, or never. Pure."""

from __future__ import annotations

from orchestrator.journal.base import AT_ONCE
from orchestrator.turn.state import Status, TurnState


def wake_of(turn: TurnState | None) -> float | None:
    """`AT_ONCE`; where only questions are open the time of the first to expire, in seconds since the epoch; or None."""
    if turn is None:
        return None
    unsettled = [call for call in turn.calls.values() if not call.is_settled]
    if not unsettled or any(call.status is not Status.ASKED for call in unsettled):
        return AT_ONCE
    return min(call.question.expires for call in unsettled if call.question is not None)
