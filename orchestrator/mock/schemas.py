"""The schemas of a description as plain JSON Schema (2020-12): what data are checked against, and generated from. Pure.

A schema becomes a document of its own: all that it refers to stands in its `$defs`. What is no schema keyword, and a
keyword whose value makes no sense, is left out, so that one mistake of an author does not end all checks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Literal

from runtimes.json_schema import JsonSchema, is_pattern
from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.members import list_at, object_at
from runtimes.values import Json, JsonObject, dump_json

Direction = Literal["request", "response"]
"""Whether values travel to the API or from it: `readOnly` and `writeOnly` members do one of the two."""

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")

MAX_DEFINITIONS = 2000
"""How many definitions one schema may reach; what lies beyond admits everything."""

MAX_COMPILED = 500
"""Parts of one schema that values are judged by; those beyond admit everything."""

MAX_ERRORS = 20
"""How many mistakes in one value are looked for."""

_ONE = ("additionalProperties", "propertyNames", "contains", "not", "if", "then", "else")
_ONE_EVALUATED = ("unevaluatedProperties", "unevaluatedItems")
_MANY = ("allOf", "anyOf", "oneOf")
_NAMED = ("properties", "patternProperties", "dependentSchemas")
_COUNTS = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"}
)
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_HIDDEN: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_pattern(value: Json) -> bool:
    return isinstance(value, str) and is_pattern(value)


def _types(schema: JsonObject) -> list[str]:
    """The types that a schema names, null among them where OpenAPI 3.0 says so."""
    stated = schema.get("type")
    names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    types = ["string" if name == "file" else name for name in names if isinstance(name, str)]
    known = list(dict.fromkeys(name for name in types if name in TYPES))
    is_nullable = schema.get("nullable") is True or schema.get("x-nullable") is True
    return [*known, "null"] if known and is_nullable and "null" not in known else known


def compiled(schema: Json) -> JsonSchema:
    """What checks values against a schema of this module."""
    return JsonSchema(schema, checks_formats=True)


def mistakes(schema: JsonSchema, value: Json) -> Iterator[tuple[str, str]]:
    """The pointer and the message of what is wrong with a value."""
    for mistake in islice(schema.mistakes(value), MAX_ERRORS):
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in mistake.path)
        yield "".join(f"/{step}" for step in steps), mistake.message


def pointed(root: JsonObject, reference: str) -> Json:
    """What a reference of a standalone schema leads to."""
    return object_at(root, "$defs").get(re.sub(r"^#/\$defs/", "", reference), {})


class Checks:
    """Judges values by parts of one standalone schema, each part compiled once."""

    def __init__(self, root: JsonObject, known: dict[str, JsonSchema] | None = None) -> None:
        """`known` are parts that others have compiled; what is compiled here is added to them."""
        self.root = root
        self._known = {} if known is None else known
        self.kinds: dict[str, frozenset[str]] = {}
        """The types of what references lead to, where they are known already."""
        self._compiled: dict[str, JsonSchema] = {}

    def is_valid(self, schema: Json, value: Json) -> bool:
        """True when a value is valid against a part of the schema."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return True
        key = dump_json(schema)
        if key not in self._compiled and len(self._compiled) < MAX_COMPILED:
            self._compiled[key] = self._part(key, schema)
        judge = self._compiled.get(key)
        return judge is None or judge.is_valid(value)

    def _part(self, key: str, schema: JsonObject) -> JsonSchema:
        if key not in self._known:
            definitions: JsonObject = {"$defs": object_at(self.root, "$defs")} if '"$ref"' in key else {}
            self._known[key] = compiled({**schema, **definitions})
        return self._known[key]


