"""The person's answer to a question, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.content import AttachedFile
from orchestrator.errors import UnknownName, UsageError
from orchestrator.events import CallDecided, Fact, RequestedCall
from orchestrator.model.base import ModelCall
from orchestrator.policy.decide import FIRST_USE_ASKS
from orchestrator.render.sign_ins import needed_for
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.attachments import misnamed
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.folding import fold
from orchestrator.turn.history import History, advanced
from orchestrator.turn.machine import ending
from orchestrator.turn.replies import new_call_id
from orchestrator.turn.state import WAITING, CallState, Status, TurnState
from runtimes.values import JsonObject, dump_json

USE_AGREED = "settled by the yes to the use of this plugin"
"""The note on a question that another answer has settled."""


def asked_call(history: History, call_id: str) -> CallState:
    """The call that a question, or a sign-in, was about, whenever that was. Raises: `UnknownName`."""
    calls = [call for turn in history.turns for call in turn.calls.values()]
    asked = {call.call_id: call for call in calls if call.question is not None or call.sign_in is not None}
    if call_id not in asked:
        raise UnknownName("question", call_id, asked)
    return asked[call_id]


def refuse_unsigned(call: CallState) -> None:
    """Raises: `UsageError` for a call that waits until the person has signed in: no yes makes that needless."""
    if call.status is Status.SIGN_IN and call.sign_in is not None:
        needs = needed_for(call.sign_in.name, call.sign_in.sign_in, call.sign_in.destination)
        raise UsageError(f"{call.function!r} needs {needs}; it goes on once that is done, and can only be declined")


def own_arguments(
    call: CallState, arguments: JsonObject, toolbox: Toolbox, attachments: Mapping[str, AttachedFile]
) -> JsonObject:
    """The person's own arguments, in the form that the function takes. Raises: `UsageError` for those that do not fit.

    `attachments` are the files of the conversation, by id.
    """
    function = toolbox.at(call.plugin, call.function)
    if function is None:
        return arguments
    try:
        checked = function.checker.check(arguments)
    except InvalidArguments as error:
        raise UsageError(f"the arguments of {call.function!r} do not fit: {error}") from None
    if complaint := misnamed(checked, function.signature, attachments):
        raise UsageError(f"the arguments of {call.function!r} do not fit: {complaint}")
    return checked


def decision_on(
    call: CallState, *, approve: bool, arguments: JsonObject | None, note: str, by: str, always: bool = False
) -> CallDecided:
    """The fact; arguments other than the model's become a call of their own.

    Raises: `UsageError` for an `always` that is not offered, or does not go with the rest of the answer.
    """
    edited = None
    if always and not (approve and call.may_always):
        raise UsageError(f"{call.function!r} cannot be allowed for always; only functions that just read can")
    if approve and arguments is not None and arguments != call.arguments:
        new_id = new_call_id()
        request = ModelCall(id=f"call_{new_id}", tool=call.request.tool, arguments=dump_json(arguments))
        edited = RequestedCall(call_id=new_id, request=request)
    return CallDecided(
        call_id=call.call_id,
        decision="approve" if approve else "decline",
        by=by,
        note=note,
        always=always,
        edited=edited,
    )


def settled_by(decision: CallDecided, call: CallState, turn: TurnState | None, *, now: float) -> Iterator[CallDecided]:
    """What else a yes to the first use of a plugin answers: the open questions that ask for nothing but that use."""
    if turn is None or decision.decision != "approve" or call.reasons != (FIRST_USE_ASKS,):
        return
    for other in turn.with_status(Status.ASKED):
        is_same = (other.plugin, other.reasons) == (call.plugin, call.reasons) and other.call_id != call.call_id
        if is_same and other.question is not None and other.question.expires > now:
            yield CallDecided(call_id=other.call_id, decision="approve", by=decision.by, note=USE_AGREED)


def closing(turn: TurnState, why: str, by: str) -> tuple[Fact, ...]:
    """The facts that end a turn which waits or broke off: what the person was asked for is declined."""
    declined = [
        CallDecided(call_id=call.call_id, decision="decline", by=by, note=why, left_open=True)
        for call in turn.with_status(*WAITING)
    ]
    for fact in declined:
        turn = fold(turn, fact)
    return (*declined, *ending(turn, detail=why))


def closed_history(history: History, why: str, by: str) -> tuple[History, tuple[Fact, ...]]:
    """The history once the turn that is on, if any, is over, and the facts that end it."""
    facts = closing(history.turn, why, by) if history.turn is not None else ()
    return advanced(history, facts), facts
