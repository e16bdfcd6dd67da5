"""What a schema says of a value that is written out: its compositions put together, looked up where the value leads.

Schemas may be endless, values are not: nothing here is followed further than a value goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from runtimes.json_schema import JsonSchema, is_pattern
from runtimes.openapi.document import Description
from runtimes.openapi.media_types import read_media_type
from runtimes.openapi.members import list_at, object_at
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject

MAX_COMPOSED = 256
"""How many schemas may be put together by `allOf`, `oneOf` and `anyOf`; what is beyond them is not looked at."""

MAX_PATTERNS = 256
"""How many patterns of names are kept compiled."""

_KEYWORDS = ("format", "contentEncoding", "contentMediaType", "xml")
_VALUES = ("default", "const", "enum")
_CHOICES = ("oneOf", "anyOf")


@lru_cache(maxsize=MAX_PATTERNS)
def _named(pattern: str) -> JsonSchema:
    """What judges names by a pattern; no name fits one that cannot be read."""
    return JsonSchema({"pattern": pattern} if is_pattern(pattern) else False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """A schema together with all that it is composed of."""

    types: frozenset[str] = frozenset()
    """Without `null`."""
    properties: Mapping[str, tuple[Json, ...]] = field(default_factory=dict[str, tuple[Json, ...]])
    """The definitions of each, the schema's own first."""
    required: tuple[str, ...] = ()
    """Those that every value has."""
    items: Json = None
    first_items: tuple[Json, ...] = ()
    """The schemas of the first items, one each; `items` is that of those behind them."""
    more: Json = None
    """The schema of members beyond the properties."""
    patterned: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """The schemas of members beyond the properties whose names match a pattern, by it."""
    keywords: JsonObject = field(default_factory=dict[str, Json])
    """Some keywords that are no schemas, the outermost of each; those that tell a value only if they always hold."""

    def member(self, name: str) -> Json:
        """The schema of a member."""
        if name in self.properties or not self.patterned:
            return self.properties.get(name, (self.more,))[0]
        matching = (schema for pattern, schema in self.patterned.items() if _named(pattern).is_valid(name))
        return next(matching, self.more)

    def item(self, index: int) -> Json:
        """The schema of an item."""
        return self.first_items[index] if index < len(self.first_items) else self.items

    @property
    def is_text_encoded(self) -> bool:
        """True for a string that is bytes in a text encoding such as base64, and is sent so."""
        return isinstance(self.keywords.get("contentEncoding"), str) or self.keywords.get("format") == "byte"

    @property
    def is_binary(self) -> bool:
        """True for a string that stands for bytes, sent as they are."""
        if self.types - {"string", "file"} or self.is_text_encoded:
            return False
        if self.keywords.get("format") == "binary" or "file" in self.types:
            return True
        media_type = read_media_type(str(self.keywords.get("contentMediaType", "")))
        return media_type is not None and media_type.kind == "binary"

    @property
    def fallback(self) -> Json:
        """What a required value is when none is given: its default, or the only one it can be; None for nothing."""
        default = self.keywords.get("default")
        if default is not None and not (isinstance(default, str) and unresolved_placeholder(default)):
            return default
        enum = self.keywords.get("enum")
        return self.keywords.get("const", enum[0] if isinstance(enum, list) and len(enum) == 1 else None)


