"""Two schemas as one that admits what both admit, as far as making up data needs it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtimes.openapi.members import list_at, object_at
from runtimes.values import Json, JsonObject

_LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})


def _both(one: Json, other: Json) -> Json:
    """A schema of both; a boolean schema says all or nothing."""
    if one is False or other is False:
        return False
    if not isinstance(one, dict) or not one:
        return other
    if not isinstance(other, dict) or not other or one == other:
        return one
    return {"allOf": [one, other]}


def _names(types: Json) -> list[str]:
    stated = types if isinstance(types, list) else [types]
    return [name for name in stated if isinstance(name, str)]


def _types(one: Json, other: Json) -> Json:
    """The types that both name: an integer is a number too."""
    left, right = _names(one), _names(other)
    shared = [name for name in left if name in right or (name == "integer" and "number" in right)]
    shared += [name for name in right if name == "integer" and "number" in left and name not in shared]
    found = shared or left
    return found[0] if len(found) == 1 else [*found]


def _members(one: Json, other: Json) -> Json:
    left = one if isinstance(one, dict) else {}
    right = other if isinstance(other, dict) else {}
    return {name: _both(left.get(name, {}), right.get(name, {})) for name in [*left, *right]}


def _united(one: Json, other: Json) -> Json:
    left = one if isinstance(one, list) else []
    right = other if isinstance(other, list) else []
    return [*left, *(item for item in right if item not in left)]


def _choices(one: Json, other: Json) -> Json:
    left = one if isinstance(one, list) else []
    shared = [item for item in left if isinstance(other, list) and item in other]
    return shared or left


_RULES: Mapping[str, Callable[[Json, Json], Json]] = {
    "type": _types,
    "properties": _members,
    "patternProperties": _members,
    "required": _united,
    "x-hidden": _united,
    "enum": _choices,
    "items": _both,
    "additionalProperties": _both,
}


def _limit(name: str, one: Json, other: Json) -> Json:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return max(one, other) if name in _LARGER else min(one, other)
    return one


def merged(one: JsonObject, other: JsonObject) -> JsonObject:
    """A schema of both, neither of which has `allOf`, `anyOf` or `oneOf` at its top."""
    found = dict(one)
    for name, value in other.items():
        if name not in found:
            found[name] = value
        elif name in _RULES:
            found[name] = _RULES[name](found[name], value)
        elif name in _LARGER or name in _SMALLER:
            found[name] = _limit(name, found[name], value)
    _close(found, one, other)
    return found


def _close(found: JsonObject, one: JsonObject, other: JsonObject) -> None:
    """What one of both says of members that it does not name holds for those that only the other names."""
    for ruling, open_one in ((one, other), (other, one)):
        more = ruling.get("additionalProperties")
        named, required = object_at(ruling, "properties"), list_at(open_one, "required")
        properties = object_at(found, "properties")
        foreign = [name for name in properties if name not in named]
        if more is False and foreign:
            kept = {name: part for name, part in properties.items() if name in named or name in required}
            found["properties"] = kept
        elif isinstance(more, dict) and more and foreign:
            found["properties"] = {
                name: _both(part, more) if name in foreign else part for name, part in properties.items()
            }
