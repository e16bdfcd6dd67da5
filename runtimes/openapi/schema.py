"""OpenAPI schemas as JSON Schema for a tool: references local to it, noise left out, within a budget of bytes.

A definition used once stands where it is used; one used more often, as every one that leads back to itself is, stands
in `$defs`. Where the whole is too long, what lies deepest is cut first.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from runtimes.openapi.document import Description, OperationUnusable, object_at
from runtimes.values import Json, JsonObject, dump_json

MAX_TOOL_SCHEMA_BYTES = 64 * 1024
"""The JSON text of one tool's parameters."""

MAX_DESCRIPTION_LENGTH = 2048
"""Characters of one description inside a schema."""

MAX_PATTERN_LENGTH = 512
"""Characters of a `pattern`; longer ones are left to the API."""

DEPTHS = (32, 12, 6, 4, 2)
"""How deep schemas go: the first with which the tool's schema fits its budget is taken."""

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLES = ("items", "additionalProperties", "not")
_NESTING = frozenset({"properties", *_LISTS, *_SINGLES})


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_pattern(value: Json) -> bool:
    if not isinstance(value, str) or len(value) > MAX_PATTERN_LENGTH:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what a later version will read otherwise
            re.compile(value)
    except (re.error, OverflowError, ValueError, RecursionError, Warning):
        return False
    return True


_PLAIN: Mapping[str, Callable[[Json], bool]] = {
    "title": lambda value: isinstance(value, str),
    "format": lambda value: isinstance(value, str),
    "enum": lambda value: isinstance(value, list) and bool(value),
    "const": lambda value: True,
    "default": lambda value: value is not None,
    "minimum": _is_number,
    "maximum": _is_number,
    "exclusiveMinimum": _is_number,
    "exclusiveMaximum": _is_number,
    "multipleOf": lambda value: isinstance(value, int | float) and value > 0,
    "minLength": _is_count,
    "maxLength": _is_count,
    "minItems": _is_count,
    "maxItems": _is_count,
    "minProperties": _is_count,
    "maxProperties": _is_count,
    "uniqueItems": lambda value: isinstance(value, bool),
    "pattern": _is_pattern,
}
"""The keywords that are copied, where their value is one that JSON Schema allows."""


