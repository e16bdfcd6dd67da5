"""The parameters of a function by path, such as `near.lat` or `rooms[].size`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from runtimes.values import Json, JsonObject

MAX_PATH_DEPTH = 4
"""How deep parameters of parameters are named."""

MAX_PATHS = 500
"""How many parameters of a function, or arguments of a call, are named."""

_DEFINITIONS = "#/$defs/"


def _followed(schema: Json, root: JsonObject) -> JsonObject:
    """The schema, or the definition that it refers to."""
    if not isinstance(schema, dict):
        return {}
    reference, definitions = schema.get("$ref"), root.get("$defs")
    if not isinstance(reference, str) or not isinstance(definitions, dict):
        return schema
    found = definitions.get(reference.removeprefix(_DEFINITIONS))
    return found if isinstance(found, dict) else schema


def _members(schema: Json, root: JsonObject, path: str, depth: int) -> Iterator[str]:
    node = _followed(schema, root)
    if depth == MAX_PATH_DEPTH:
        return
    if "items" in node:
        yield from _members(node["items"], root, f"{path}[]", depth + 1)
    properties = node.get("properties")
    for name, member in properties.items() if isinstance(properties, dict) else ():
        inner = f"{path}.{name}" if path else name
        yield inner
        yield from _members(member, root, inner, depth + 1)


def _first(paths: Iterator[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in paths:
        found[path] = None
        if len(found) == MAX_PATHS:
            break
    return tuple(found)


def paths_of(parameters: JsonObject) -> tuple[str, ...]:
    """The parameters of a schema, each before its own members; alternatives are not looked into."""
    return _first(_members(parameters, parameters, "", 0))


def _given(value: Json, path: str, depth: int) -> Iterator[str]:
    if depth == MAX_PATH_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _given(item, f"{path}[]", depth + 1)
    elif isinstance(value, dict):
        for name, member in value.items():
            inner = f"{path}.{name}" if path else name
            yield inner
            yield from _given(member, inner, depth + 1)


def paths_given(arguments: JsonObject) -> tuple[str, ...]:
    """The parameters that a call gives."""
    return _first(_given(arguments, "", 0))
