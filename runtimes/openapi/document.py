"""One OpenAPI description: its operations by name, and its references, followed where and when they are asked for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from runtimes.values import Json, JsonObject

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
"""The members of a path item that are operations called here."""

MAX_REFERENCE_CHAIN = 32
"""How many references may lead to one another before a value is reached."""

MAX_NAMES_LISTED = 5
"""How many operation names a message lists."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
_VERSION = re.compile(r"3\.\d+(\.\d+)?(-.*)?")


class OperationUnusable(Exception):
    """An operation cannot be offered; the message is the reason, in one line."""


class UnreadableDescription(Exception):
    """A document is no OpenAPI description that is understood here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An operation as the description has it, with nothing resolved."""

    method: str
    """Upper case."""
    path: str
    """The template, such as `/items/{id}`."""
    operation: JsonObject
    path_item: JsonObject

    @property
    def operation_id(self) -> str | None:
        """The author's name for it."""
        name = self.operation.get("operationId")
        return name if isinstance(name, str) and name else None

    @property
    def function_name(self) -> str:
        """A legal function name: of the operationId, else of method and path (spec 4.2.10)."""
        if self.operation_id is not None:
            return _UNSAFE.sub("_", self.operation_id)
        words = re.sub(r"[^A-Za-z0-9]+", "_", self.path).strip("_")
        return f"{self.method.lower()}_{words}" if words else self.method.lower()


def object_at(value: Json, name: str) -> JsonObject:
    """The object that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


def list_at(value: Json, name: str) -> list[Json]:
    """The array that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, list) else []


def text_at(value: Json, name: str) -> str:
    """The string that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, str) else ""


def _step(value: Json, token: str) -> Json:
    """Raises: `KeyError` when there is no such member."""
    if isinstance(value, dict):
        return value[token]
    if isinstance(value, list) and token.isdecimal() and len(token) < 10 and int(token) < len(value):
        return value[int(token)]
    raise KeyError(token)


class Description:
    """An OpenAPI 3 document."""

    def __init__(self, root: Json, location: str) -> None:
        """`location` is where the document was had: a URL, a file path, or empty for a string.

        Raises: `UnreadableDescription`.
        """
        if not isinstance(root, dict):
            raise UnreadableDescription("an OpenAPI description is an object")
        if "swagger" in root:
            raise UnreadableDescription(f"it is Swagger {str(root['swagger'])[:10]}; only OpenAPI 3 is read so far")
        version = root.get("openapi")
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            stated = "has no member 'openapi'" if version is None else f"states 'openapi': {str(version)[:20]!r}"
            raise UnreadableDescription(f"the document {stated}; OpenAPI 3.x is needed")
        self.root: JsonObject = root
        self.location = location
        self.entries: Sequence[Entry] = tuple(self._entries())
        self._by_id = _grouped((entry.operation_id, entry) for entry in self.entries)
        self._by_name = _grouped((entry.function_name, entry) for entry in self.entries)

    def _entries(self) -> Iterator[Entry]:
        for path, item in object_at(self.root, "paths").items():
            try:
                path_item = self.follow(item)
            except OperationUnusable:
                continue
            for method in METHODS:
                operation = path_item.get(method)
                if isinstance(operation, dict):
                    yield Entry(method=method.upper(), path=path, operation=operation, path_item=path_item)

    def find(self, function: str) -> Entry:
        """The operation that a function names: by its operationId, else by its legal form.

        Raises: `OperationUnusable` when there is none, or more than one.
        """
        found: tuple[Entry, ...] = self._by_id.get(function) or self._by_name.get(function, ())
        if not found:
            names = [entry.operation_id or entry.function_name for entry in self.entries]
            near = difflib.get_close_matches(function, names, n=1, cutoff=0.6)
            listed = ", ".join(names[:MAX_NAMES_LISTED]) + (", …" if len(names) > MAX_NAMES_LISTED else "")
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {listed or 'none'}"
            raise OperationUnusable(f"the OpenAPI description has no operation {function!r}; {hint}")
        first, *others = found
        if others:
            places = " and ".join(f"{entry.method} {entry.path}" for entry in found[:2])
            raise OperationUnusable(f"the name {function!r} means {len(found)} operations, such as {places}")
        return first

    def resolve(self, reference: str) -> Json:
        """The value that a local reference points to. Raises: `OperationUnusable`."""
        if not reference.startswith("#"):
            raise OperationUnusable(f"it refers to another document, {reference[:120]!r}, which is not read")
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            raise OperationUnusable(f"the reference {reference[:120]!r} is no JSON pointer")
        value: Json = self.root
        try:
            for token in pointer.split("/")[1:]:
                value = _step(value, token.replace("~1", "/").replace("~0", "~"))
        except KeyError:
            raise OperationUnusable(f"the reference {reference[:120]!r} points to nothing") from None
        return value

    def follow(self, value: Json) -> JsonObject:
        """The object that is meant, at the end of a chain of references. Raises: `OperationUnusable`."""
        for _ in range(MAX_REFERENCE_CHAIN):
            if not isinstance(value, dict):
                raise OperationUnusable(f"an object is needed, not {str(value)[:40]!r}")
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self.resolve(reference)
        raise OperationUnusable(f"more than {MAX_REFERENCE_CHAIN} references lead to one another")


def _grouped(entries: Iterator[tuple[str | None, Entry]]) -> Mapping[str, tuple[Entry, ...]]:
    groups: dict[str, tuple[Entry, ...]] = {}
    for name, entry in entries:
        if name is not None:
            groups[name] = (*groups.get(name, ()), entry)
    return groups
