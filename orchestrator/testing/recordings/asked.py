"""What a model is asked and what it replies, as values that can be written, compared and shown. Pure.

Two requests mean the same where their values do: the ids of calls are left out (a result names its call by position),
and `meaning` folds white space and the order of members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestrator.model.base import (
    AssistantMessage,
    EarlierMessage,
    Message,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.recordings.hiding import is_exact
from runtimes.values import Json, JsonObject, canonical_json, json_or_text

_WORDS = frozenset({"system", "user", "note", "assistant", "result", "description", "instruction"})
"""Members whose texts are words: white space in them says nothing."""

_DATA = frozenset({"with", "data", "parameters", "result"})
"""Members that are data, as far as they are no words: what they are made of has names of its own."""


def structured(text: str) -> Json:
    """The object or array that a text is in JSON, where a cassette can have it; any other text as it is."""
    value = json_or_text(text)
    return value if isinstance(value, dict | list) and is_exact(value) else text


def call_value(call: ModelCall) -> JsonObject:
    """A call, without its id; its arguments as an object, or as whatever else the model wrote."""
    arguments = json_or_text(call.arguments)
    written: Json = arguments if isinstance(arguments, dict) and is_exact(arguments) else call.arguments
    value: JsonObject = {"call": call.tool}
    if written != {}:
        value["with"] = written
    return value


def assistant_value(text: str, calls: Sequence[ModelCall]) -> JsonObject:
    """A message of the model."""
    value: JsonObject = {"assistant": text} if text or not calls else {}
    if calls:
        value["calls"] = [call_value(call) for call in calls]
    return value


def _messages(messages: Sequence[Message]) -> Iterator[JsonObject]:
    numbers: dict[str, int] = {}
    count = 0
    for message in messages:
        match message:
            case UserMessage(text=text, note=note):
                said: JsonObject = {"user": text}
                yield {**said, "note": note} if note else said
            case EarlierMessage(text=text, note=note):
                earlier: JsonObject = {"earlier": text}
                yield {**earlier, "note": note} if note else earlier
            case AssistantMessage(text=text, calls=calls):
                for call in calls:
                    count += 1
                    numbers[call.id] = count
                yield assistant_value(text, calls)
            case ToolMessage(call_id=call_id, text=text):
                yield {"result": structured(text), "of": numbers.get(call_id, 0)}


def tool_values(tools: ToolSet) -> list[Json]:
    """The tools that a model is offered."""
    return [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in tools.definitions
    ]


def asked(request: AnyModelRequest) -> JsonObject:
    """A request as a value."""
    if isinstance(request, PhraseRequest):
        return {"state": "phrase", "instruction": request.instruction, "data": request.data}
    messages: list[Json] = [*_messages(request.messages)]
    if isinstance(request, ReasoningRequest):
        tools = tool_values(request.tools)
        return {"state": "reasoning", "system": request.system, "tools": tools, "messages": messages}
    return {"state": "responding", "system": request.system, "messages": messages}


def _folded(text: str) -> str:
    return " ".join(text.split())


def _with_words(name: str, value: Json, words: Callable[[str], str]) -> Json:
    """A value in which words are what `words` makes of them."""
    if isinstance(value, dict):
        is_data = name in _DATA
        return {key: _with_words("with" if is_data else key, item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_words("with" if name == "result" else name, item, words) for item in value]
    return words(value) if isinstance(value, str) and name in _WORDS else value


def meaning(request: JsonObject) -> str:
    """The same text for requests, as values, that mean the same."""
    return canonical_json(_with_words("", request, _folded))


def alike(recorded: JsonObject, came: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Two requests as values, with words in the same lines where they mean the same."""
    known: dict[str, str] = {}

    def words(text: str) -> str:
        lines = "\n".join(line for line in map(_folded, text.splitlines()) if line)
        return known.setdefault(_folded(text), lines)

    one, other = _with_words("", recorded, words), _with_words("", came, words)
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    return one, other
