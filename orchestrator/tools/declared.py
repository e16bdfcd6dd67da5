"""The parameters that a manifest declares, read as JSON Schema that every model provider takes (spec 6 and 7). Pure.

One tool with a broken schema makes a provider refuse the whole request, so what cannot be understood is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject

_TYPES = frozenset({"string", "array", "boolean", "integer", "number", "object", "null"})

_SHAPES: Mapping[str, type | tuple[type, ...]] = {
    "description": str,
    "enum": list,
    "items": dict,
    "properties": dict,
    "required": list,
    "type": (str, list),
}
"""What a keyword has to be; real manifests also write null, and `required` as a boolean."""


def _is_shaped(keyword: str, value: Json) -> bool:
    if value is None:
        return keyword == "const"
    if keyword == "default" and isinstance(value, str) and unresolved_placeholder(value):
        return False  # a model would pass it on, and it would be sent
    return isinstance(value, _SHAPES.get(keyword, object)) and (keyword != "enum" or value != [])


def _type(written: Json) -> Json:
    """The type or types in the spelling of JSON Schema; None where none of them is known."""
    if isinstance(written, list):
        known = [word for item in written if isinstance(word := _type(item), str)]
        return [*dict.fromkeys(known)] or None
    word = written.strip().casefold() if isinstance(written, str) else ""
    return word if word in _TYPES else None


def declared_schema(schema: JsonObject) -> JsonObject:
    """The schema without what is null or cannot be understood, as deep as parameters nest."""
    kept = {name: value for name, value in schema.items() if _is_shaped(name, value)}
    if "type" in kept:
        kept["type"] = _type(kept["type"])
        if kept["type"] is None:
            del kept["type"]
    if isinstance(names := kept.get("required"), list):
        kept["required"] = [*dict.fromkeys(name for name in names if isinstance(name, str))]
    if isinstance(items := kept.get("items"), dict):
        kept["items"] = declared_schema(items)
    if isinstance(properties := kept.get("properties"), dict):
        read = {name: declared_schema(value) if isinstance(value, dict) else {} for name, value in properties.items()}
        kept["properties"] = dict(read)
    return kept
