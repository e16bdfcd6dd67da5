"""Who had the last word on whether a call may run, what it was, and why. Pure."""

from __future__ import annotations

from typing import Literal

from orchestrator.events import Judgement, Reason
from orchestrator.response.unseen import UNSEEN
from orchestrator.turn.state import CallState, TurnState

DecidedBy = Literal["policy", "rule", "person"]
"""Who had the last word on a call: the policy, a rule of the host, or the person, by an answer now or before."""

_STOPPED = frozenset({"repeated", "limit", "forbidden"})
"""Why a call is refused that could be made; any other could not."""


def without_unseen(text: str, turn: TurnState) -> str:
    """The text without what the person typed unseen."""
    action = turn.started.action
    if action is not None and isinstance(action.data, dict):
        for hidden in (str(action.data[name]) for name in action.secret if action.data.get(name)):
            text = text.replace(hidden, UNSEEN)
    return text


def judgement_of(call: CallState) -> Judgement | None:
    """What the policy said of a call; a limit and a rule that stopped it have the last word."""
    return "deny" if call.refusal in _STOPPED else call.verdict


def reasons_of(call: CallState, turn: TurnState) -> tuple[Reason, ...]:
    """Why the call ran, asked or was stopped: of one that was refused, first why that is."""
    if call.refusal is None:
        return call.reasons
    source = "rule" if call.refusal == "forbidden" else call.refused_by
    return (Reason(source=source, text=without_unseen(call.message, turn)), *call.reasons)


def decided_by(call: CallState) -> DecidedBy | None:
    """Who had the last word on whether a call may run."""
    if call.refusal in _STOPPED:
        return "person" if call.refused_by == "person" else "rule" if call.refusal == "forbidden" else "policy"
    if call.answer is not None:
        return None if call.answer.left_open else "person"
    if call.verdict not in ("allow", "deny"):
        return None
    first = call.reasons[0] if call.reasons else None
    if first is not None and first.source == "rule":
        return "rule"
    is_own = first is not None and first.source == "person" and call.verdict == "allow"
    return "person" if is_own else "policy"
