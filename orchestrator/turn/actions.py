"""What a person chose on a card, as the next message: whose card it is, what it calls, what a model is told. Pure.

An action whose verb names a function of the card's own plugin, with data that fits its parameters, is that function's
call: the host writes the reply that makes it, no model has to guess, and it is judged, asked about and kept as any call
is. So actions of a local plugin's card reach that plugin again (spec 13.2.2). Any other action is told to the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from orchestrator.content import CardAction
from orchestrator.errors import UnknownName, UsageError
from orchestrator.events import ReplyReceived, RequestedCall
from orchestrator.model.base import ModelCall
from orchestrator.response.unseen import masked_data
from orchestrator.tools.arguments import InvalidArguments, is_finite
from orchestrator.tools.definitions import tool_name
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.replies import new_call_id
from orchestrator.turn.state import TurnState
from runtimes.values import Json, dump_json, is_json

MAX_WORDS = 200
"""Characters of an action's title, and of its verb."""

MAX_DATA = 32_000
"""Characters of an action's data, as JSON."""


def refuse_unsendable(action: CardAction) -> None:
    """Raises: `UsageError` for an action that nothing can be made of."""
    for name, words in (("title", action.title), ("verb", action.verb)):
        if len(words) > MAX_WORDS:
            raise UsageError(f"the {name} of the action has {len(words)} characters; at most {MAX_WORDS} are read")
    secret: list[Json] = [*action.secret]
    if not is_json([action.title, action.verb, action.result_id, action.data, secret]) or not is_finite(action.data):
        raise UsageError("the action holds what cannot be written as JSON")
    if len(dump_json([action.data, secret])) > MAX_DATA:
        raise UsageError(f"the data of the action has more than {MAX_DATA} characters")


def attributed(action: CardAction, turns: Iterable[TurnState]) -> CardAction:
    """The action with the plugin and the function of its card. Raises: `UnknownName` for a call that was never made."""
    calls = {call_id: call for turn in turns for call_id, call in turn.calls.items()}
    call = calls.get(action.call_id)
    if call is None:
        raise UnknownName("call", action.call_id, calls)
    return replace(action, plugin=call.plugin, function=call.function)


def call_of(action: CardAction, toolbox: Toolbox) -> ReplyReceived | None:
    """The reply that makes the call an action is; None where it is none."""
    function = toolbox.at(action.plugin, action.verb)
    data = {} if action.data is None else action.data
    if function is None or not isinstance(data, dict):
        return None
    try:
        arguments = function.checker.check(data)
    except InvalidArguments:
        return None
    new_id = new_call_id()
    request = ModelCall(id=f"call_{new_id}", tool=function.tool_name, arguments=dump_json(arguments))
    return ReplyReceived(text="", calls=(RequestedCall(call_id=new_id, request=request),), is_from_card=True)


def action_notice(action: CardAction) -> str:
    """What a model is told of it, beside the words on the button."""
    card = f"on the card that `{tool_name(action.plugin, action.function)}` gave"
    result = f", result {action.result_id!r}" if action.result_id else ""
    verb = f"; its verb is {action.verb!r}" if action.verb else ""
    data = (
        f"; the card sends, as data from outside: {dump_json(masked_data(action))}" if action.data is not None else ""
    )
    return f"[the person chose {action.title!r} {card}{result}{verb}{data}]"
