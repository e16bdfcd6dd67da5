"""One OpenAPI description: its operations by name, and its references, followed where and when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from urllib.parse import unquote

from runtimes.openapi.entries import Entry as Entry
from runtimes.openapi.entries import is_maybe_distinct, told_apart
from runtimes.openapi.fragments import Definitions
from runtimes.openapi.members import list_at as list_at
from runtimes.openapi.members import object_at as object_at
from runtimes.openapi.members import text_at as text_at
from runtimes.openapi.parameter import Parameter
from runtimes.openapi.references import (
    MAX_REFERENCE_CHAIN,
    Neighbours,
    absolute,
    anchors_in,
    overlaid,
    pointed_at,
    shown,
)
from runtimes.openapi.references import DocumentMissing as DocumentMissing
from runtimes.openapi.references import OperationUnusable as OperationUnusable
from runtimes.openapi.swagger import translated_operation, translated_root
from runtimes.values import Json, JsonObject

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "query")
"""The members of a path item that are operations called here; `query` is one from OpenAPI 3.2 on."""

MAX_NAMES_LISTED = 5
"""How many operation names a message lists."""

_VERSION = re.compile(r"3\.(\d{1,4})(\.\d+)?(-.*)?")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}")
_NOT_CALLED = frozenset({"CONNECT", "TRACE"})


class UnreadableDescription(Exception):
    """A document is no OpenAPI description that is understood here."""


def _minor_version(root: JsonObject) -> int:
    """The x of OpenAPI 3.x; 0 for Swagger 2.0, which is read as OpenAPI 3.0. Raises: `UnreadableDescription`."""
    if "swagger" in root:
        stated = str(root["swagger"])[:10]
        if stated != "2.0":
            raise UnreadableDescription(f"it is Swagger {stated}; Swagger 2.0 and OpenAPI 3.x are read")
        return 0
    version = root.get("openapi")
    if isinstance(version, float):  # a version without quotes is a number in YAML
        version = str(version)
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        stated = "has no member 'openapi'" if version is None else f"states 'openapi': {str(version)[:20]!r}"
        raise UnreadableDescription(f"the document {stated}; OpenAPI 3.x is needed")
    return int(match[1])


def _operations(item: JsonObject, minor: int) -> Iterator[tuple[str, JsonObject]]:
    for method in METHODS:
        operation = item.get(method)
        if isinstance(operation, dict) and (method != "query" or minor >= 2):
            yield method.upper(), operation
    for method, operation in object_at(item, "additionalOperations").items() if minor >= 2 else ():
        if isinstance(operation, dict) and _METHOD.fullmatch(method) and method not in _NOT_CALLED:
            yield method, operation


def _grouped(entries: Iterator[tuple[str | None, Entry]]) -> Mapping[str, tuple[Entry, ...]]:
    groups: dict[str, tuple[Entry, ...]] = {}
    for name, entry in entries:
        if name is not None:
            groups[name] = (*groups.get(name, ()), entry)
    return groups


class Description:
    """An OpenAPI 3 document, or one of Swagger 2.0 seen as such, and the documents that it refers to."""

    def __init__(
        self,
        root: Json,
        location: str,
        neighbours: Neighbours | None = None,
        unusable: Mapping[str, str] | None = None,
    ) -> None:
        """`location` is where the document was had, if it was a URL, and what relative servers start at; else empty.

        `unusable` has the reasons for functions that a larger document, of which this is a part, does not have.

        Raises: `UnreadableDescription`.
        """
        if not isinstance(root, dict):
            raise UnreadableDescription("an OpenAPI description is an object")
        self.minor_version = _minor_version(root)
        self.is_translated = "swagger" in root
        self.written = root
        """The document as its author wrote it."""
        self.root: JsonObject = translated_root(root, location) if self.is_translated else root
        self.location = location
        self.neighbours = neighbours or Neighbours(base=location)
        self.unusable = unusable or {}
        self.missing: set[str] = set()
        """The addresses of the documents that path items lead to and that were not read."""
        self.broken: dict[str, str] = {}
        """The paths whose operations are not known, each with the reason."""
        self.parameters: dict[int, tuple[JsonObject, Parameter]] = {}
        """The parameters that were read, each with what its author wrote, by the identity of that."""
        self.equal_parameters: dict[bytes, Parameter] = {}
        """The same by the JSON text of that: authors repeat what they could refer to."""
        self.equal_bodies: dict[bytes, object] = {}
        """The bodies that were read, likewise; `runtimes.openapi.inputs` knows what they are."""
        self.equal_inputs: dict[tuple[int, ...], object] = {}
        """What operations take, by the identities of its body and parameters; known there too."""
        self.servers_in_common: dict[tuple[str, str], str] = {}
        """The servers of operations without their own, by where the manifest lies and which one is wanted."""
        self._resolved: dict[str, Json] = {}
        self._anchors: dict[str, Mapping[str, Json]] = {}
        self.entries: Sequence[Entry] = told_apart(tuple(self._entries()))

    @cached_property
    def definitions(self) -> Definitions:
        """The schemas that its operations share; it refers back here, so that only a collection ends both."""
        return Definitions(self.resolve, keeps_own=self.minor_version >= 1)

    @cached_property
    def credentials(self) -> frozenset[tuple[str, str]]:
        """Where its security schemes put a key, place and folded name: a model never fills these."""
        schemes = object_at(object_at(self.root, "components"), "securitySchemes").values()
        keys = (scheme for scheme in schemes if text_at(scheme, "type") == "apiKey")
        return frozenset((text_at(key, "in"), text_at(key, "name").casefold()) for key in keys)

    @cached_property
    def credential_names(self) -> frozenset[str]:
        """The names of `credentials`, wherever they go."""
        return frozenset(name for _, name in self.credentials)

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[Entry, ...]]:
        return _grouped((entry.operation_id, entry) for entry in self.entries)

    @cached_property
    def _by_plain_name(self) -> Mapping[str, tuple[Entry, ...]]:
        return _grouped((entry.plain_name, entry) for entry in self.entries)

    @cached_property
    def _by_any_name(self) -> Mapping[str, tuple[Entry, ...]]:
        names = ((name, entry) for entry in self.entries for name in (entry.plain_name, entry.distinct_name))
        return _grouped(names)

    def _entries(self) -> Iterator[Entry]:
        translation = self._translated if self.is_translated else None
        for path, written in object_at(self.root, "paths").items():
            try:
                item = self._followed(written, keeps_own=True)
            except OperationUnusable as reason:
                if isinstance(reason, DocumentMissing):
                    self.missing.add(reason.address)
                if not path.startswith("x-"):
                    self.broken[path] = f"its operations are not known: {reason}"
                continue
            for method, operation in _operations(item, self.minor_version):
                yield Entry(method=method, path=path, written=operation, written_item=item, translation=translation)

    def _translated(self, item: JsonObject, operation: JsonObject) -> JsonObject:
        return translated_operation(self.root, item, operation, self._followed_or_none)

    def _followed_or_none(self, value: Json) -> JsonObject | None:
        try:
            return self.follow(value)
        except OperationUnusable:
            return None

    def find(self, function: str) -> Entry:
        """The operation that a function names: by its operationId, else by its legal form.

        Raises: `OperationUnusable` when there is none, or more than one.
        """
        if function in self.unusable:
            raise OperationUnusable(self.unusable[function])
        named = self._by_any_name if is_maybe_distinct(function) else self._by_plain_name
        found: tuple[Entry, ...] = self._by_id.get(function) or named.get(function, ())
        if not found:
            from difflib import get_close_matches

            names = [entry.operation_id or entry.function_name for entry in self.entries]
            near = get_close_matches(function, names, n=1, cutoff=0.6)
            listed = ", ".join(names[:MAX_NAMES_LISTED]) + (", …" if len(names) > MAX_NAMES_LISTED else "")
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {listed or 'none'}"
            raise OperationUnusable(f"the OpenAPI description has no operation {function!r}; {hint}{self.unknown}")
        first, *others = found
        if others:
            places = " and ".join(f"{entry.method} {entry.path} ({entry.distinct_name!r})" for entry in found[:2])
            raise OperationUnusable(f"the name {function!r} means {len(found)} operations, such as {places}")
        return first

    @property
    def unknown(self) -> str:
        """What is not known of the operations there are, at the end of a message; empty where all is known."""
        path, reason = next(iter(self.broken.items()), ("", ""))
        return f"; of the path {path[:80]!r} {reason}" if path else ""

    def _document(self, reference: str, address: str) -> Json:
        """Raises: `DocumentMissing`."""
        if not address or address == self.neighbours.base:
            return self.root
        if address in self.neighbours.documents:
            return self.neighbours.documents[address]
        reason = self.neighbours.reasons.get(address)
        why = f"which cannot be read: {reason}" if reason else "which is not read"
        raise DocumentMissing(f"it refers to another document, {shown(reference)!r}, {why}", address)

    def _found(self, reference: str) -> Json:
        is_local = reference.startswith("#")
        address, _, fragment = (reference if is_local else absolute(self.neighbours.base, reference)).partition("#")
        document = self._document(reference, address)
        pointer = unquote(fragment)
        try:
            if not pointer or pointer.startswith("/"):
                return pointed_at(document, pointer)
            if address not in self._anchors:
                self._anchors[address] = anchors_in(document)
            return self._anchors[address][pointer]
        except KeyError:
            raise OperationUnusable(f"the reference {shown(reference)!r} points to nothing") from None

    def resolve(self, reference: str) -> Json:
        """The value that a reference points to, in this document or another. Raises: `OperationUnusable`."""
        if reference not in self._resolved:
            self._resolved[reference] = self._found(reference)
        return self._resolved[reference]

    def follow(self, value: Json) -> JsonObject:
        """The object that is meant, at the end of a chain of references. Raises: `OperationUnusable`.

        What stands beside a reference holds too, as it does from OpenAPI 3.1 on.
        """
        if isinstance(value, dict) and "$ref" not in value:
            return value
        return self._followed(value, keeps_own=self.minor_version >= 1)

    def _followed(self, value: Json, *, keeps_own: bool) -> JsonObject:
        referring: list[JsonObject] = []
        for _ in range(MAX_REFERENCE_CHAIN):
            if not isinstance(value, dict):
                raise OperationUnusable(f"an object is needed, not {str(value)[:40]!r}")
            reference = value.get("$ref")
            if not isinstance(reference, str):
                break
            if keeps_own and len(value) > 1:
                referring.append(value)
            value = self.resolve(reference)
        else:
            raise OperationUnusable(f"more than {MAX_REFERENCE_CHAIN} references lead to one another")
        for one in reversed(referring):
            value = overlaid(value, one)
        return value
