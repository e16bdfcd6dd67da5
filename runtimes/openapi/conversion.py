"""One schema of a description as JSON Schema 2020-12, its references as `#/$defs/…`. Pure.

Whatever is left out allows more, never less: so `not` is dropped, and `oneOf` becomes `anyOf` where its members are
not certain to stay as different as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from runtimes.json_schema import is_pattern as is_matched_with
from runtimes.json_schema import readable_pattern
from runtimes.openapi.compositions import Resolve, discriminated, merged, unwrapped
from runtimes.openapi.keywords import CUT, add_note, exact_plain, is_nullable, is_pattern, is_shown_as_it_is, keywords
from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.openapi.references import ANNOTATIONS
from runtimes.values import Json, JsonObject

MAX_SCHEMA_BYTES = 64 * 1024
"""The JSON text of one schema; a longer one fits no tool."""

MAX_EXACT_BYTES = 4 * 1024 * 1024
"""The same of a schema that no tool has, and arguments are judged by."""

MAPS = ("properties", "patternProperties")
"""Keywords whose values are schemas by name."""

LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
"""Keywords whose values are lists of schemas."""

SINGLES = ("items", "additionalProperties")
"""Keywords whose values are schemas."""

_NESTING = frozenset({*MAPS, *LISTS, *SINGLES})
PARTED = _NESTING | {"$ref", "required"}
"""The members of a schema by which there is more to it than its own keywords; most schemas have none of them."""
_CONDITIONS = frozenset(
    {
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "maxContains",
        "minContains",
        "not",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""What no model is told of, but arguments are held to."""
_INEXACT = frozenset({"contains", "dependentSchemas", "if", "not", "propertyNames", "unevaluatedProperties"})
_CHECKED = ("pattern", "enum")
_LOSING = _INEXACT.union(_CHECKED)
_OPEN_OBJECT = frozenset({"type", "properties"})
MAX_OPEN_OBJECTS = 2
"""Objects of which `oneOf` cannot choose one, if they demand nothing: no value could be valid by it."""

_ABOUT = ("title", "description", "default", "examples")
_KEPT_OF_3_0 = ("description", "example", "examples", "nullable", "x-nullable")
"""What counts beside a reference before OpenAPI 3.1: nothing, by the letter; this much, in what people write."""


class Grain(NamedTuple):
    """How much of a schema is shown."""

    depth: int
    """Schemas inside each other, references not counted."""
    is_described: bool
    choices: int
    """Values in a list of them; a longer list is left out."""
    has_examples: bool = False
    is_exact: bool = False
    """True for what is only judged by: with every keyword, and as long as it is."""


class TooLong(Exception):
    """A schema is longer than any tool may be."""


def writable(schema: JsonObject) -> JsonObject:
    """The properties that a request may carry."""
    properties = object_at(schema, "properties")
    return {
        name: sub for name, sub in properties.items() if not (isinstance(sub, dict) and sub.get("readOnly") is True)
    }


def _subschemas(schema: JsonObject) -> Iterator[Json]:
    yield from writable(schema).values()
    yield from object_at(schema, "patternProperties").values()
    for keyword in LISTS:
        if keyword in schema:
            yield from list_at(schema, keyword)
    for keyword in SINGLES:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword]


def is_leaf(schema: Json) -> bool:
    """True for what neither refers to a schema nor has one in it."""
    return not isinstance(schema, dict) or ("$ref" not in schema and _NESTING.isdisjoint(schema))


def request_references(schema: Json) -> Iterator[str]:
    """The references in a schema, in those of its parts that a request can have."""
    stack = [schema]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        if not _NESTING.isdisjoint(node):
            stack.extend(sub for sub in _subschemas(node) if not is_leaf(sub))


def _is_loss(schema: JsonObject, kept: JsonObject) -> bool:
    """True where a value may be allowed that was not."""
    return not _INEXACT.isdisjoint(schema) or any(name in schema and name not in kept for name in _CHECKED)


