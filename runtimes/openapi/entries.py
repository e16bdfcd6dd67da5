"""The operations of a description before anything is resolved, each with the name that its function has. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from runtimes.values import JsonObject

DISTINCT_DIGITS = 6
"""Hexadecimal digits that tell apart operations of one name."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
_DISTINCT = re.compile(rf"_[0-9a-f]{{{DISTINCT_DIGITS}}}\Z")


def is_maybe_distinct(name: str) -> bool:
    """False for what certainly is no `Entry.distinct_name`."""
    return _DISTINCT.search(name) is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """An operation, with nothing resolved."""

    method: str
    """Upper case."""
    path: str
    """The template, such as `/items/{id}`."""
    written: JsonObject
    """The operation as its author wrote it."""
    written_item: JsonObject
    """The path item as its author wrote it."""
    translation: Callable[[JsonObject, JsonObject], JsonObject] | None = None
    """What makes an operation of OpenAPI 3 of a path item and an operation of another version."""
    is_shared: bool = False
    """True when the plain name is another operation's too."""

    @property
    def operation(self) -> JsonObject:
        """The operation in the shape of OpenAPI 3."""
        return self.written if self.translation is None else self._translated

    @cached_property
    def _translated(self) -> JsonObject:
        return self.written if self.translation is None else self.translation(self.written_item, self.written)

    @property
    def path_item(self) -> JsonObject:
        """The path item in the shape of OpenAPI 3; empty where a translation has put its members into the operation."""
        return self.written_item if self.translation is None else {}

    @property
    def operation_id(self) -> str | None:
        """The author's name for it."""
        name = self.written.get("operationId")
        return name if isinstance(name, str) and name else None

    @property
    def function_name(self) -> str:
        """A legal function name that no other operation has."""
        return self.distinct_name if self.is_shared else self.plain_name

    @cached_property
    def distinct_name(self) -> str:
        """The plain name and a few digits that method and path alone decide, whatever else is in the description."""
        place = f"{self.method} {self.path}".encode(errors="replace")
        return f"{self.plain_name}_{hashlib.sha256(place).hexdigest()[:DISTINCT_DIGITS]}"

    @cached_property
    def plain_name(self) -> str:
        """A legal function name: of the operationId, else of method and path (spec 4.2.10)."""
        if (name := self.operation_id) is not None:
            return _UNSAFE.sub("_", name)
        words = re.sub(r"[^A-Za-z0-9]+", "_", self.path).strip("_")
        return f"{self.method.lower()}_{words}" if words else self.method.lower()


def told_apart(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The operations, those marked that share a name; it stays with the one whose operationId it is."""
    names = [entry.plain_name for entry in entries]
    if len(set(names)) == len(names):
        return tuple(entries)
    plain = Counter(names)
    own = Counter(entry.operation_id for entry in entries)
    return tuple(
        entry
        if plain[entry.plain_name] == 1 or (entry.operation_id == entry.plain_name and own[entry.plain_name] == 1)
        else replace(entry, is_shared=True)
        for entry in entries
    )
