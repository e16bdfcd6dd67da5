"""The body of a chat completions request, as bytes; pure.

Tools are taken as they were serialised once, and everything else goes through one call of the JSON encoder: no typed
walk over tools or messages happens anywhere on the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import orjson

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    AssistantMessage,
    EarlierMessage,
    Message,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    SummaryRequest,
    ToolMessage,
    UserMessage,
)
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

CompletionRequest = ReasoningRequest | RespondingRequest | PhraseRequest | SummaryRequest

MAX_NAME = 64
"""Characters in a function's name, as servers take it."""

FENCE = "data-"
"""What the lines begin with that data from outside stands between; the mark follows."""

ERROR = "error: "
"""What the host begins a message with that is no result; it stands before the fence."""

_ILLEGAL_NAME = re.compile(r"[^A-Za-z0-9_-]")
_SHORTEST_FENCE = 3
_BACKTICKS = re.compile("`+")


def _echoed_arguments(arguments: str) -> str:
    """Valid JSON whatever the model wrote: some gateways parse the arguments of calls they are sent back."""
    try:
        is_object = isinstance(parse_json(arguments), dict)
    except InvalidJson:
        is_object = False
    return arguments if is_object else dump_json({"not_an_object": arguments})


def _echoed_name(name: str) -> str:
    """A legal name whatever the model wrote: servers refuse a request that holds another."""
    return _ILLEGAL_NAME.sub("_", name)[:MAX_NAME] or "_"


def _call(call: ModelCall) -> JsonObject:
    function: JsonObject = {"name": _echoed_name(call.tool), "arguments": _echoed_arguments(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _as_data(text: str, fence: str) -> str:
    """The text between two lines with the mark, which nothing in it has, in any case of letters: what could be
    taken for its end is broken.
    """
    if not fence:
        return text
    line = f"{FENCE}{fence}"
    inside = text
    if fence.lower() in text.lower():
        inside = re.sub(re.escape(fence), lambda found: f"{found[0][0]} {found[0][1:]}", text, flags=re.IGNORECASE)
    return f"{line}\n{inside}\n{line}"


def _result(message: ToolMessage) -> str:
    told = message.text.removeprefix(ERROR)
    if not message.fence or told == message.text:
        return _as_data(message.text, message.fence)
    return f"{ERROR}\n{_as_data(told, message.fence)}"


def _said(message: UserMessage | EarlierMessage) -> str:
    return f"{message.text}\n\n{_as_data(message.note, message.fence)}" if message.note else message.text


def _message(message: Message) -> JsonObject:
    if isinstance(message, (UserMessage, EarlierMessage)):
        return {"role": "user", "content": _said(message)}
    if isinstance(message, ToolMessage):
        return {"role": "tool", "tool_call_id": message.call_id, "content": _result(message)}
    if not message.calls:
        return {"role": "assistant", "content": message.text}
    return {
        "role": "assistant",
        "content": message.text or None,
        "tool_calls": [_call(call) for call in message.calls],
    }


def _fenced(text: str, language: str = "") -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _plain(message: Message, tools: dict[str, str]) -> tuple[str, str]:
    """The role and the text of a message in which calls and results are written out."""
    if isinstance(message, (UserMessage, EarlierMessage)):
        return "user", _said(message)
    if isinstance(message, ToolMessage):
        tool = tools.get(message.call_id, "the function")
        return "user", f"The result of {tool}:\n\n{_fenced(_result(message))}"
    calls = [f"I call {_echoed_name(call.tool)} with:\n\n{_fenced(call.arguments, 'json')}" for call in message.calls]
    return "assistant", "\n\n".join([*([message.text] if message.text else []), *calls])


def _plain_messages(messages: Sequence[Message]) -> list[JsonObject]:
    """Roles alternate in the result: gateways that refuse tool messages are often strict about that too."""
    tools = {
        call.id: _echoed_name(call.tool)
        for message in messages
        if isinstance(message, AssistantMessage)
        for call in message.calls
    }
    merged: list[tuple[str, str]] = []
    for role, text in (_plain(message, tools) for message in messages):
        if merged and merged[-1][0] == role:
            text = f"{merged.pop()[1]}\n\n{text}"
        merged.append((role, text))
    return [{"role": role, "content": text} for role, text in merged]


def _in_turn(messages: Sequence[Message]) -> list[JsonObject]:
    """What stands in the place of earlier turns shares a message with what the person says next: roles alternate."""
    if len(messages) < 2 or not isinstance(messages[0], EarlierMessage) or not isinstance(messages[1], UserMessage):
        return [_message(message) for message in messages]
    first: JsonObject = {"role": "user", "content": f"{_said(messages[0])}\n\n{_said(messages[1])}"}
    return [first, *map(_message, messages[2:])]


def _system(text: str) -> Iterable[JsonObject]:
    return [{"role": "system", "content": text}] if text else []


def _messages(request: CompletionRequest, *, are_results_plain: bool) -> list[JsonObject]:
    if isinstance(request, PhraseRequest):
        data = dump_json(request.data)
        return [*_system(request.instruction), {"role": "user", "content": data}]
    if isinstance(request, SummaryRequest):
        told = _as_data(dump_json(request.data), request.fence)
        return [*_system(request.instruction), {"role": "user", "content": told}]
    if are_results_plain:
        return [*_system(request.system), *_plain_messages(request.messages)]
    return [*_system(request.system), *_in_turn(request.messages)]


def encode_request(
    model: str, request: CompletionRequest, *, plain_results: bool = False, ask_for_usage: bool = True
) -> bytes:
    """The body of a streaming request.

    With `plain_results`, a request without tools has calls and results as fenced text in ordinary messages.
    Raises: `ModelError` where a text is no Unicode.
    """
    has_tools = isinstance(request, ReasoningRequest) and bool(request.tools)
    settings: dict[str, Json] = {"model": model, "stream": True}
    if ask_for_usage:
        settings["stream_options"] = {"include_usage": True}
    try:
        head = orjson.dumps(settings)[:-1]
        tools = b',"tools":' + request.tools.encoded if isinstance(request, ReasoningRequest) and has_tools else b""
        messages = orjson.dumps(_messages(request, are_results_plain=plain_results and not has_tools))
    except orjson.JSONEncodeError as error:
        raise ModelError(f"the conversation cannot be sent: {error}") from None
    return b"".join((head, tools, b',"messages":', messages, b"}"))