def _properties(schema: JsonObject) -> JsonObject:
    """The properties that a request may carry."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {
        name: sub for name, sub in properties.items() if not (isinstance(sub, dict) and sub.get("readOnly") is True)
    }


def _subschemas(schema: JsonObject) -> Iterator[Json]:
    yield from _properties(schema).values()
    for keyword in _LISTS:
        members = schema.get(keyword)
        if isinstance(members, list):
            yield from members
    for keyword in _SINGLES:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword]


def _references(schema: Json) -> Iterator[str]:
    stack = [schema]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        elif not _NESTING.isdisjoint(node):
            stack.extend(_subschemas(node))


class Closure:
    """What some schemas reach through references, and how often each target is used."""

    def __init__(self, description: Description, schemas: Sequence[Json]) -> None:
        """Raises: `OperationUnusable` for a reference that cannot be followed."""
        self.uses: Counter[str] = Counter()
        self.targets: dict[str, Json] = {}
        pending = list(schemas)
        while pending:
            for reference in _references(pending.pop()):
                self.uses[reference] += 1
                if reference not in self.targets:
                    self.targets[reference] = description.resolve(reference)
                    pending.append(self.targets[reference])


def _types(schema: JsonObject) -> list[Json]:
    declared = schema.get("type")
    names = declared if isinstance(declared, list) else [declared]
    types: list[Json] = [name for name in names if isinstance(name, str) and name in _TYPES]
    if types and schema.get("nullable") is True and "null" not in types:
        types.append("null")
    return types


def _limits(schema: JsonObject) -> JsonObject:
    """The exclusive limits of OpenAPI 3.0, which are flags there, as numbers."""
    limits: JsonObject = {}
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True and _is_number(schema.get(name)):
            limits[exclusive] = schema[name]
    return limits


def _keywords(schema: JsonObject) -> JsonObject:
    """All of a schema that is not a schema itself."""
    kept: JsonObject = {}
    if types := _types(schema):
        kept["type"] = types[0] if len(types) == 1 else types
    description = schema.get("description")
    if isinstance(description, str) and description:
        kept["description"] = description[:MAX_DESCRIPTION_LENGTH]
    kept |= {name: schema[name] for name, fits in _PLAIN.items() if name in schema and fits(schema[name])}
    kept |= _limits(schema)
    for exclusive, name in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True:
            kept.pop(name, None)
    enum = kept.get("enum")
    if schema.get("nullable") is True and isinstance(enum, list) and None not in enum:
        kept["enum"] = [*enum, None]
    return kept


class _TooLong(Exception):
    """What is converted so far is beyond the budget."""


class _Converter:
    """Converts schemas down to one depth. Ends as soon as what it makes is certainly too long, raising `_TooLong`."""

    def __init__(self, closure: Closure, depth: int) -> None:
        self._closure = closure
        self._depth = depth
        self._names: dict[str, str] = {}
        self._left = MAX_TOOL_SCHEMA_BYTES
        self.definitions: JsonObject = {}

    def convert_properties(self, properties: Mapping[str, Json], depth: int) -> JsonObject:
        """Each property converted."""
        self._spend(sum(len(name) + len('"":') for name in properties))
        return {name: self.convert(sub, depth) for name, sub in properties.items()}

    def convert(self, schema: Json, depth: int = 0) -> Json:
        """The schema without its noise; `{}` allows anything, which is what is left below the depth."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referenced(schema, reference, depth)
        kept = self._spent(_keywords(schema))
        if depth < self._depth:
            self._nest(schema, kept, depth + 1)
        return kept

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooLong

    def _spent(self, part: JsonObject) -> JsonObject:
        self._spend(len(dump_json(part)))
        return part

    def _nest(self, schema: JsonObject, kept: JsonObject, depth: int) -> None:
        properties = self.convert_properties(_properties(schema), depth)
        if properties:
            kept["properties"] = properties
        required = schema.get("required")
        if isinstance(required, list):
            hidden = object_at(schema, "properties").keys() - properties.keys()
            kept["required"] = list(
                dict.fromkeys(name for name in required if isinstance(name, str) and name not in hidden)
            )
        for keyword in _LISTS:
            members = schema.get(keyword)
            if isinstance(members, list) and members:
                kept[keyword] = [self.convert(member, depth) for member in members]
        for keyword in _SINGLES:
            if isinstance(schema.get(keyword), dict | bool):
                kept[keyword] = self.convert(schema[keyword], depth)

    def _referenced(self, schema: JsonObject, reference: str, depth: int) -> Json:
        beside: JsonObject = (
            {"description": schema["description"]} if isinstance(schema.get("description"), str) else {}
        )
        target = self._closure.targets[reference]
        if depth >= self._depth:
            return self._spent(_keywords(target if isinstance(target, dict) else {}) | beside)
        if self._closure.uses[reference] == 1:
            return self.convert(target | beside if isinstance(target, dict) else target, depth + 1)
        if reference not in self._names:
            name = self._names[reference] = self._name(reference)
            self.definitions[name] = {}
            self.definitions[name] = self.convert(target, depth + 1)
        return self._spent({"$ref": f"#/$defs/{self._names[reference]}", **beside})

    def _name(self, reference: str) -> str:
        word = re.sub(r"[^A-Za-z0-9_.-]", "_", unquote(reference).rpartition("/")[2]) or "definition"
        taken = set(self._names.values())
        return next(name for name in (word, *(f"{word}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def _within_budget(closure: Closure, properties: Mapping[str, Json], required: Sequence[str], depth: int) -> JsonObject:
    """The schema down to one depth. Raises: `_TooLong`."""
    converter = _Converter(closure, depth)
    schema: JsonObject = {
        "type": "object",
        "properties": converter.convert_properties(properties, 1),
        "required": list(required),
    }
    if converter.definitions:
        schema["$defs"] = converter.definitions
    if len(dump_json(schema)) > MAX_TOOL_SCHEMA_BYTES:
        raise _TooLong
    return schema


def tool_schema(closure: Closure, properties: Mapping[str, Json], required: Sequence[str]) -> JsonObject:
    """The JSON Schema of a tool's arguments. Raises: `OperationUnusable` when no depth fits the budget."""
    for depth in DEPTHS:
        try:
            return _within_budget(closure, properties, required, depth)
        except _TooLong:
            continue
    raise OperationUnusable(f"its parameters need a schema of more than {MAX_TOOL_SCHEMA_BYTES} bytes")
