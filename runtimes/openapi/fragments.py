"""The definitions of a description as parts of tool schemas: each converted once, and shared by every tool. Pure.

A part keeps its references and knows where in it they stand; `schema.py` puts parts together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from runtimes.openapi.compositions import Resolve
from runtimes.openapi.conversion import (
    LISTS,
    MAPS,
    PARTED,
    SINGLES,
    Converter,
    Grain,
    TooLong,
    is_leaf,
    request_references,
)
from runtimes.openapi.keywords import CUT, add_note, is_shown_as_it_is, keywords
from runtimes.openapi.references import ANNOTATIONS, MAX_REFERENCE_CHAIN, OperationUnusable
from runtimes.values import Json, JsonObject, canonical_bytes, json_bytes

MAX_STUB_DESCRIPTION = 160
"""Characters of the description of a definition that is left out."""

Path = tuple[str | int, ...]
"""The members and indexes that lead to a value."""

_POINTER = "#/$defs/"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


class Link(NamedTuple):
    """A reference in a part."""

    reference: str
    """As the description writes it."""
    path: Path
    """Where it stands in the part."""
    beside: JsonObject
    """What is said besides."""
    is_replaceable: bool
    """True when what it leads to may stand in its place, with what is said besides."""


class Fragment(NamedTuple):
    """A part: never changed, since many tools have it."""

    schema: Json
    size: int
    """Bytes of its JSON text."""
    links: tuple[Link, ...]


class Assembled(NamedTuple):
    """Some parts with what they refer to in place, and what stands in `$defs` for them."""

    schemas: tuple[Json, ...]
    defined: JsonObject
    size: int
    """Bytes that their JSON text has at most."""


Shelf = dict[str, Fragment | None]
"""Parts of one grain, by the reference that leads to them."""

Leaves = dict[int, tuple[JsonObject, JsonObject]]
"""Schemas of one grain without others in them, each with what it was made of, by the identity of that."""

Parts = dict[int, tuple[Json, Fragment | None]]
"""Parts of one grain that no reference leads to, each with what it was made of, by the identity of that."""


def _references(schema: Json, path: Path) -> Iterator[tuple[Path, JsonObject]]:
    """Where references stand in what was converted, which has no keywords but those that are known."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield path, schema
    for keyword, value in schema.items():
        inner: Iterable[tuple[str | int, Json]] = ()
        if keyword in MAPS and isinstance(value, dict):
            inner = value.items()
        elif keyword in LISTS and isinstance(value, list):
            inner = enumerate(value)
        elif keyword in SINGLES and not is_leaf(value):
            yield from _references(value, (*path, keyword))
        for name, sub in inner:
            if not is_leaf(sub):
                yield from _references(sub, (*path, keyword, name))


