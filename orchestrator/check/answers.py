"""The paths of response semantics against the schema of an operation's answers (spec 9.4.2). Pure.

Only what the schema plainly says is held against a path: a step into an object that lists its properties and not that
one, into a scalar, or by name into an array. Anything composed or open may have what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestrator.check.bindings import Bound, listed
from orchestrator.check.codes import problem
from orchestrator.check.responses import SEMANTICS, property_queries
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.model import Function
from orchestrator.manifest.problems import quoted
from orchestrator.manifest.queries import data_path_of
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
class _Nothing:
    """A path certainly leads to nothing."""

    step: str
    known: Sequence[str] = ()
    """The members that are there."""
    instead: str = ""
    """What is there, where it has no members."""


def _followed(description: Description, schema: Json) -> JsonObject | None:
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
        content = object_at(_followed(description, written), "content")
        media_types = [name for name in content if "json" in name.lower()]
        if not media_types:
            yield None
        for name in media_types:
            yield _followed(description, object_at(content, name).get("schema"))


def _answer_schema(bound: Bound) -> JsonObject | None:
    """The schema of a successful answer in JSON; None where it is not known, or where there is more than one."""
    schemas = islice(_schemas(bound), MAX_SCHEMAS)
    first = next(schemas, None)
    return first if all(schema is not None and schema == first for schema in schemas) else None


def _member(schema: JsonObject, name: str) -> Json | _Nothing:
    """What a step by name leads to; null where that is not known."""
    properties = object_at(schema, "properties")
    if name in properties:
        return properties[name]
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _WITHOUT_MEMBERS:
        return _Nothing(name, instead=_WITHOUT_MEMBERS[kind])
    is_closed = bool(properties) and not any(keyword in schema for keyword in _OPEN)
    return _Nothing(name, tuple(properties)) if is_closed and kind in ("object", None) else None


def _at(description: Description, schema: JsonObject, query: str) -> JsonObject | _Nothing | None:
    """The schema that a path leads to; None where it is not known."""
    if not _PLAIN.fullmatch(query):
        return None
    found: JsonObject | None = schema
    for match in list(_STEP.finditer(query))[:MAX_STEPS]:
        if found is None:
            return None
        step = found.get("items") if match[2] and found.get("type") == "array" else None
        following = _member(found, match[1]) if match[1] else step
        if isinstance(following, _Nothing):
            return following
        found = _followed(description, following)
    return found


def _problem(bound: Bound, pointer: str, query: str, nothing: _Nothing) -> Problem:
    message = f"{quoted(query)} finds nothing in the answers of {bound.where} as they are described"
    otherwise = f"there is: {listed(nothing.known)}" if nothing.known else f"what is there is {nothing.instead}"
    return problem("path-finds-nothing", pointer, message, hint=guess(nothing.step, nothing.known, otherwise))


def answer_problems(bound: Bound, function: Function) -> Iterator[Problem]:
    """Paths that lead to nothing in an answer as its schema has it."""
    semantics, description = function.capabilities.response_semantics, bound.operations.description
    schema = _answer_schema(bound) if semantics is not None and not bound.described.runtime.output_template else None
    if semantics is None or schema is None:
        return
    query = data_path_of(semantics.data_path)
    result = _at(description, schema, query)
    if isinstance(result, _Nothing):
        yield _problem(bound, bound.pointer + SEMANTICS + "/data_path", query, result)
        return
    if result is not None and result.get("type") == "array":
        result = _followed(description, result.get("items"))
    if result is None:
        return
    for place, path in property_queries(semantics, bound.pointer):
        found = _at(description, result, path)
        if isinstance(found, _Nothing):
            yield _problem(bound, place, path, found)
