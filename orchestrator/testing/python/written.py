"""What a test in Python writes in the words of a conversation file: settings, replies, expectations, stubs. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TypedDict, TypeGuard

from orchestrator.errors import Problem, UsageError
from orchestrator.model.scripted import ScriptedModel
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Conversation, Turn
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.settings import Stub
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json, JsonObject, dump_json

Entry = str | int | float | PurePath | Mapping[str, object]
"""A value in its short form, or the object in its place."""

Written = Entry | Sequence[object]
"""What a member of the file may hold: one thing, or several."""

_PLACES = ("/turns/0/expect", "/turns/0", "/api/stubs/0")
"""Where in a file that would stand which a test writes alone."""


class WrittenSettings(TypedDict, total=False):
    """What stands beside the turns of a conversation file; paths are relative to the file of the test."""

    plugins: Written
    services: Mapping[str, object]
    local: Mapping[str, object]
    environment: Mapping[str, str]
    locale: str
    person: str
    attended: bool
    remembered: Written
    discovered: Written
    policy: str | Mapping[str, object]
    credentials: Mapping[str, str]
    clock: str | datetime
    api: str | Mapping[str, object]


class WrittenTurn(TypedDict, total=False):
    """What stands beside what is said."""

    model: Written
    decide: Written
    clock: str | datetime


class WrittenExpect(TypedDict, total=False):
    """The members of `expect`."""

    text: Written
    calls: Written
    requests: Written
    questions: Written
    citations: Written
    cards: Written
    events: Written
    end: str | Mapping[str, object]
    state: str
    model_requests: int | Mapping[str, object]
    tokens: int | Mapping[str, object]
    prompts: Written


class WrittenStub(TypedDict, total=False):
    """The members of a stub."""

    method: str
    path: str
    operation: str
    query: Mapping[str, object]
    json: object
    times: int
    answer: int | Mapping[str, object]


_SURROGATE = re.compile("[\ud800-\udfff]")


def _is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, bytes | bytearray)


def call(function: str, /, **arguments: object) -> JsonObject:
    """A call with these arguments, for the model to make or to be expected; without any, one is expected with any."""
    return {"call": function, "with": plain(arguments)} if arguments else {"call": function}


def _text(value: str) -> str:
    __tracebackhide__ = True
    if _SURROGATE.search(value):
        raise UsageError("a text has half a character in it, a surrogate without the other; no file can have that")
    return value


def _number(value: float) -> float:
    __tracebackhide__ = True
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{value} is no number that a conversation can have; write a finite one")
    return value


def _refused(value: object) -> UsageError:
    if isinstance(value, SteppedModel | ScriptedModel):
        return UsageError(
            "a turn takes the replies themselves, as in model=['Hello']; a model of your own goes to hosted(model=…)"
        )
    named = type(value).__name__
    return UsageError(f"a {named} cannot stand in a conversation; write texts, numbers, lists and objects")


def plain(value: object, *, depth: int = 0) -> Json:
    """The value as JSON; paths and times are texts. Raises: `UsageError` for what no file could say."""
    __tracebackhide__ = True
    if depth > MAX_DEPTH:
        raise UsageError(f"a value is nested more than {MAX_DEPTH} deep, or holds itself")
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, int | float):
        return value if value is None else _number(value)
    if isinstance(value, PurePath):
        return _text(str(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if _is_object(value):
        return {_text(str(name)): plain(item, depth=depth + 1) for name, item in value.items()}
    if _is_list(value):
        return [plain(item, depth=depth + 1) for item in value]
    raise _refused(value)


def _told(problem: Problem) -> str:
    place = problem.pointer
    for start in _PLACES:
        place = place.removeprefix(start)
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.message}{hint}{f' (at {place})' if place.count('/') > 1 else ''}"


def _refuse(problems: Sequence[Problem]) -> None:
    __tracebackhide__ = True
    if problems:
        raise UsageError("\n".join(map(_told, problems)))


def written_conversation(settings: Mapping[str, object], turn: Mapping[str, object] | None = None) -> Conversation:
    """The conversation with these settings and this only turn. Raises: `UsageError` that names all mistakes."""
    __tracebackhide__ = True
    document = plain({**settings, "turns": [turn or {"say": "-"}]})
    file = read_conversations(dump_json(document).encode(), "the test")
    _refuse(file.problems)
    [placed] = file.conversations
    if placed.conversation.api.recorded is not None:
        raise UsageError("only a conversation file has a recording: give 'mock' or 'real', or stubs, in 'api'")
    return placed.conversation


def written_turn(turn: Mapping[str, object]) -> Turn:
    """The turn. Raises: `UsageError` that names all mistakes."""
    __tracebackhide__ = True
    expected = turn.get("expect")
    if _is_object(expected) and "judge" in expected:
        raise UsageError("'judge' has questions that a model answers, only with --live; write them in a file")
    return written_conversation({}, turn).turns[0]


def written_stub(stub: Mapping[str, object]) -> Stub:
    """The stub. Raises: `UsageError` that names all mistakes."""
    __tracebackhide__ = True
    return written_conversation({"api": {"stubs": [stub]}}).api.stubs[0]
