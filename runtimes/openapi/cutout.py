"""The part of a description that a few operations need, as a description of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from runtimes.openapi.document import METHODS, Description, Entry, OperationUnusable, object_at
from runtimes.openapi.references import pointed_at, references_in
from runtimes.values import Json, JsonObject

_ABOUT = (
    "$self",
    "basePath",
    "consumes",
    "host",
    "info",
    "jsonSchemaDialect",
    "openapi",
    "produces",
    "schemes",
    "security",
    "securityDefinitions",
    "servers",
    "swagger",
)
"""The members of a description that say something of all of its operations."""

_NOT_IN_ITEM = frozenset({*METHODS, "additionalOperations", "trace"})


class _NotCut(Exception):
    """Something does not stand where it could be left in its place."""


def _operation(operation: JsonObject) -> JsonObject:
    """All of an operation but for its callbacks, and for what is said of answers that are no errors."""
    kept: JsonObject = {name: value for name, value in operation.items() if name != "callbacks"}
    responses = object_at(operation, "responses")
    kept["responses"] = {status: {} if status.startswith("2") else answer for status, answer in responses.items()}
    return kept


def _place(entry: Entry) -> tuple[str, ...]:
    method = entry.method.lower()
    return (method,) if method in METHODS else ("additionalOperations", entry.method)


class _Part:
    """A document that is put together from values of another, each where it stood."""

    def __init__(self, root: JsonObject) -> None:
        self.root = root
        self._made = {id(root)}

    def put(self, tokens: Sequence[str], value: Json) -> None:
        """Puts a value in its place; where it stands in one that is there already, that one stays as it is."""
        node: Json = self.root
        for token in tokens[:-1]:
            if not isinstance(node, dict) or id(node) not in self._made:
                return
            if token not in node:
                following: JsonObject = {}
                self._made.add(id(following))
                node[token] = following
            node = node[token]
        if isinstance(node, dict) and id(node) in self._made:
            node.setdefault(tokens[-1], value)


def _reached(description: Description, starts: Sequence[Json]) -> Mapping[str, Json]:
    """Everything that references lead to, by JSON pointer; what leads to nothing does so in a part as well.

    Raises: `_NotCut`.
    """
    pending = list(starts)
    found: dict[str, Json] = {}
    while pending:
        for reference in references_in(pending.pop()):
            if not reference.startswith("#/"):
                raise _NotCut
            pointer = unquote(reference[1:])
            if pointer in found:
                continue
            try:
                found[pointer] = description.resolve(reference)
            except OperationUnusable:
                continue
            pending.append(found[pointer])
    return found


def _cut(description: Description, entries: Iterable[Entry], broken: Iterable[str]) -> JsonObject:
    """Raises: `_NotCut`."""
    part = _Part({name: description.root[name] for name in _ABOUT if name in description.root})
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    starts: list[Json] = [schemes]
    if not description.is_translated:
        part.put(("components", "securitySchemes"), schemes)
    for path in broken:
        starts.append(object_at(description.root, "paths")[path])
        part.put(("paths", path), starts[-1])
    for entry in entries:
        item: JsonObject = {key: value for key, value in entry.written_item.items() if key not in _NOT_IN_ITEM}
        for key, value in item.items():
            part.put(("paths", entry.path, key), value)
        operation = _operation(entry.written)
        part.put(("paths", entry.path, *_place(entry)), operation)
        starts += [item, operation]
    reached = _reached(description, starts)
    for pointer in sorted(reached, key=lambda one: one.count("/")):
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
        part.put(tokens, reached[pointer])
    if any(_at(part.root, pointer) is not value for pointer, value in reached.items()):
        raise _NotCut
    return part.root


def _at(root: JsonObject, pointer: str) -> Json:
    try:
        return pointed_at(root, pointer)
    except KeyError:
        return None


def cut_out(description: Description, functions: Sequence[str] | None) -> JsonObject | None:
    """A description in which these functions, or all where none are named, are read as in the whole one; None where no
    such part can be cut out.

    It shares its values with the whole, and neither is to be changed.
    """
    if description.neighbours.documents:
        return None
    try:
        if functions is None:
            return _cut(description, description.entries, description.broken)
        return _cut(description, [description.find(name) for name in functions], ())
    except (OperationUnusable, _NotCut):
        return None


def missing_functions(description: Description, functions: Sequence[str]) -> Mapping[str, str]:
    """Those of the functions that no operation is found for, each with the reason."""
    missing: dict[str, str] = {}
    for name in functions:
        try:
            description.find(name)
        except OperationUnusable as reason:
            missing[name] = str(reason)
    return missing


def reduced(description: Description, functions: Sequence[str] | None) -> Description:
    """A description that is the same for these functions, or for all where none are named, and lets go of all that they
    do not need: of what is said of answers, at least.

    It is the description itself where no part can be cut out.
    """
    missing = missing_functions(description, functions or ())
    part = cut_out(description, None if functions is None else [name for name in functions if name not in missing])
    if part is None:
        return description
    return Description(part, description.location, description.neighbours, missing)
