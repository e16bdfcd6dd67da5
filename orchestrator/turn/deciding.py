"""The person's answer to a question, as a fact."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.content import AttachedFile
from orchestrator.errors import UnknownName, UsageError
from orchestrator.events import CallDecided, RequestedCall
from orchestrator.model.base import ModelCall
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.attachments import misnamed
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.history import History
from orchestrator.turn.replies import new_call_id
from orchestrator.turn.state import CallState
from runtimes.values import JsonObject, dump_json


def asked_call(history: History, call_id: str) -> CallState:
    """The call that a question was about, whenever that was. Raises: `UnknownName`."""
    calls = [call for turn in history.turns for call in turn.calls.values()]
    asked = {call.call_id: call for call in calls if call.question is not None}
    if call_id not in asked:
        raise UnknownName("question", call_id, asked)
    return asked[call_id]


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


def decision_on(call: CallState, *, approve: bool, arguments: JsonObject | None, note: str, by: str) -> CallDecided:
    """The fact; arguments other than the model's become a call of their own."""
    edited = None
    if approve and arguments is not None and arguments != call.arguments:
        new_id = new_call_id()
        request = ModelCall(id=f"call_{new_id}", tool=call.request.tool, arguments=dump_json(arguments))
        edited = RequestedCall(call_id=new_id, request=request)
    return CallDecided(
        call_id=call.call_id, decision="approve" if approve else "decline", by=by, note=note, edited=edited
    )
