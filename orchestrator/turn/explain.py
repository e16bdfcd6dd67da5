"""Why a call ran, asked or was stopped, in words for the person. Pure."""

from __future__ import annotations

from orchestrator.turn.state import CallState, Status, TurnState

_WHAT = {
    Status.READY: "is about to run",
    Status.WANTED: "is about to be asked about",
    Status.ASKED: "waits for your answer",
    Status.DISPATCHED: "is running",
    Status.REFUSED: "was refused before it ran",
    Status.DENIED: "was forbidden",
    Status.DECLINED: "did not run, because you declined",
    Status.EXPIRED: "did not run, because nobody answered in time",
    Status.EDITED: "was replaced by a call with your own arguments",
    Status.RETURNED: "ran",
    Status.FAILED: "failed",
    Status.UNKNOWN: "was sent, and its outcome is unknown",
    Status.WITHDRAWN: "was withdrawn",
}


def _explain(call: CallState) -> str:
    name = f"{call.plugin}.{call.function}" if call.function else call.request.tool
    sentence = f"`{name}` {_WHAT.get(call.status, 'is being looked at')}"
    if call.question is not None and call.status in (Status.RETURNED, Status.FAILED, Status.UNKNOWN):
        sentence += " after you allowed it"
    why = "; ".join(f"{reason.text} ({reason.source})" for reason in call.reasons)
    if why:
        sentence += f". Reasons: {why}"
    if call.message and call.status in (Status.REFUSED, Status.FAILED, Status.UNKNOWN):
        sentence += f". {call.message[:1].upper()}{call.message[1:]}"
    return f"{sentence}."


def explain(turn: TurnState | None, call_id: str | None = None) -> str:
    """A sentence or two for each call of a turn, or for one of them."""
    calls = [call for call in turn.calls.values() if call_id in (None, call.call_id)] if turn is not None else []
    if not calls:
        return "No function was called."
    return "\n".join(_explain(call) for call in calls)
