"""A tool's schema without references, for servers that refuse them: definitions stand where they are used. Pure.

How long the schema becomes is counted before anything is put together, since references to references multiply. What
leads back to itself, lies too many references away, or would make the whole too long, is left out with a note.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TypeGuard

from orchestrator.errors import UsageError
from orchestrator.tools.referring import (
    BESIDE,
    CUT_OFF,
    REFERENCE,
    WHOLE,
    Parts,
    Place,
    as_data,
    inside,
    parts_of,
    place_of,
    unescaped,
)
from runtimes.limits import MAX_DEPTH
from runtimes.openapi.keywords import CUT, add_note
from runtimes.openapi.schema import MAX_TOOL_SCHEMA_BYTES
from runtimes.values import Json, JsonObject, dump_json

HOPS = (32, 8, 5, 3, 2, 1, 0)
"""References on the way to a definition that is shown: the first with which a schema fits is taken."""

MAX_WRITTEN_BYTES = 8 * MAX_TOOL_SCHEMA_BYTES
"""All that a schema has and reaches, each part once; with more nothing that is referred to is shown."""

MAX_STUB_BYTES = 400
"""What is said of a definition that is left out, as JSON text."""

MAX_STUB_DESCRIPTION = 160
"""Characters of the description of a definition that is left out."""

BASE = "https://tool.invalid/schema.json"
"""Where the resolver believes the schema to lie: an address that nobody can have."""

INSTALL = "pip install 'plugin-orchestrator[prance]'"
"""What installs the resolver."""

_ANNOTATIONS = frozenset({"default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"})
_STUB = ("type", "enum", "const", "format")


class _Closed(dict[object, object]):
    """A cache of documents that has all there are: whatever else is asked for is not looked for anywhere."""

    def get(self, key: object, default: object = None) -> object:
        if key not in self:
            raise LookupError(f"{key!r} is not fetched")
        return super().get(key, default)


def require_resolver() -> None:
    """Raises: `UsageError` where the extra is not installed."""
    if find_spec("prance") is None:
        raise UsageError(f"inlining the schemas of tools needs an extra: {INSTALL}")


def _stub(value: Json) -> JsonObject:
    """What is shown of a definition that is left out; whatever fits the definition fits it."""
    source = value if isinstance(value, dict) else {}
    kept: JsonObject = {name: as_data(source[name]) for name in _STUB if name in source}
    if len(dump_json(kept)) > MAX_STUB_BYTES:
        kept = {}
    if isinstance(said := source.get("description"), str):
        kept["description"] = said[:MAX_STUB_DESCRIPTION]
    add_note(kept, CUT)
    return kept


class _Expansion:
    """A schema in place of whose references stands what they lead to, up to a number of references away."""

    def __init__(self, parts: Parts, hops: int, *, has_stubs: bool) -> None:
        self._parts = parts
        self._hops = hops
        self._has_stubs = has_stubs
        self._measured: dict[tuple[str, int], tuple[int, int]] = {}
        self._stubs: dict[str | None, JsonObject] = {}
        self._numbers = {pointer: number for number, pointer in enumerate(parts.by_pointer)}
        self._definitions: JsonObject = {}

    def _next(self, pointer: str, number: int, hops: int) -> str | None:
        """The part that is shown in place of a link; None for a stub."""
        target = self._parts.by_pointer[pointer].links[number].target
        return None if not hops or (pointer, number) in self._parts.backward else target

    def _stub(self, pointer: str, number: int) -> JsonObject:
        target = self._parts.by_pointer[pointer].links[number].target
        if target not in self._stubs:
            self._stubs[target] = {CUT_OFF: _stub(self._parts.value(target)) if self._has_stubs else {}}
        return self._stubs[target]

    def measure(self, pointer: str, hops: int) -> tuple[int, int]:
        """At most so many bytes of JSON text, and so many containers inside each other."""
        if (pointer, hops) not in self._measured:
            part = self._parts.by_pointer[pointer]
            size, depth = part.size, part.depth
            for number, link in enumerate(part.links):
                target = self._next(pointer, number, hops)
                if target is None:
                    more = (len(dump_json(self._stub(pointer, number))), 3)
                else:
                    more = self.measure(target, hops - 1)
                size, depth = size + more[0], max(depth, link.depth + more[1])
            self._measured[pointer, hops] = (size, depth)
        return self._measured[pointer, hops]

    @property
    def fits(self) -> bool:
        """True when it is neither too long for a tool nor too deep."""
        size, depth = self.measure(WHOLE, self._hops)
        return size <= MAX_TOOL_SCHEMA_BYTES and depth <= MAX_DEPTH

    def document(self) -> JsonObject:
        """The schema and each part of it, by how many references may still be followed from there."""
        return {"schema": self._written(WHOLE, self._hops), "parts": self._definitions}

    def _written(self, pointer: str, hops: int) -> Json:
        part = self._parts.by_pointer[pointer]
        references = [self._reference(pointer, number, hops) for number in range(len(part.links))]
        return _with_references(part.written, references)

    def _reference(self, pointer: str, number: int, hops: int) -> JsonObject:
        target = self._next(pointer, number, hops)
        if target is None:
            return self._stub(pointer, number)
        name = f"{hops - 1}.{self._numbers[target]}"
        if name not in self._definitions:
            self._definitions[name] = self._written(target, hops - 1)
        return {REFERENCE: f"#/parts/{name}"}


def _with_references(node: Json, references: list[JsonObject]) -> Json:
    if isinstance(node, list):
        return [_with_references(item, references) for item in node]
    if not isinstance(node, dict):
        return node
    number = node.get(REFERENCE)
    if isinstance(number, int):
        return references[number]
    return {name: _with_references(value, references) for name, value in node.items()}


def _with(target: Json, beside: JsonObject) -> JsonObject:
    """What a reference leads to, with what is said beside it: both hold."""
    if isinstance(target, dict) and _ANNOTATIONS.issuperset(beside):
        return {**target, **beside}
    others = beside.get("allOf")
    return {**beside, "allOf": [*(others if isinstance(others, list) else ()), target]}


def _loosened(schema: JsonObject, cut: set[str]) -> JsonObject:
    """The schema without what would become stricter because something in these members is left out."""
    gone: set[str] = {"not"} & cut
    if cut:
        gone |= {"unevaluatedItems", "unevaluatedProperties"}
    if "if" in cut:
        gone |= {"if", "then", "else"}
    if "contains" in cut:
        gone |= {"maxContains"}
    kept = {name: value for name, value in schema.items() if name not in gone}
    if "oneOf" in cut:
        choices = kept.pop("oneOf")
        kept.setdefault("anyOf", choices)
    return kept


class _Reader:
    """Reads what was written, once references stand for nothing any more."""

    def __init__(self) -> None:
        self._cuts = 0

    def read(self, node: Json, place: Place) -> Json:
        """The value that was written as this."""
        if isinstance(node, list):
            return [self.read(item, inside(place)) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(stub := node.get(CUT_OFF), dict):
            self._cuts += 1
            return self.read(stub, "data")
        if isinstance(pair := node.get(BESIDE), list):
            return self._pair(*pair)
        return self._object(node, place)

    def _pair(self, target: Json, beside: Json) -> Json:
        before = self._cuts
        what, said = self.read(target, "schema"), self.read(beside, "schema")
        whole = _with(what, said if isinstance(said, dict) else {})
        if self._cuts == before:
            return whole
        if "allOf" not in whole and isinstance(target, dict) and target.get(CUT_OFF):
            add_note(whole, CUT)
        return _loosened(whole, {"allOf"})

    def _object(self, node: JsonObject, place: Place) -> JsonObject:
        kept: JsonObject = {}
        cut: set[str] = set()
        for written, value in node.items():
            name, before = unescaped(written), self._cuts
            kept[name] = self.read(value, place_of(name, value) if place == "schema" else inside(place))
            if self._cuts > before:
                cut.add(name)
        return _loosened(kept, cut) if place == "schema" else kept


def _is_object(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)


def _resolved(document: JsonObject) -> JsonObject:
    from prance.util.resolver import RefResolver, permissive_object_on_recursion

    resolver = RefResolver(
        document, BASE, reference_cache=_Closed(), recursion_limit_handler=permissive_object_on_recursion
    )
    resolver.resolve_references()
    schema = resolver.specs["schema"]
    return schema if _is_object(schema) else {}


def _chosen(parts: Parts) -> _Expansion:
    """The expansion with most in it that fits; where none does, the one with least."""
    if sum(part.size for part in parts.by_pointer.values()) <= MAX_WRITTEN_BYTES:
        for hops in HOPS:
            expansion = _Expansion(parts, hops, has_stubs=True)
            if expansion.fits:
                return expansion
    return _Expansion(parts, 0, has_stubs=False)


def inlined(schema: JsonObject) -> JsonObject:
    """The schema without references and definitions; whatever fits the schema fits it, too.

    Nothing more fits it, except where a part is left out. It needs the extra, as `require_resolver` checks.
    """
    parts = parts_of(schema)
    whole = parts.by_pointer[WHOLE]
    written = _resolved(_chosen(parts).document()) if whole.links else whole.written
    read = _Reader().read(written, "schema")
    return read if isinstance(read, dict) else {}
