"""The definitions of a description as parts of tool schemas: each converted once, and shared by every tool. Pure.

A part keeps its references and knows where in it they stand; `schema.py` puts parts together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from runtimes.openapi.compositions import Resolve
from runtimes.openapi.conversion import Converter, Grain, TooLong, request_references
from runtimes.openapi.keywords import CUT, add_note, keywords
from runtimes.openapi.references import ANNOTATIONS
from runtimes.values import Json, JsonObject, canonical_json, dump_json

MAX_STUB_DESCRIPTION = 160
"""Characters of the description of a definition that is left out."""

Path = tuple[str | int, ...]
"""The members and indexes that lead to a value."""

_POINTER = "#/$defs/"
_DATA = frozenset({"const", "default", "enum"})
_MAPS = frozenset({"properties", "patternProperties"})
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A reference in a part."""

    reference: str
    """As the description writes it."""
    path: Path
    """Where it stands in the part."""
    beside: JsonObject
    """What is said besides."""
    is_replaceable: bool
    """True when what it leads to may stand in its place, with what is said besides."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fragment:
    """A part: never changed, since many tools have it."""

    schema: Json
    size: int
    """Bytes of its JSON text."""
    links: tuple[Link, ...]


Shelf = dict[str, Fragment | None]
"""Parts of one grain, by the reference that leads to them."""


def _references(node: Json, path: Path, *, is_map: bool) -> Iterator[tuple[Path, JsonObject]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, dict):
                yield from _references(item, (*path, index), is_map=False)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("$ref"), str) and not is_map:
        yield path, node
    for name, member in node.items():
        if isinstance(member, dict | list) and (is_map or name not in _DATA):
            yield from _references(member, (*path, name), is_map=not is_map and name in _MAPS)


class Definitions:
    """All that is known of the definitions of one description, each found out once."""

    def __init__(self, resolve: Resolve, *, keeps_own: bool) -> None:
        self._resolve = resolve
        self._keeps_own = keeps_own
        self._names: dict[str, str] = {}
        self._references: dict[str, str] = {}
        self._shelves: dict[Grain, Shelf] = {}
        self._next: dict[str, tuple[str, ...]] = {}
        self._digests: dict[str, str] = {}

    def name(self, reference: str) -> str:
        """What a definition is called in every tool schema."""
        if reference not in self._names:
            word = _UNSAFE.sub("_", unquote(reference).rpartition("/")[2])[-64:] or "definition"
            name, number = word, 2
            while name in self._references:
                name, number = f"{word}_{number}", number + 1
            self._names[reference] = name
            self._references[name] = reference
        return self._names[reference]

    def next(self, reference: str) -> tuple[str, ...]:
        """The references in what a reference leads to. Raises: `OperationUnusable`."""
        if reference not in self._next:
            self._next[reference] = tuple(dict.fromkeys(request_references(self._resolve(reference))))
        return self._next[reference]

    def digest(self, reference: str) -> str:
        """A hash of what a reference leads to. Raises: `OperationUnusable`."""
        if reference not in self._digests:
            text = canonical_json(self._resolve(reference))
            self._digests[reference] = hashlib.sha256(text.encode()).hexdigest()
        return self._digests[reference]

    def convert(self, schema: Json, grain: Grain) -> Fragment | None:
        """A schema as a part; None where it is too long for any tool. Raises: `OperationUnusable`."""
        converter = Converter(grain, self.name, self._resolve, keeps_own=self._keeps_own)
        try:
            converted = converter.convert(schema)
        except TooLong:
            return None
        found = _references(converted, (), is_map=False) if converter.has_references else ()
        links = tuple(self._link(path, node) for path, node in found)
        return Fragment(schema=converted, size=len(dump_json(converted)), links=links)

    def shelf(self, grain: Grain) -> Shelf:
        """The parts of one grain that are converted already, by reference."""
        return self._shelves.setdefault(grain, {})

    def fragment(self, reference: str, grain: Grain, shelf: Shelf) -> Fragment | None:
        """What a reference leads to as a part, kept on the shelf of its grain; as `convert`."""
        if reference not in shelf:
            shelf[reference] = self.convert(self._resolve(reference), grain)
        return shelf[reference]

    def stub(self, reference: str, grain: Grain) -> JsonObject:
        """What is shown of a definition that is left out. Raises: `OperationUnusable`."""
        target = self._resolve(reference)
        if not isinstance(target, dict):
            return {}
        kept = keywords(target, is_described=True, choices=grain.choices)
        shown: JsonObject = {name: kept[name] for name in ("type", "enum", "const", "format") if name in kept}
        if isinstance(said := kept.get("description"), str):
            shown["description"] = said[:MAX_STUB_DESCRIPTION]
        add_note(shown, CUT)
        return shown

    def _link(self, path: Path, node: JsonObject) -> Link:
        beside: JsonObject = {name: value for name, value in node.items() if name != "$ref"}
        return Link(
            reference=self._references[str(node["$ref"]).removeprefix(_POINTER)],
            path=path,
            beside=beside,
            is_replaceable=not beside.keys() - ANNOTATIONS,
        )
