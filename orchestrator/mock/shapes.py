"""What a schema says of the values that a text may stand for: kinds, members, items. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestrator.mock.schemas import TYPES, Checks, pointed
from runtimes.openapi.members import list_at, object_at
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_LEVELS = 16
"""References and compositions that are followed on the way to a keyword."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A schema, or a part of one."""

    checks: Checks
    """Of the document that has the definitions."""
    schema: Json

    def _kinds(self, schema: Json, seen: frozenset[str]) -> frozenset[str]:
        kinds = frozenset(TYPES)
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(reference, str):
            if reference in seen or len(seen) > MAX_LEVELS:
                return kinds
            if reference not in self.checks.kinds:
                target = pointed(self.checks.root, reference)
                self.checks.kinds[reference] = self._kinds(target, seen | {reference})
            return self.checks.kinds[reference]
        found = schema if isinstance(schema, dict) else {}
        stated = found.get("type")
        names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
        if types := {name for name in names if isinstance(name, str)}:
            kinds = frozenset(types | ({"integer"} if "number" in types else set()))
        choices = [found["const"]] if "const" in found else list_at(found, "enum")
        if choices:
            kinds &= frozenset(map(_kind, choices))
        for part in list_at(found, "allOf"):
            kinds &= self._kinds(part, seen)
        for name in ("anyOf", "oneOf"):
            if branches := list_at(found, name):
                kinds &= frozenset().union(*(self._kinds(branch, seen) for branch in branches))
        return kinds

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The types that a value may have; all of them where the schema says nothing."""
        return self._kinds(self.schema, frozenset())

    @cached_property
    def _parts(self) -> Sequence[JsonObject]:
        """The schema and what it is composed of, each reference once."""
        found: list[JsonObject] = []
        seen: set[str] = set()
        pending = [self.schema]
        while pending:
            schema = pending.pop()
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if isinstance(reference, str):
                if reference not in seen:
                    seen.add(reference)
                    pending.append(pointed(self.checks.root, reference))
            elif isinstance(schema, dict):
                found.append(schema)
                for name in ("allOf", "anyOf", "oneOf"):
                    pending += list_at(schema, name)
        return found

    @cached_property
    def properties(self) -> frozenset[str]:
        """The names of all members that it mentions."""
        return frozenset(name for part in self._parts for name in object_at(part, "properties"))

    @cached_property
    def takes_more(self) -> bool:
        """True when an object may have members that it does not mention."""
        return all(part.get("additionalProperties") is not False for part in self._parts)

    def _one_of(self, found: Sequence[Json]) -> Shape:
        distinct = [one for index, one in enumerate(found) if one not in found[:index]]
        schema: Json = distinct[0] if len(distinct) == 1 else {"anyOf": distinct} if distinct else {}
        return Shape(checks=self.checks, schema=schema)

    def member(self, name: str) -> Shape:
        """What it says of a member."""
        parts = self._parts
        found = [object_at(part, "properties")[name] for part in parts if name in object_at(part, "properties")]
        more = [part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)]
        return self._one_of(found or more)

    def is_hidden(self, name: str) -> bool:
        """True for a member that no part which mentions it lets travel this way."""
        parts = [part for part in self._parts if name in object_at(part, "properties")]
        return bool(parts) and all(name in list_at(part, "x-hidden") for part in parts)

    @cached_property
    def items(self) -> Shape:
        """What it says of the items of an array."""
        return self._one_of([part["items"] for part in self._parts if "items" in part])

    def item(self, index: int) -> Shape:
        """What it says of one of them."""
        first = [list_at(part, "prefixItems")[index : index + 1] for part in self._parts if "prefixItems" in part]
        found = [schema for one in first for schema in one]
        return self._one_of(found) if found else self.items

    @property
    def is_bytes(self) -> bool:
        """True when a value is the content of a file."""
        return any(part.get("format") == "binary" for part in self._parts)

    def admits(self, value: Json) -> bool:
        """True when a value is valid."""
        return self.checks.is_valid(self.schema, value)


def first_valid(shape: Shape, candidates: Sequence[Json]) -> Json:
    """The first candidate that is valid, else the first."""
    if len(candidates) == 1:
        return candidates[0]
    return next((one for one in candidates if shape.admits(one)), candidates[0])


def _number(text: str) -> Json:
    try:
        return parse_json(text)
    except InvalidJson:
        return text


def scalar(text: str, shape: Shape) -> Json:
    """What a text stands for where a schema admits scalars; the text itself where it stands for none of them."""
    kinds = shape.kinds
    candidates: list[Json] = [text] if "string" in kinds else []
    if kinds & {"integer", "number"} and _NUMBER.fullmatch(text):
        candidates.append(_number(text))
    if "boolean" in kinds and text in _BOOLEANS:
        candidates.append(_BOOLEANS[text])
    if "null" in kinds and not text:
        candidates.append(None)
    return first_valid(shape, candidates or [text])
