"""A conversation read turn by turn, and what its earlier calls and results say of a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.model.base import AssistantMessage, Message, ModelCall, ToolMessage, UserMessage
from orchestrator.model.offline.fill import Recall, json_in
from orchestrator.model.offline.schema import Parameter
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import name_words, words_of
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_TURNS = 20
"""Turns that are looked back on."""
MAX_FIELDS = 200
"""Fields of one result that are looked at."""

_ASIDES = re.compile(r"(?:\n\[(?:note|sources): [^\n]*\])+\s*\Z")
"""What the host says of a result below it; without it, JSON is JSON."""

_POINTING = vocabulary("it this these those them same its")
_NOT_AFTER_THAT = vocabulary("is are has have was were can could will would should does do i we you they he she")
_GOING_ON = re.compile(r"\s*(?:and|also|or|what about|how about)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made, and what came of it."""

    tool: str
    arguments: JsonObject
    result: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person said and all that followed."""

    said: str
    made: tuple[Made, ...]
    answer: str
    """The last text of the model that came without calls."""


def _clean(text: str) -> str:
    """Without lone surrogates, which no JSON can carry."""
    return text.encode(errors="replace").decode()


def _made(call: ModelCall, results: dict[str, str]) -> Made:
    try:
        arguments = parse_json(call.arguments)
    except InvalidJson:
        arguments = None
    known = arguments if isinstance(arguments, dict) else {}
    return Made(tool=call.tool, arguments=known, result=results.get(call.id, ""))


def _turn(said: str, messages: Sequence[Message]) -> Turn:
    results = {
        message.call_id: _ASIDES.sub("", _clean(message.text))
        for message in messages
        if isinstance(message, ToolMessage)
    }
    replies = [message for message in messages if isinstance(message, AssistantMessage)]
    texts = [reply.text for reply in replies if not reply.calls]
    return Turn(
        said=_clean(said),
        made=tuple(_made(call, results) for reply in replies for call in reply.calls),
        answer=texts[-1] if texts else "",
    )


def turns_of(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """The last turns, oldest first; what stands before a person's first message belongs to none."""
    starts = [at for at, message in enumerate(messages) if isinstance(message, UserMessage)][-MAX_TURNS:]
    found: list[Turn] = []
    for start, end in pairwise([*starts, len(messages)]):
        first = messages[start]
        assert isinstance(first, UserMessage)
        found.append(_turn(first.text, messages[start + 1 : end]))
    return tuple(found)


def points_back(text: str) -> bool:
    """Whether a sentence speaks of something said before: `save that search`, `delete it`."""
    words = [word.lower for word in words_of(text)]
    following = [*words[1:], ""]
    return any(
        word in _POINTING or (word == "that" and after not in _NOT_AFTER_THAT)
        for word, after in zip(words, following, strict=True)
    )


def goes_on(text: str) -> bool:
    """Whether a sentence goes on with the request before it: `and in Rome?`."""
    return _GOING_ON.match(text) is not None


def _fields(result: str) -> Iterator[tuple[str, Json]]:
    """The scalars of the one thing that a result is about; a list of several is about none."""
    level: Json = json_in(result)
    for _ in range(3):
        if isinstance(level, list):
            level = level[0] if len(level) == 1 else None
        if not isinstance(level, dict):
            return
        members = list(level.items())[:MAX_FIELDS]
        yield from ((name, value) for name, value in members if not isinstance(value, dict | list | None))
        inner = [value for _, value in members if isinstance(value, dict | list)]
        level = inner[0] if len(inner) == 1 else None


def _ends_with(parameter: Parameter, field: str) -> bool:
    words = name_words(field)
    return bool(words) and parameter.words[-len(words) :] == words


def _known_of(parameter: Parameter, made: Made) -> Json:
    if made.arguments.get(parameter.name) is not None:
        return made.arguments[parameter.name]
    if not parameter.is_required:
        return None
    fields = list(_fields(made.result))
    same = [value for name, value in fields if name_words(name) == parameter.words]
    similar = [value for name, value in fields if _ends_with(parameter, name)]
    return next(iter((*same, *similar)), None)


def recall_from(turns: Sequence[Turn]) -> Recall:
    """What the latest calls were given, or answered, under the parameter's name."""
    made = [call for turn in reversed(turns) for call in reversed(turn.made)]

    def recall(parameter: Parameter) -> Json:
        return next((value for call in made if (value := _known_of(parameter, call)) is not None), None)

    return recall


def recall_nothing(parameter: Parameter) -> Json:
    """For a sentence that stands alone."""
    del parameter
    return None
