"""Writes conversations as a file that reads back as the same conversations. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.yaml_text import yaml_text
from runtimes.values import Json, JsonObject

_PATH = re.compile(r"/[^\s?$]*")
"""A path that stands in one line with its method."""


def _alone(value: Json, name: str) -> Json:
    """The member, where the object has no other."""
    return value[name] if isinstance(value, dict) and value.keys() == {name} else value


def _each(value: Json, name: str) -> Json:
    return [_alone(item, name) for item in value] if isinstance(value, list) else value


def _only(value: Json) -> Json:
    """The text that a list has and nothing else."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value


def _short_decisions(value: Json) -> Json:
    match value:
        case [{"answer": "approve" | "decline" as answer, "every": True, **others}] if not others:
            return answer
        case _:
            return _each(value, "answer")


def _short_text(value: Json) -> Json:
    parts = _alone(value, "contains")
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else parts


def _short_request(request: Json) -> Json:
    """Method and path in one line, where there is nothing else."""
    match request:
        case {"method": str(method), "path": str(path), **others} if not others and _PATH.fullmatch(path):
            return f"{method} {path}" if method.isalpha() and method.isascii() else request
        case _:
            return request


def _short_expect(expect: Json) -> Json:
    if not isinstance(expect, dict):
        return expect
    short = {name: _alone(value, "in_order") for name, value in expect.items()}
    short |= {name: _each(short[name], "call") for name in ("calls", "questions") if name in short}
    short |= {name: _each(short[name], "kind") for name in ("events",) if name in short}
    short |= {name: _each(short[name], "question") for name in ("judge",) if name in short}
    if isinstance(requests := short.get("requests"), list):
        short["requests"] = [_short_request(request) for request in requests]
    return short | ({"text": _short_text(short["text"])} if "text" in short else {})


def _short_turn(turn: JsonObject) -> JsonObject:
    short = dict(turn)
    if "say" in turn:
        short["say"] = _alone(turn["say"], "text")
    if "model" in turn:
        short["model"] = _each(turn["model"], "text")
    if "decide" in turn:
        short["decide"] = _short_decisions(turn["decide"])
    if "expect" in turn:
        short["expect"] = _short_expect(turn["expect"])
    return short


def as_json(conversation: Conversation) -> JsonObject:
    """The members that are not what they are by default, in the short forms that a person would write."""
    members: JsonObject = conversation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    named: JsonObject = {name: members.pop(name) for name in ("name", "tags") if name in members}
    if "plugins" in members:
        members["plugins"] = _only(_each(members["plugins"], "source"))
    if "policy" in members:
        members["policy"] = _alone(members["policy"], "mode")
    for name in ("remembered", "discovered"):
        if name in members:
            members[name] = _only(members[name])
    turns = members["turns"]
    assert isinstance(turns, list)
    members["turns"] = [_short_turn(turn) for turn in turns if isinstance(turn, dict)]
    return {**named, **members}


def write_conversations(conversations: Sequence[Conversation]) -> bytes:
    """The text of a file with these conversations."""
    written = [as_json(conversation) for conversation in conversations]
    document: Json = written[0] if len(written) == 1 else {"conversations": list(written)}
    return yaml_text(document).encode()
