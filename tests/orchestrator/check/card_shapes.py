"""A JSON Schema of the table of Adaptive Cards 1.6: the second reader of cards, which the first is compared with."""

from __future__ import annotations

from functools import cache

import jsonschema_rs

from orchestrator.check.card_members import Member
from orchestrator.check.card_schema import GROUPS, KINDS
from runtimes.values import Json, JsonObject

EXPRESSION: JsonObject = {"type": "string", "pattern": r"\$\{"}
"""What a template may have in any place."""

NESTED_ARRAYS = 4
"""How deep arrays in arrays are judged; expanding takes them apart."""


def _either(*shapes: JsonObject) -> JsonObject:
    return {"anyOf": [*shapes]}


def _string(member: Member) -> JsonObject:
    fitting = "|".join([*(f"(?i:{word})" for word in member.words), *([member.pattern] if member.pattern else [])])
    return {"type": "string", "pattern": f"^(?:{fitting})$"} if fitting else {"type": "string"}


def _one(member: Member) -> JsonObject:
    plain: list[JsonObject] = [{"type": kind} for kind in sorted(member.types - {"object", "string"})]
    shapes: list[JsonObject] = [*plain, {"type": "null"}, EXPRESSION]
    if "string" in member.types:
        shapes.append(_string(member))
    if "object" in member.types:
        shapes.append({"$ref": f"#/$defs/{member.group}"} if member.group else {"type": "object"})
    return _either(*shapes)


def _value(member: Member) -> JsonObject:
    if not member.types:
        return {}
    one = _one(member)
    if not member.is_many:
        return one
    items = one
    for _ in range(NESTED_ARRAYS):
        items = _either(one, {"type": "array", "items": items})
    repeated: JsonObject = {"allOf": [{"type": "object", "required": ["$data"]}, one]}
    return _either({"type": "array", "items": items}, repeated, EXPRESSION, {"type": "null"})


def _kind(name: str) -> JsonObject:
    kind = KINDS[name]
    members: JsonObject = {key: _value(member) for key, member in kind.members.items()}
    required: list[Json] = [key for key, member in kind.members.items() if member.is_required]
    alone: JsonObject = {"const": name}
    if kind.is_named:
        members["type"] = _either(EXPRESSION, alone, {"type": "null"})
    unjudged: JsonObject = {"type": "object", "properties": {"type": EXPRESSION}, "required": ["type"]}
    return _either(unjudged, {"type": "object", "properties": members, "required": required})


def _group(names: tuple[str, ...]) -> JsonObject:
    stated: JsonObject = {"type": "string", "not": {"enum": [*KINDS]}}
    foreign: JsonObject = {"required": ["type", "fallback"], "properties": {"type": stated}}
    unjudged: JsonObject = {"type": "object", "properties": {"type": EXPRESSION}, "required": ["type"]}
    branches: list[Json] = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/{name}"}} for name in names
    ]
    known: JsonObject = {"required": ["type"], "properties": {"type": {"enum": [*names]}}, "allOf": branches}
    return {"type": "object", **_either(foreign, unjudged, known)}


@cache
def card_validator() -> jsonschema_rs.Draft202012Validator:
    """Of cards and of their templates."""
    definitions: JsonObject = {
        **{name: _kind(name) for name in KINDS},
        **{name: _group(names) for name, names in GROUPS.items()},
    }
    root: JsonObject = {"$ref": "#/$defs/AdaptiveCard"}
    return jsonschema_rs.Draft202012Validator({**root, "$defs": definitions})
