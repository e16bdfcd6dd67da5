"""A judged call is looked at once more before it is asked about or leaves: rules and plugins may have changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.content import AttachedFile
from orchestrator.events import CallRefused, RefusalCode
from orchestrator.policy.rules import Rule
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.state import CallState, Status, TurnState


def _refused(call: CallState, code: RefusalCode, message: str) -> CallRefused:
    return CallRefused(
        call_id=call.call_id,
        code=code,
        message=message,
        plugin=call.plugin,
        function=call.function,
        arguments=call.arguments,
    )


def gone(call: CallState) -> CallRefused:
    """What becomes of a call whose function is not offered any more."""
    return _refused(call, "unknown", "the function is no longer offered")


def forbidden(call: CallState, rules: Iterable[Rule]) -> CallRefused | None:
    """What becomes of a call that one of the host's rules forbids: they are read again, and only tighten."""
    denying = next((rule for rule in rules if rule.effect == "deny"), None)
    if denying is None:
        return None
    why = f": {denying.reason}" if denying.reason else ""
    return _refused(call, "forbidden", f"a rule of the host forbids it{why}")


def has_changed(call: CallState, function: BoundFunction, attachments: Mapping[str, AttachedFile]) -> bool:
    """True when something that the call was judged by, and the person may have approved, is not as it was.

    `attachments` are the files of the conversation, by id.
    """
    return fingerprint(call.call_id, function, call.arguments, attachments) != call.fingerprint


def judged_elsewhere(turn: TurnState) -> Iterator[str]:
    """The calls that another driver has judged, and that no person has approved: other rules may ask about them now."""
    for call in turn.with_status(Status.READY, Status.WANTED, Status.SIGN_IN, Status.DISPATCHED):
        if not call.approved_fingerprint:
            yield call.call_id
