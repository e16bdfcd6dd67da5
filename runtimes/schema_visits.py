"""How much work it is, at most, to judge a value by a JSON Schema: visits of the schema's parts, in place and inside.

Schemas of strangers may double at each step (`anyOf` of twice the same reference, twenty times over): a few hundred
bytes that an engine never comes back from. Here each pair of a part and a value is looked at once. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtimes.values import Json, JsonObject

ENDLESS = 2**40
"""More visits than anything may take: what has no end, or no end in sight."""

MAX_PAIRS = 200_000
"""How many pairs of a part and a value are looked at before a count is given up."""

MAX_FRAMES = 400
"""How deep parts may lie inside each other, on the way to one value; engines recurse on their stack."""

BYTES_A_VISIT = 1024
"""Characters of a value that cost a visit more: complaints quote and copy it."""

PATTERN_COST = 20
"""Visits that a regular expression counts as."""

CHOICES_A_VISIT = 16
"""Values of an `enum` that cost a visit more."""

_SEVERAL = ("allOf", "anyOf", "oneOf")
_IN_PLACE = ("not", "if", "then", "else")
_NOT_FOLLOWED = frozenset({"$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$id", "dependencies"})
"""What makes a schema mean other things than are counted here."""
COLLECTING = frozenset({"unevaluatedProperties", "unevaluatedItems"})
"""Keywords that judge everything in place once more."""


def _object_at(value: JsonObject, name: str) -> JsonObject:
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _list_at(value: JsonObject, name: str) -> list[Json]:
    member = value.get(name)
    return member if isinstance(member, list) else []


def pointed_at(root: JsonObject, reference: Json) -> Json:
    """What a local reference of a schema leads to; None for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    value: Json = root
    for token in reference.split("/")[1:]:
        value = value.get(token.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value


def _of_object(schema: JsonObject, value: JsonObject) -> Iterator[tuple[Json, Json]]:
    properties, patterns = _object_at(schema, "properties"), _object_at(schema, "patternProperties")
    others = [schema[name] for name in ("additionalProperties", "unevaluatedProperties") if name in schema]
    for name, member in value.items():
        if name in properties:
            yield properties[name], member
        for part in (*patterns.values(), *others):
            yield part, member
        if "propertyNames" in schema:
            yield schema["propertyNames"], name


def _of_array(schema: JsonObject, value: list[Json]) -> Iterator[tuple[Json, Json]]:
    tuples = _list_at(schema, "prefixItems") or _list_at(schema, "items")
    yield from zip(tuples, value, strict=False)
    for name in ("items", "contains", "unevaluatedItems", "additionalItems"):
        part = schema.get(name)
        if isinstance(part, dict):
            yield from ((part, item) for item in value)


class Visits:
    """Counts for values that stay as they are for as long as it does, by the schemas of one document."""

    def __init__(self, root: Json) -> None:
        self._root: JsonObject = root if isinstance(root, dict) else {}
        self._known: dict[tuple[int, int], int] = {}
        self._sizes: dict[int, int] = {}

    def of(self, schema: Json, value: Json) -> int:
        """The visits that judging a value by a part of the document takes at most; `ENDLESS` where nobody can say."""
        return self._count(schema, value, 0)

    def _count(self, schema: Json, value: Json, depth: int) -> int:
        if not isinstance(schema, dict):
            return 1
        key = id(schema), id(value)
        known = self._known.get(key)
        if known is not None:
            return known
        if depth > MAX_FRAMES or len(self._known) > MAX_PAIRS or not _NOT_FOLLOWED.isdisjoint(schema):
            return ENDLESS
        self._known[key] = ENDLESS  # what leads back to itself, at the same value, has no end
        total = self._own(schema, value)
        times = 1 if COLLECTING.isdisjoint(schema) else 2
        for part, inner in self._parts(schema, value):
            total += times * self._count(part, inner, depth + 1)
            if total >= ENDLESS:
                break
        self._known[key] = min(total, ENDLESS)
        return self._known[key]

    def _parts(self, schema: JsonObject, value: Json) -> Iterator[tuple[Json, Json]]:
        if "$ref" in schema:
            yield pointed_at(self._root, schema["$ref"]), value
        for name in _SEVERAL:
            yield from ((part, value) for part in _list_at(schema, name))
        for name in _IN_PLACE:
            if name in schema:
                yield schema[name], value
        for part in _object_at(schema, "dependentSchemas").values():
            yield part, value
        if isinstance(value, dict):
            yield from _of_object(schema, value)
        elif isinstance(value, list):
            yield from _of_array(schema, value)

    def _own(self, schema: JsonObject, value: Json) -> int:
        """What the keywords cost that are no schemas: each may complain, and a complaint has the value in it."""
        names = len(_list_at(schema, "required"))
        names += sum(len(many) for many in _object_at(schema, "dependentRequired").values() if isinstance(many, list))
        complaints = len(schema) + names
        patterns = len(_object_at(schema, "patternProperties")) * (len(value) if isinstance(value, dict) else 0)
        patterns += "pattern" in schema
        size = 1 + self._size(value) // BYTES_A_VISIT
        return complaints * size + PATTERN_COST * patterns + len(_list_at(schema, "enum")) // CHOICES_A_VISIT

    def _size(self, value: Json) -> int:
        """About as many characters as its JSON text has."""
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, dict | list):
            return 8
        known = self._sizes.get(id(value))
        if known is None:
            members = value.values() if isinstance(value, dict) else value
            names = sum(map(len, value)) if isinstance(value, dict) else 0
            known = self._sizes[id(value)] = names + 2 * len(value) + sum(map(self._size, members))
        return known