class Schemas:
    """The schemas of one description."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._is_old = description.minor_version == 0
        self._validators: dict[str, JsonSchema] = {}

    def followed(self, value: Json) -> JsonObject:
        """The object that is meant, at the end of its references; empty where they lead nowhere."""
        try:
            return self._description.follow(value) if isinstance(value, dict) else {}
        except OperationUnusable:
            return {}

    def standalone(self, schema: Json, direction: Direction, *, has_examples: bool = True) -> JsonObject:
        """A schema with all that it refers to, as a document of its own; with its examples, if these are wanted."""
        bundle = _Bundle(self.followed, self._resolved, direction, is_old=self._is_old, has_examples=has_examples)
        return bundle.of(schema)

    def validator(self, schema: JsonObject) -> JsonSchema:
        """What checks values against a schema that `standalone` has made; compiled once."""
        key = dump_json(schema)
        if key not in self._validators:
            self._validators[key] = compiled(schema)
        return self._validators[key]

    def _resolved(self, reference: str) -> Json:
        try:
            return self._description.resolve(reference)
        except OperationUnusable:
            return {}


class _Bundle:
    """One schema in the making."""

    def __init__(
        self,
        follow: Callable[[Json], JsonObject],
        resolve: Callable[[str], Json],
        direction: Direction,
        *,
        is_old: bool,
        has_examples: bool,
    ) -> None:
        self._follow = follow
        self._resolve = resolve
        self._hidden = _HIDDEN[direction]
        self._is_old = is_old
        self._has_examples = has_examples
        self._names: dict[str, str] = {}

    def of(self, schema: Json) -> JsonObject:
        """The schema with its definitions."""
        top = self._read(schema)
        defined: JsonObject = {}
        pending = list(self._names)
        while pending:
            for reference in pending:
                defined[self._names[reference]] = self._read(self._resolve(reference))
            pending = [one for one in self._names if self._names[one] not in defined]
        empty: JsonObject = {} if top is True else {"not": {}}
        found: JsonObject = top if isinstance(top, dict) else empty
        return {**found, "$defs": defined} if defined else found

    def _read(self, schema: Json) -> JsonObject | bool:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._reference(reference)
            rest = {} if self._is_old else self._keywords(schema)
            return {"allOf": [target, rest]} if rest else target
        return self._keywords(schema)

    def _reference(self, reference: str) -> JsonObject:
        if reference not in self._names:
            if len(self._names) >= MAX_DEFINITIONS:
                return {}
            self._names[reference] = f"d{len(self._names) + 1}"
        return {"$ref": f"#/$defs/{self._names[reference]}"}

    def _keywords(self, schema: JsonObject) -> JsonObject:
        types = _types(schema)
        kept: JsonObject = {"type": types[0] if len(types) == 1 else [*types]} if types else {}
        for name, value in schema.items():
            if self._is_plain(name, value):
                kept[name] = value
        self._limit(schema, kept)
        self._choose(schema, kept, types)
        self._nest(schema, kept)
        self._demand(schema, kept)
        return kept

    def _is_plain(self, name: str, value: Json) -> bool:
        if name in _COUNTS:
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if name in _BOUNDS:
            return _is_number(value)
        if name == "multipleOf":
            return isinstance(value, int | float) and _is_number(value) and value > 0
        if name == "pattern":
            return _is_pattern(value)
        if name in {"uniqueItems"}:
            return isinstance(value, bool)
        if name in {"example", "examples"}:
            return self._has_examples and (name == "example" or isinstance(value, list))
        return name in {"const", "default"} or (name == "format" and isinstance(value, str))

    def _limit(self, schema: JsonObject, kept: JsonObject) -> None:
        """The exclusive limits of OpenAPI 3.0 are flags."""
        for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if schema.get(exclusive) is True and name in kept:
                kept[exclusive] = kept.pop(name)

    def _choose(self, schema: JsonObject, kept: JsonObject, types: list[str]) -> None:
        choices = list_at(schema, "enum")
        if choices:
            kept["enum"] = [*choices, None] if "null" in types and None not in choices else choices

    def _nest(self, schema: JsonObject, kept: JsonObject) -> None:
        for name in _MANY:
            if parts := list_at(schema, name):
                kept[name] = [self._read(part) for part in parts]
        for name in _NAMED:
            if members := object_at(schema, name):
                read = {key: self._read(part) for key, part in members.items()}
                kept[name] = {
                    key: part for key, part in read.items() if name != "patternProperties" or _is_pattern(key)
                }
        for name in _ONE if self._is_old else (*_ONE, *_ONE_EVALUATED):
            if isinstance(schema.get(name), dict | bool):
                kept[name] = self._read(schema[name])
        if tuples := list_at(schema, "prefixItems"):
            kept["prefixItems"] = [self._read(part) for part in tuples]
        if isinstance(schema.get("items"), dict | bool):
            kept["items"] = self._read(schema["items"])

    def _demand(self, schema: JsonObject, kept: JsonObject) -> None:
        """Members that do not travel this way are neither demanded nor made up."""
        properties = object_at(schema, "properties")
        hidden = {name for name, part in properties.items() if self._is_hidden(part)}
        required = [name for name in list_at(schema, "required") if isinstance(name, str) and name not in hidden]
        if required:
            kept["required"] = [*dict.fromkeys(required)]
        if hidden:
            kept["x-hidden"] = [*sorted(hidden)]

    def _is_hidden(self, schema: Json) -> bool:
        if not isinstance(schema, dict):
            return False
        return schema.get(self._hidden) is True or self._follow(schema).get(self._hidden) is True