class _Composition:
    """A shape while its schemas are put together."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.properties: dict[str, tuple[Json, ...]] = {}
        self.required: list[str] = []
        self.schemas: JsonObject = {}
        self.first_items: tuple[Json, ...] = ()
        self.patterned: JsonObject = {}
        self.keywords: JsonObject = {}

    def add(self, schema: JsonObject, *, is_certain: bool) -> None:
        declared = schema.get("type")
        self.types |= {one for one in (declared if isinstance(declared, list) else [declared]) if isinstance(one, str)}
        for name, definition in object_at(schema, "properties").items():
            self.properties[name] = (*self.properties.get(name, ()), definition)
        if is_certain:
            self.required += [name for name in list_at(schema, "required") if isinstance(name, str)]
        self.first_items = self.first_items or tuple(list_at(schema, "prefixItems"))
        for pattern, definition in object_at(schema, "patternProperties").items():
            self.patterned.setdefault(pattern, definition)
        for keyword in ("items", "additionalProperties"):
            if isinstance(schema.get(keyword), dict):
                self.schemas.setdefault(keyword, schema[keyword])
        for keyword in (*_KEYWORDS, *_VALUES) if is_certain else _KEYWORDS:
            if keyword in schema:
                self.keywords.setdefault(keyword, schema[keyword])

    def shape(self) -> Shape:
        return Shape(
            types=frozenset(self.types - {"null"}),
            properties=self.properties,
            required=tuple(dict.fromkeys(self.required)),
            items=self.schemas.get("items"),
            first_items=self.first_items,
            patterned=self.patterned,
            more=self.schemas.get("additionalProperties"),
            keywords=self.keywords,
        )


class Shapes:
    """The shapes of one description's schemas, each put together once, when a value first leads to it."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._known: dict[int, tuple[Json, Shape]] = {}
        self._hidden: dict[int, frozenset[str]] = {}

    def of(self, schema: Json) -> Shape:
        """The shape of a schema. Raises: `OperationUnusable` for a reference that cannot be followed."""
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = (schema, self._read(schema))  # the schema stays, and so its id
        return known[1]

    def hidden(self, schema: Json) -> frozenset[str]:
        """The members that no request carries. Raises: `OperationUnusable`."""
        shape = self.of(schema)
        found = self._hidden.get(id(schema))
        if found is None:
            properties = shape.properties.items()
            found = self._hidden[id(schema)] = frozenset(
                name for name, definitions in properties if self.is_read_only(definitions)
            )
        return found

    def is_read_only(self, definitions: tuple[Json, ...]) -> bool:
        """True for a member that no definition of it lets a request carry. Raises: `OperationUnusable`."""
        return bool(definitions) and all(self.says_read_only(one) for one in definitions)

    def says_read_only(self, schema: Json) -> bool:
        """True for a schema whose values only answers have. Raises: `OperationUnusable`."""
        if not isinstance(schema, dict):
            return False
        resolved = self._description.follow(schema) if "$ref" in schema else schema
        return resolved.get("readOnly") is True

    def _read(self, schema: Json) -> Shape:
        composition = _Composition()
        pending: list[tuple[Json, bool]] = [(schema, True)]
        seen: dict[int, JsonObject] = {}
        while pending and len(seen) < MAX_COMPOSED:
            raw, is_certain = pending.pop()
            resolved = self._description.follow(raw) if isinstance(raw, dict) else {}
            if id(resolved) in seen:
                continue
            seen[id(resolved)] = resolved  # it stays, and so its id
            composition.add(resolved, is_certain=is_certain)
            parts = [(part, is_certain) for part in list_at(resolved, "allOf")]
            parts += [(part, False) for keyword in _CHOICES for part in list_at(resolved, keyword)]
            pending += reversed(parts)
        return composition.shape()


def sendable(shapes: Shapes, schema: Json, value: Json) -> Json:
    """The value without what is read-only, and with what is required, was not given and can be one thing alone.

    Raises: `OperationUnusable` for a reference that cannot be followed.
    """
    if isinstance(value, list):
        array = shapes.of(schema)
        return [sendable(shapes, array.item(index), item) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    shape, hidden = shapes.of(schema), shapes.hidden(schema)
    sent: JsonObject = {}
    for name, member in value.items():
        if name in hidden or (name not in shape.properties and shapes.says_read_only(shape.member(name))):
            continue
        sent[name] = sendable(shapes, shape.member(name), member) if isinstance(member, dict | list) else member
    for name in shape.required:
        if name not in sent and name not in hidden:
            fallback = shapes.of(shape.member(name)).fallback
            if fallback is not None:
                sent[name] = fallback
    return sent