class Definitions:
    """All that is known of the definitions of one description, each found out once."""

    def __init__(self, resolve: Resolve, *, keeps_own: bool) -> None:
        self._resolve = resolve
        self._keeps_own = keeps_own
        self._names: dict[str, str] = {}
        self._references: dict[str, str] = {}
        self._shelves: dict[Grain, Shelf] = {}
        self._parts: dict[Grain, Parts] = {}
        self._leaves: dict[Grain, Leaves] = {}
        self._spellings: dict[int, tuple[Json, str]] = {}
        self.has_examples = False
        """True once a part has an example."""
        self._next: dict[str, tuple[str, ...]] = {}
        self.assembled: dict[tuple[object, tuple[int, ...]], tuple[Sequence[Fragment], Assembled | None]] = {}
        """Parts that were put together, in one detail, by their identities."""
        self._owns: dict[str, str] = {}
        self._digests: dict[tuple[str, ...], str] = {}

    def name(self, reference: str) -> str:
        """What a definition is called in every tool schema. Raises: `OperationUnusable` for a reference to nothing."""
        if reference not in self._names:
            known = self._spelling(reference)
            if known != reference:
                return self._names.setdefault(reference, self.name(known))
            word = _UNSAFE.sub("_", unquote(reference).rpartition("/")[2])[-64:] or "definition"
            name, number = word, 2
            while name in self._references:
                name, number = f"{word}_{number}", number + 1
            self._names[reference] = name
            self._references[name] = reference
        return self._names[reference]

    def _spelling(self, reference: str) -> str:
        """The first reference that led to the same definition. Raises: `OperationUnusable` where that is none."""
        target = value = self._resolve(reference)
        for _ in range(MAX_REFERENCE_CHAIN):
            following = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(following, str):
                break
            value = self._resolve(following)
        else:
            raise OperationUnusable(f"more than {MAX_REFERENCE_CHAIN} references lead to one another")
        if not isinstance(target, dict):
            return reference
        return self._spellings.setdefault(id(target), (target, reference))[1]  # the target stays, and so its id

    def digest(self, references: tuple[str, ...]) -> str:
        """A hash of all that some references lead to. Raises: `OperationUnusable` where one cannot be followed."""
        if references not in self._digests:
            reached = {reference: self._own(reference) for reference in references}
            pending = list(reached)
            while pending:
                for following in self._next[pending.pop()]:
                    if following not in reached:
                        reached[following] = self._own(following)
                        pending.append(following)
            text = "\n".join(sorted(reached.values()))
            self._digests[references] = hashlib.sha256(text.encode()).hexdigest()
        return self._digests[references]

    def _own(self, reference: str) -> str:
        """A hash of a reference and of what it points to, whose own references are known then."""
        if reference not in self._owns:
            target = self._resolve(reference)
            self._next[reference] = tuple(dict.fromkeys(request_references(target)))
            self._owns[reference] = hashlib.sha256(canonical_bytes([reference, target])).hexdigest()
        return self._owns[reference]

    def parts(self, grain: Grain) -> Parts:
        """The parts of one grain that are converted already, by the identity of what each was made of."""
        return self._parts.setdefault(grain, {})

    def part(self, schema: Json, grain: Grain, parts: Parts) -> Fragment | None:
        """A schema as a part, and from then on among those of its grain; as `convert`."""
        part = self.convert(schema, grain)
        parts[id(schema)] = schema, part  # the schema stays, and so its id
        return part

    def convert(self, schema: Json, grain: Grain) -> Fragment | None:
        """A schema as a part; None where it is too long for any tool. Raises: `OperationUnusable`."""
        if isinstance(schema, dict):
            if PARTED.isdisjoint(schema):
                kept = self._keywords(schema, grain)
                return Fragment(kept, len(json_bytes(kept)), ())
            reference = schema.get("$ref")
            if isinstance(reference, str) and len(schema) == 1:
                return self._referring(reference)
        converter = Converter(grain, self.name, self._resolve, keeps_own=self._keeps_own)
        try:
            converted = converter.convert(schema)
        except TooLong:
            return None
        finally:
            self.has_examples = self.has_examples or converter.has_examples
        found = _references(converted, ()) if converter.has_references else ()
        links = tuple(self._link(path, node) for path, node in found)
        return Fragment(schema=converted, size=len(json_bytes(converted)), links=links)

    def _referring(self, reference: str) -> Fragment:
        """A reference with nothing beside it."""
        name = self.name(reference)
        kept: JsonObject = {"$ref": f"{_POINTER}{name}"}
        link = Link(reference=self._references[name], path=(), beside={}, is_replaceable=True)
        return Fragment(schema=kept, size=len(json_bytes(kept)), links=(link,))

    def leaf(self, schema: JsonObject, grain: Grain, leaves: Leaves) -> JsonObject:
        """A schema without others in it, as most are: its keywords alone, which are never too long."""
        if grain.is_described and is_shown_as_it_is(schema):
            return schema
        known = leaves.get(id(schema))
        if known is None:
            known = leaves[id(schema)] = schema, self._keywords(schema, grain)  # the schema stays, and so its id
        return known[1]

    def leaves(self, grain: Grain) -> Leaves:
        """The schemas without others in them that are converted already, by the identity of what each was made of."""
        return self._leaves.setdefault(grain, {})

    def _keywords(self, schema: JsonObject, grain: Grain) -> JsonObject:
        kept = keywords(schema, is_described=grain.is_described, choices=grain.choices, has_examples=grain.has_examples)
        self.has_examples = self.has_examples or "examples" in kept
        return kept

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
            is_replaceable=ANNOTATIONS.issuperset(beside),
        )
