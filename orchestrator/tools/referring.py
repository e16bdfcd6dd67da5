"""The references in a tool's schema: what each part is written as, what it leads to, and where it leads back. Pure.

A part is the schema itself or what a reference in it leads to, named by its pointer. It is written so that no member
but a reference is called `$ref`, and so that a reference is known from what is said beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from runtimes.values import Json, JsonObject, dump_json

REFERENCE = "$ref"

BESIDE = "$ref+"
"""In a written part: the member of an object that stands for a reference with something said beside it, as a pair."""

CUT_OFF = "$ref-"
"""In a written part: the member of an object that stands for a reference that is not followed, with what is shown."""

WHOLE = ""
"""The pointer of the schema itself."""

_SCHEMAS = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_LISTS = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
_MAPS = frozenset({"dependencies", "dependentSchemas", "patternProperties", "properties"})
_LEFT_OUT = frozenset({"$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveRef", "definitions"})
"""What is of no use where nothing is referred to."""

_RESERVED = re.compile(r"%*\$ref[+-]?")
_ESCAPED = re.compile(r"%+\$ref[+-]?")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")

Place = Literal["schema", "map", "data"]


def _escaped(name: str) -> str:
    return "%" + name if _RESERVED.fullmatch(name) else name


def unescaped(name: str) -> str:
    """The name of a member, as it was before its part was written."""
    return name[1:] if _ESCAPED.fullmatch(name) else name


def place_of(keyword: str, value: Json) -> Place:
    """What the value of a keyword of a schema is."""
    if keyword in _MAPS:
        return "map"
    return "schema" if keyword in (_LISTS if isinstance(value, list) else _SCHEMAS) else "data"


def inside(place: Place) -> Place:
    """What the members and items are of that which is no schema."""
    return "data" if place == "data" else "schema"


def as_data(value: Json) -> Json:
    """A value that is no schema, written."""
    if isinstance(value, list):
        return [as_data(item) for item in value]
    return {_escaped(name): as_data(item) for name, item in value.items()} if isinstance(value, dict) else value


def _target(document: JsonObject, reference: Json) -> str | None:
    """The pointer that a reference has; None where it leads to no schema in the document."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    pointer = unquote(reference[1:])
    value: Json = document
    for part in pointer.split("/")[1:] if pointer.startswith("/") else ():
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    is_pointer = not pointer or pointer.startswith("/")
    return pointer if is_pointer and isinstance(value, dict | bool) else None


def _value(document: JsonObject, pointer: str) -> Json:
    value: Json = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[name] if isinstance(value, dict) else value[int(name)] if isinstance(value, list) else None
    return value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A reference in a part."""

    target: str | None
    """The pointer of the part it leads to; None where it leads nowhere."""
    depth: int
    """How many containers it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A schema with its references."""

    written: Json
    """Each reference is `{"$ref": N}`, with the number of its link."""
    links: tuple[Link, ...]
    depth: int
    """How many containers lie inside each other."""
    size: int
    """Bytes of its JSON text."""


class _Writer:
    """Writes one part."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self.links: list[Link] = []
        self.depth = 0

    def write(self, node: Json, place: Place, depth: int) -> Json:
        self.depth = max(self.depth, depth)
        if isinstance(node, list):
            return [self.write(item, inside(place), depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        if place == "schema":
            return self._schema(node, depth)
        return {_escaped(name): self.write(value, inside(place), depth + 1) for name, value in node.items()}

    def _schema(self, node: JsonObject, depth: int) -> Json:
        kept = {
            _escaped(name): self.write(value, place_of(name, value), depth + 1)
            for name, value in node.items()
            if name != REFERENCE and name not in _LEFT_OUT
        }
        if REFERENCE not in node:
            return dict(kept)
        own_depth = depth + 2 if kept else depth
        self.links.append(Link(target=_target(self._document, node[REFERENCE]), depth=own_depth))
        reference: Json = {REFERENCE: len(self.links) - 1}
        return {BESIDE: [reference, dict(kept)]} if kept else reference


def _part(document: JsonObject, pointer: str) -> Part:
    writer = _Writer(document)
    written = writer.write(_value(document, pointer), "schema", 0)
    return Part(written=written, links=tuple(writer.links), depth=writer.depth, size=len(dump_json(written)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """A schema with all that its references lead to."""

    by_pointer: Mapping[str, Part]
    backward: frozenset[tuple[str, int]]
    """Links, by part and number, that lead to a part in which they lie."""
    document: JsonObject

    def value(self, pointer: str | None) -> Json:
        """What stands there, as its author wrote it; null where that is nowhere."""
        return _value(self.document, pointer) if pointer is not None else None


def parts_of(document: JsonObject) -> Parts:
    """The parts of a schema; without those links that lead backward, none leads to itself."""
    parts = {WHOLE: _part(document, WHOLE)}
    backward: set[tuple[str, int]] = set()
    path: dict[str, Iterator[tuple[int, Link]]] = {WHOLE: iter(enumerate(parts[WHOLE].links))}
    while path:
        pointer, links = next(reversed(path.items()))
        number, link = next(links, (0, None))
        if link is None:
            del path[pointer]
        elif link.target in path:
            backward.add((pointer, number))
        elif link.target is not None and link.target not in parts:
            parts[link.target] = _part(document, link.target)
            path[link.target] = iter(enumerate(parts[link.target].links))
    return Parts(by_pointer=parts, backward=frozenset(backward), document=document)
