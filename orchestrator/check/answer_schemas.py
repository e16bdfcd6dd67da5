"""What the description of an operation says of its answers, as far as it certainly says something. Pure.

A schema is held to what it plainly has: an object that lists its properties, a scalar, an array. Anything composed or
open may have whatever is looked for, and is not known (None).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestrator.check.bindings import Bound
from runtimes.openapi.document import Description, OperationUnusable, object_at
from runtimes.values import Json, JsonObject

MAX_STEPS = 32
"""How many steps of a path are followed."""

MAX_SCHEMAS = 100
"""How many answers of one operation are looked at."""

_PLAIN = re.compile(r"\$(?:\.[A-Za-z_]\w*|\[\d+\])*", re.ASCII)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]", re.ASCII)
_SUCCESS = re.compile(r"2(?:\d\d|[Xx]{2})", re.ASCII)
_OPEN = ("allOf", "anyOf", "oneOf", "not", "additionalProperties", "patternProperties")
_EMPTY = ("204", "205")
"""Successes whose answers have no body."""

_WITHOUT_MEMBERS = {
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a number",
    "boolean": "a boolean",
}


@dataclass(frozen=True, slots=True)
class Nothing:
    """A path certainly leads to nothing."""

    step: str
    known: Sequence[str] = ()
    """The members that are there."""
    instead: str = ""
    """What is there, where it has no members."""


def followed_schema(description: Description, schema: Json) -> JsonObject | None:
    """The schema at the end of its references; None where they lead nowhere, and where there is none."""
    try:
        return description.follow(schema)
    except OperationUnusable:
        return None


def _schemas(bound: Bound) -> Iterator[JsonObject | None]:
    """Those of all successful answers; None for one that may have anything."""
    description = bound.operations.description
    for status, written in object_at(bound.entry.operation, "responses").items():
        if not _SUCCESS.fullmatch(status) or status in _EMPTY:
            continue
        content = object_at(followed_schema(description, written), "content")
        media_types = [name for name in content if "json" in name.lower()]
        if not media_types:
            yield None
        for name in media_types:
            yield followed_schema(description, object_at(content, name).get("schema"))


def answer_schema(bound: Bound) -> JsonObject | None:
    """The schema of a successful answer in JSON; None where it is not known, or where there is more than one."""
    schemas = islice(_schemas(bound), MAX_SCHEMAS)
    first = next(schemas, None)
    return first if all(schema is not None and schema == first for schema in schemas) else None


def member_of(schema: JsonObject, name: str) -> Json | Nothing:
    """What a step by name leads to; null where that is not known."""
    properties = object_at(schema, "properties")
    if name in properties:
        return properties[name]
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _WITHOUT_MEMBERS:
        return Nothing(name, instead=_WITHOUT_MEMBERS[kind])
    is_closed = bool(properties) and not any(keyword in schema for keyword in _OPEN)
    return Nothing(name, tuple(properties)) if is_closed and kind in ("object", None) else None


def schema_at(description: Description, schema: JsonObject, query: str) -> JsonObject | Nothing | None:
    """The schema that a path leads to; None where it is not known."""
    if not _PLAIN.fullmatch(query):
        return None
    found: JsonObject | None = schema
    for match in list(_STEP.finditer(query))[:MAX_STEPS]:
        if found is None:
            return None
        step = found.get("items") if match[2] and found.get("type") == "array" else None
        following = member_of(found, match[1]) if match[1] else step
        if isinstance(following, Nothing):
            return following
        found = followed_schema(description, following)
    return found