def _or_null(kept: JsonObject) -> JsonObject:
    """The same, or null: what `nullable` means beside a reference or a composition."""
    about: JsonObject = {name: kept.pop(name) for name in _ABOUT if name in kept}
    return {**about, "anyOf": [kept, {"type": "null"}]}


def _is_open_object(schema: Json) -> bool:
    """True for what any object may fit whose members have the right names."""
    return isinstance(schema, dict) and "properties" in schema and schema.keys() <= _OPEN_OBJECT | ANNOTATIONS


def _chosen(schema: Json, name: str, values: list[Json]) -> Json:
    """A member of `oneOf` with the value of the property that a discriminator chooses it by."""
    if not isinstance(schema, dict) or {"properties", "required"} & schema.keys():
        return schema
    value: JsonObject = {"const": values[0]} if len(values) == 1 else {"enum": values}
    return {**schema, "properties": {name: value}, "required": [name]}


class Converter:
    """Converts schemas to one grain; `name` is what a reference is called in `$defs`."""

    def __init__(self, grain: Grain, name: Callable[[str], str], resolve: Resolve, *, keeps_own: bool) -> None:
        """`keeps_own` says that what stands beside a reference holds too, as from OpenAPI 3.1 on."""
        self._grain = grain
        self._name = name
        self._resolve = resolve
        self._keeps_own = keeps_own
        self._left = MAX_EXACT_BYTES if grain.is_exact else MAX_SCHEMA_BYTES
        self._losses = 0
        self.has_references = False
        """True once a reference stays in what was converted."""
        self.has_examples = False
        """True once an example stays in it."""

    def convert(self, schema: Json, depth: int = 0) -> Json:
        """`{}` allows anything, which is what is left of nonsense. Raises: `TooLong`, `OperationUnusable`."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return {}
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema, depth)
        if "allOf" in schema:
            schema = unwrapped(schema) or merged(schema, self._resolve) or schema
            if "$ref" in schema:
                return self._reference(schema, depth)
        kept = self._keywords(schema)
        if self._grain.is_exact and not _CONDITIONS.isdisjoint(schema):
            self._conditions(schema, kept, depth)
        if _NESTING.isdisjoint(schema) and "required" not in schema:
            return kept
        if depth >= self._grain.depth:
            self._losses += 1
            add_note(kept, CUT)
            return kept
        self._nest(schema, kept, depth + 1)
        is_open = "type" not in schema and "enum" not in schema and is_nullable(schema)
        return _or_null(kept) if is_open else kept

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooLong

    def _keywords(self, schema: JsonObject) -> JsonObject:
        grain = self._grain
        kept = keywords(schema, is_described=grain.is_described, choices=grain.choices, has_examples=grain.has_examples)
        self.has_examples = self.has_examples or "examples" in kept
        if grain.is_exact and (pattern := readable_pattern(text_at(schema, "pattern"))):
            kept["pattern"] = pattern
        if not _LOSING.isdisjoint(schema) and _is_loss(schema, kept):
            self._losses += 1
        self._spend(2 + len(text_at(kept, "description")) + 8 * len(kept))
        return kept

    def _reference(self, schema: JsonObject, depth: int) -> Json:
        names = schema if self._keeps_own else _KEPT_OF_3_0 if len(schema) > 1 else ()
        own: JsonObject = {name: schema[name] for name in names if name in schema and name != "$ref"}
        beside = self.convert(own, depth) if own else {}
        name = self._name(text_at(schema, "$ref"))
        self._spend(len(name) + len('{"$ref":"#/$defs/"}'))
        self._losses += 1
        self.has_references = True
        kept: JsonObject = {"$ref": f"#/$defs/{name}"}
        if isinstance(beside, dict):
            kept |= beside
        return _or_null(kept) if is_nullable(own) and "type" not in own else kept

    def _each(self, schemas: JsonObject, depth: int) -> JsonObject:
        self._spend(sum(map(len, schemas)))
        if not self._grain.is_described:
            return {name: self.convert(sub, depth) for name, sub in schemas.items()}
        return {
            name: sub if isinstance(sub, dict) and self._is_shown_as_it_is(sub) else self.convert(sub, depth)
            for name, sub in schemas.items()
        }

    def _is_shown_as_it_is(self, schema: JsonObject) -> bool:
        """As the function of that name, of a schema that room is left for. Raises: `TooLong`."""
        if not is_shown_as_it_is(schema):
            return False
        self._spend(2 + len(text_at(schema, "description")) + 8 * len(schema))
        return True

    def _nest(self, schema: JsonObject, kept: JsonObject, depth: int) -> None:
        self._object(schema, kept, depth)
        for keyword in LISTS:
            members = schema.get(keyword)
            if isinstance(members, list) and members:
                self._list(schema, kept, keyword, depth)
        for keyword in SINGLES:
            if isinstance(schema.get(keyword), dict | bool):
                kept[keyword] = self.convert(schema[keyword], depth)
        patterns = object_at(schema, "patternProperties")
        is_readable = is_matched_with if self._grain.is_exact else is_pattern
        if not all(is_readable(pattern) for pattern in patterns):
            self._losses += 1
            kept.pop("additionalProperties", None)
            kept.pop("unevaluatedProperties", None)
        elif patterns:
            kept["patternProperties"] = self._each(patterns, depth)

    def _part(self, schema: Json, depth: int) -> tuple[Json, bool]:
        """A schema converted, and whether it allows no more than it did."""
        before = self._losses
        converted = self.convert(schema, depth + 1)
        return converted, self._losses == before

    def _conditions(self, schema: JsonObject, kept: JsonObject, depth: int) -> None:
        """The keywords that only forbid. What allows more where it is converted must not stand under `not` or `if`."""
        kept |= exact_plain(schema)
        for name in ("propertyNames", "unevaluatedItems", "unevaluatedProperties", "contains", "not", "if"):
            if isinstance(schema.get(name), dict | bool):
                converted, is_same = self._part(schema[name], depth)
                if name == "contains" and not is_same:
                    kept.pop("maxContains", None)
                if is_same or name not in ("not", "if"):
                    kept[name] = converted
        for name in ("then", "else") if "if" in kept else ():
            if name in schema:
                kept[name] = self.convert(schema[name], depth + 1)
        if dependent := object_at(schema, "dependentSchemas"):
            kept["dependentSchemas"] = self._each(dependent, depth + 1)

    def _object(self, schema: JsonObject, kept: JsonObject, depth: int) -> None:
        properties = writable(schema)
        if properties:
            kept["properties"] = self._each(properties, depth)
        declared = object_at(schema, "properties")
        hidden = declared.keys() - properties.keys() if len(declared) > len(properties) else frozenset[str]()
        self._losses += bool(hidden)
        required = schema.get("required")
        if isinstance(required, list):
            names = (name for name in required if isinstance(name, str) and name not in hidden)
            kept["required"] = list(dict.fromkeys(names))

    def _list(self, schema: JsonObject, kept: JsonObject, keyword: str, depth: int) -> None:
        members = list_at(schema, keyword)
        told = discriminated(schema, members if keyword in ("oneOf", "anyOf") else [])
        before = self._losses
        converted = [self.convert(member, depth) for member in members]
        for index, (name, values) in told.items():
            converted[index] = _chosen(converted[index], name, values)
        is_certain = self._losses == before or len(told) == len(members)
        is_certain = is_certain and sum(map(_is_open_object, members)) < MAX_OPEN_OBJECTS
        if keyword == "oneOf" and not is_certain and "anyOf" not in schema:
            keyword = "anyOf"
        if keyword == "oneOf" and not is_certain:
            kept.pop("unevaluatedProperties", None)
            kept.pop("unevaluatedItems", None)
            return
        kept[keyword] = converted
