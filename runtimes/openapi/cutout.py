"""The part of a description that a few operations need, as a description of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """All of an operation but for its callbacks, and for the answers that only its description is made of."""
    kept: JsonObject = {name: value for name, value in operation.items() if name != "callbacks"}
    responses = object_at(operation, "responses")
    kept["responses"] = {status: answer for status, answer in responses.items() if not status.startswith("2")}
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


def _cut(description: Description, functions: Sequence[str]) -> JsonObject:
    """Raises: `OperationUnusable`, `_NotCut`."""
    part = _Part({name: description.root[name] for name in _ABOUT if name in description.root})
    schemes = object_at(object_at(description.root, "components"), "securitySchemes")
    starts: list[Json] = [schemes]
    if not description.is_translated:
        part.put(("components", "securitySchemes"), schemes)
    for name in functions:
        entry = description.find(name)
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


def cut_out(description: Description, functions: Sequence[str]) -> JsonObject | None:
    """A description in which these functions are read as in the whole one; None where no such part can be cut out.

    It shares its values with the whole, and is only to be written down.
    """
    if description.neighbours.documents:
        return None
    try:
        return _cut(description, functions)
    except (OperationUnusable, _NotCut):
        return None
