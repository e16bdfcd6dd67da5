"""Data made up from a schema: plausible, valid where it can be, bounded, and the same for the same chance. Pure.

It takes what `schemas` makes: JSON Schema in its 2020-12 form, with definitions in `$defs`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from orchestrator.mock.merging import merged
from orchestrator.mock.scalars import constant, integer, number, text
from orchestrator.mock.schemas import Checks, compiled, pointed
from runtimes.json_schema import JsonSchema
from runtimes.openapi.members import list_at, object_at
from runtimes.values import Json, JsonObject

MAX_GENERATED_DEPTH = 12
"""Containers inside each other; from here on only what is demanded is made, from twice that nothing."""

MAX_OPTIONAL_DEPTH = 5
"""Containers inside each other down to which members that are not demanded are made too."""

MAX_GENERATED_VALUES = 2000
"""Values of one answer; what comes after them is as small as may be."""

MAX_PARTS = 20_000
"""Schemas that are looked at for one answer, parts of others among them."""

MAX_GENERATED_ITEMS = 200
"""Items of one array, whatever a schema demands."""

MAX_MORE_MEMBERS = 20
"""Members that only a number demands."""

MAX_ATTEMPTS = 8
"""How often data are made until they are valid."""

MAX_REFERENCE_CHAIN = 32
"""References that may lead to one another."""

MAX_KNOWN = 1000
"""Parts of a schema that stay compiled from one value to the next."""

USUAL_ITEMS = (1, 3)
"""How many items an array has where its schema leaves it open."""

_TYPED_BY: tuple[tuple[str, frozenset[str]], ...] = (
    ("object", frozenset({"properties", "required", "additionalProperties", "minProperties", "maxProperties"})),
    ("array", frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"})),
    ("string", frozenset({"pattern", "format", "minLength", "maxLength"})),
    ("number", frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})),
)


class _Maker:
    """Makes one value."""

    def __init__(self, checks: Checks, chance: random.Random, given: Mapping[str, Json], *, is_bare: bool) -> None:
        self._checks = checks
        self._chance = chance
        self._given = given
        self._is_bare = is_bare
        self._left = MAX_GENERATED_VALUES
        self._parts_left = MAX_PARTS

    def make(self, schema: Json, depth: int = 0) -> Json:
        """A value for a schema at a depth."""
        self._left -= 1
        if depth > 2 * MAX_GENERATED_DEPTH or self._left < -MAX_GENERATED_VALUES:
            return None
        plain = self._plain(schema, depth)
        named = constant(plain, self._chance)
        if named is not None:
            return named[0]
        for example in (*list_at(plain, "examples")[:1], *([plain["example"]] if "example" in plain else [])):
            if self._checks.is_valid(plain, example):
                return example
        return self._made(self._type(plain, depth), plain, depth)

    def _made(self, kind: str, schema: JsonObject, depth: int) -> Json:
        makers: dict[str, Callable[[], Json]] = {
            "object": lambda: self._object(schema, depth),
            "array": lambda: self._array(schema, depth),
            "string": lambda: text(schema, self._chance),
            "integer": lambda: integer(schema, self._chance),
            "number": lambda: number(schema, self._chance),
            "boolean": lambda: self._chance.random() < 0.5,
            "null": lambda: None,
        }
        return makers[kind]()

    def _type(self, schema: JsonObject, depth: int) -> str:
        stated = schema.get("type")
        names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
        known = [name for name in names if isinstance(name, str)]
        if "null" in known and depth > MAX_GENERATED_DEPTH:
            return "null"
        found = [name for name in known if name != "null"] or known
        if found:
            return self._chance.choice(found)
        return next((kind for kind, keywords in _TYPED_BY if keywords & schema.keys()), "string")

    # --- one schema out of several

    def _target(self, schema: Json) -> JsonObject:
        """The schema at the end of a chain of references; what admits nothing is read as what admits all."""
        for _ in range(MAX_REFERENCE_CHAIN):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                break
            schema = pointed(self._checks.root, reference)
        return schema if isinstance(schema, dict) and "$ref" not in schema else {}

    def _plain(self, schema: Json, depth: int, level: int = 0) -> JsonObject:
        """The same without `allOf`, and with one branch of each choice."""
        found = self._target(schema)
        self._parts_left -= 1
        if level > MAX_REFERENCE_CHAIN or self._parts_left < 0:
            return {}
        rest: JsonObject = {key: value for key, value in found.items() if key not in {"allOf", "anyOf", "oneOf"}}
        for part in list_at(found, "allOf"):
            rest = merged(rest, self._plain(part, depth, level + 1))
        for name in ("oneOf", "anyOf"):
            if branches := list_at(found, name):
                rest = merged(rest, self._plain(self._branch(branches, depth), depth, level + 1))
        return rest

    def _branch(self, branches: list[Json], depth: int) -> Json:
        def is_null(branch: Json) -> bool:
            target = self._target(branch)
            return target.get("type") == "null" or target.get("enum") == [None]

        nulls = [one for one in branches if is_null(one)]
        others = [one for one in branches if not is_null(one)]
        if not others or (nulls and depth > MAX_OPTIONAL_DEPTH):
            return nulls[0]
        flat = [one for one in others if self._target(one).get("type", "object") not in ("object", "array")]
        return self._chance.choice(flat if flat and depth > MAX_OPTIONAL_DEPTH else others)

    # --- containers

    def _is_spare(self, depth: int) -> bool:
        """True where only what is demanded is made."""
        return self._is_bare or depth >= MAX_OPTIONAL_DEPTH or self._left <= 0

    def _object(self, schema: JsonObject, depth: int) -> Json:
        properties = object_at(schema, "properties")
        hidden = set(list_at(schema, "x-hidden"))
        required = [name for name in list_at(schema, "required") if isinstance(name, str)]
        most = schema.get("maxProperties")
        room = most if isinstance(most, int) else len(properties) + MAX_MORE_MEMBERS
        wanted = [name for name in properties if name in required or (not self._is_spare(depth) and name not in hidden)]
        optional = [name for name in wanted if name not in required and self._is_possible(properties[name])]
        kept = {*required, *optional[: max(0, room - len(set(required)))]}
        names = [name for name in properties if name in kept] + [name for name in required if name not in properties]
        found: JsonObject = {
            name: self._member(name, properties.get(name, self._beyond(schema)), depth + 1)
            for name in dict.fromkeys(names)
        }
        self._add_members(schema, found, depth)
        return found

    def _member(self, name: str, schema: Json, depth: int) -> Json:
        """A member, with the value of what was given under the same name where it may have that."""
        value = self._given.get(name)
        is_plain = value is not None and not isinstance(value, dict | list)
        if is_plain and isinstance(schema, dict) and self._checks.is_valid(schema, value):
            return value
        return self.make(schema, depth)

    def _is_possible(self, schema: Json) -> bool:
        return schema is not False and self._target(schema).get("not") != {}

    def _beyond(self, schema: JsonObject) -> Json:
        """The schema of a member that has no name in it."""
        patterns = object_at(schema, "patternProperties")
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            return more
        for part in patterns.values():
            return part
        return {}

    def _add_members(self, schema: JsonObject, found: JsonObject, depth: int) -> None:
        """Members that have no names: as many as are demanded, one or two of a map."""
        more = schema.get("additionalProperties")
        least = schema.get("minProperties")
        demanded = min(least if isinstance(least, int) else 0, MAX_MORE_MEMBERS) - len(found)
        is_map = isinstance(more, dict) and not object_at(schema, "properties") and not self._is_spare(depth)
        most = schema.get("maxProperties")
        room = (most if isinstance(most, int) else MAX_MORE_MEMBERS) - len(found)
        optional = [name for name in object_at(schema, "properties") if name not in found]
        for number_of_it in range(min(max(demanded, 2 if is_map else 0), room)):
            name = optional[number_of_it] if number_of_it < len(optional) else f"key{number_of_it + 1}"
            part = object_at(schema, "properties").get(name, self._beyond(schema))
            found.setdefault(name, self.make(part, depth + 1))

    def _array(self, schema: JsonObject, depth: int) -> Json:
        least, most = schema.get("minItems"), schema.get("maxItems")
        low = least if isinstance(least, int) else 0
        high = most if isinstance(most, int) else max(low, USUAL_ITEMS[1])
        usual = low if self._is_spare(depth) or depth > 3 else max(low, self._chance.randint(*USUAL_ITEMS))
        count = min(usual, high, MAX_GENERATED_ITEMS)
        first = list_at(schema, "prefixItems")
        rest = schema.get("items", {})
        if rest is False:
            count = min(count, len(first))
        shapes = [*first[:count], *([rest] * (count - len(first)))]
        if "contains" in schema and shapes:
            shapes[-1] = schema["contains"]
        return self._items(shapes, depth, is_unique=schema.get("uniqueItems") is True)

    def _items(self, shapes: Iterable[Json], depth: int, *, is_unique: bool) -> list[Json]:
        items: list[Json] = []
        for shape in shapes:
            item = self.make(shape, depth + 1)
            for _ in range(MAX_ATTEMPTS if is_unique else 0):
                if item not in items:
                    break
                item = self.make(shape, depth + 1)
            if not is_unique or item not in items:
                items.append(item)
        return items


class Generator:
    """Makes data for a schema that `Schemas.standalone` has made; what checks them is compiled once."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._judge = compiled(schema)
        self._known: dict[str, JsonSchema] = {}

    def made(self, seed: str, given: Mapping[str, Json] | None = None) -> Json:
        """Data, the same for the same seed.

        Members with the names of what was `given` have its values, where they may: what is asked for by its id has it.
        The first that is valid is taken; where none of a few attempts is, the last, which has no more than is demanded.
        """
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        checks = Checks(self._schema, self._known)
        value: Json = None
        for attempt in range(MAX_ATTEMPTS):
            chance = random.Random(f"{attempt}:{seed}")  # noqa: S311  # it is to be the same each time, guards nothing
            maker = _Maker(checks, chance, given or {}, is_bare=attempt >= MAX_ATTEMPTS // 2)
            value = maker.make(self._schema)
            if self._judge.is_valid(value):
                return value
        return value


def generated(schema: JsonObject, seed: str, given: Mapping[str, Json] | None = None) -> Json:
    """Data for one schema, once; see `Generator`."""
    return Generator(schema).made(seed, given)
