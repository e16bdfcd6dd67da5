"""The shape of an answer: what the schema of a response says that it holds, one level deep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.values import Json, JsonObject

MAX_PARTS = 64
"""Schemas that are put together for one shape: those of `allOf`, and one of `oneOf` or `anyOf`."""

MAX_PROPERTIES = 200
"""Properties of one object that are looked at."""

MAX_PROPERTY_NAME = 100
"""Characters of a property's name; one with more is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a schema describes, one level deep."""

    kind: str = ""
    """The JSON type; empty where the schema says none."""
    properties: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """The schemas of the properties, references and all."""
    required: frozenset[str] = frozenset()
    items: Json = None
    """The schema of the elements of an array."""


def _kind(schema: JsonObject) -> str:
    declared = schema.get("type")
    names = declared if isinstance(declared, list) else [declared]
    stated = next((name for name in names if isinstance(name, str) and name != "null"), "")
    if stated:
        return stated
    return "object" if object_at(schema, "properties") else "array" if "items" in schema else ""


def _parts(schema: JsonObject) -> list[Json]:
    """All of `allOf`, and the first of `oneOf` and `anyOf` that is more than null."""
    parts = list_at(schema, "allOf")[:MAX_PARTS]
    for keyword in ("oneOf", "anyOf"):
        parts += [one for one in list_at(schema, keyword)[:MAX_PARTS] if text_at(one, "type") != "null"][:1]
    return parts


def read_shape(description: Description, schema: Json) -> Shape:
    """The shape of a schema; what cannot be followed adds nothing to it."""
    kind = ""
    properties: dict[str, Json] = {}
    required: set[str] = set()
    items: Json = None
    pending, seen = [schema], 0
    while pending and seen < MAX_PARTS:
        seen += 1
        try:
            part = description.follow(pending.pop(0))
        except OperationUnusable:
            continue
        kind = kind or _kind(part)
        for name, sub in islice(object_at(part, "properties").items(), MAX_PROPERTIES - len(properties)):
            if len(name) <= MAX_PROPERTY_NAME:
                properties.setdefault(name, sub)
        required |= {name for name in list_at(part, "required")[:MAX_PROPERTIES] if isinstance(name, str)}
        items = part.get("items", items)
        pending += _parts(part)
    return Shape(kind=kind, properties=properties, required=frozenset(required), items=items)


def response_schema(description: Description, entry: Entry) -> Json:
    """The schema of the JSON that a call answers with when all went well; None where there is none."""
    responses = object_at(entry.operation, "responses")
    for status in sorted(code for code in islice(responses, MAX_PROPERTIES) if code.startswith("2")):
        try:
            content = object_at(description.follow(responses[status]), "content")
        except OperationUnusable:
            continue
        for media_type, media in islice(content.items(), MAX_PROPERTIES):
            if (
                ("json" in media_type.casefold() or media_type == "*/*")
                and isinstance(media, dict)
                and "schema" in media
            ):
                return media["schema"]
    return None
