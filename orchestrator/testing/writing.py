"""Writes conversations as a file that reads back as the same conversations. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from orchestrator.testing.conversation import Conversation
from runtimes.values import Json, JsonObject

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_OTHERWISE = frozenset({"null", "true", "false"})
"""Words that are no texts unless they are quoted."""

_UNPRINTABLE = re.compile("[^\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
"""What a YAML reader would refuse, or take for the end of a line."""


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _scalar(value: Json) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _OTHERWISE:
        return value
    return _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))


def _under(key: str, value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield f"{indent}{key}:"
        yield from _lines(value, f"{indent}  ")
        return
    yield f"{indent}{key}: {_scalar(value)}"


def _element(value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        first, *others = _lines(value, f"{indent}  ")
        yield f"{indent}- {first.lstrip(' ')}"
        yield from others
        return
    yield f"{indent}- {_scalar(value)}"


def _lines(value: Json, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _under(_scalar(name), item, indent)
    elif isinstance(value, list):
        for item in value:
            yield from _element(item, indent)


def _alone(value: Json, name: str) -> Json:
    """The member, where the object has no other."""
    return value[name] if isinstance(value, dict) and value.keys() == {name} else value


def _each(value: Json, name: str) -> Json:
    return [_alone(item, name) for item in value] if isinstance(value, list) else value


def _short_decisions(value: Json) -> Json:
    match value:
        case [{"answer": "approve" | "decline" as answer, "every": True, **others}] if not others:
            return answer
        case _:
            return _each(value, "answer")


def _short_text(value: Json) -> Json:
    parts = _alone(value, "contains")
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else parts


def _short_expect(expect: Json) -> Json:
    if not isinstance(expect, dict):
        return expect
    short = {name: _alone(value, "in_order") for name, value in expect.items()}
    short |= {name: _each(short[name], "call") for name in ("calls", "questions") if name in short}
    short |= {name: _each(short[name], "kind") for name in ("events",) if name in short}
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
        members["plugins"] = _each(members["plugins"], "source")
    turns = members["turns"]
    assert isinstance(turns, list)
    members["turns"] = [_short_turn(turn) for turn in turns if isinstance(turn, dict)]
    return {**named, **members}


def write_conversations(conversations: Sequence[Conversation]) -> bytes:
    """The text of a file with these conversations."""
    written = [as_json(conversation) for conversation in conversations]
    document: Json = written[0] if len(written) == 1 else {"conversations": list(written)}
    return ("\n".join(_lines(document, "")) + "\n").encode()
