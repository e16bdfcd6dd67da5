"""Where each value and each key of a JSON text stands. Pure; for text that `parse_json` has accepted."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS
from runtimes.values import InvalidJson

MAX_NODES = 200_000
"""How many values a text may have; each costs memory for its place."""

MAX_NOTED = 100
"""How many duplicate keys, and how many huge integers, are noted; one is enough to refuse or to warn."""

BOM = "\ufeff"

_MAX_INDEX_DIGITS = len(str(MAX_NODES))
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|[^\s\[\]{},:"]++')
_HUGE_DIGITS = re.compile(r"-?[0-9]{19,}")
_EXACT = range(-(2**63), 2**64)
"""The integers that fit into 64 bits."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text, 1-based; columns count code points, and a byte order mark has none."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about one member that only the text shows."""

    pointer: str
    place: Place


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a text, by offsets."""

    at: int
    key_at: int
    """Where the key stands; for what has none, the value."""
    part: str
    """The key, or the index in the array."""
    children: dict[str, Node] | list[Node] | None


class Lines:
    """Turns offsets of a text into places. Lines end with a line feed, as they do for JSON parsers."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)


class Positions:
    """The places of one text, asked for by RFC 6901 pointer."""

    def __init__(self, root: Node, lines: Lines, duplicates: Sequence[Noted] = (), huge: Sequence[Noted] = ()) -> None:
        self._root = root
        self._lines = lines
        self.duplicates = tuple(duplicates)
        """Keys that their object has already, each where it is repeated; a value is then that of the last one."""
        self.huge_integers = tuple(huge)
        """Integers beyond 64 bits."""

    def value(self, pointer: str) -> Place | None:
        """Where the value starts; None where the text has no such value."""
        node = self._node(pointer)
        return self._lines.place(node.at) if node is not None else None

    def key(self, pointer: str) -> Place | None:
        """Where the key of the member starts; for an element of an array and for the root, the value."""
        node = self._node(pointer)
        return self._lines.place(node.key_at) if node is not None else None

    def nearest(self, pointer: str) -> Place:
        """Where the value starts, or else the innermost value around it."""
        while (place := self.value(pointer)) is None:
            pointer = pointer.rpartition("/")[0]
        return place

    def _node(self, pointer: str) -> Node | None:
        node: Node | None = self._root
        for part in pointer.split("/")[1:]:
            node = _child(node, _unescaped(part)) if node is not None else None
        return node


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _child(node: Node, part: str) -> Node | None:
    children = node.children
    if isinstance(children, dict):
        return children.get(part)
    if children is None or not (part.isascii() and part.isdecimal() and len(part) <= _MAX_INDEX_DIGITS):
        return None
    return children[int(part)] if int(part) < len(children) else None


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1") if "/" in part or "~" in part else part


def pointer_to(*parts: str | int) -> str:
    """The RFC 6901 pointer of these steps from the root."""
    return "".join(["/" + _escaped(str(part)) for part in parts])


def name_at(pointer: str) -> str:
    """The last step of a pointer: a key, or the index of an element."""
    return _unescaped(pointer.rpartition("/")[2])


class _Scanner:
    def __init__(self, text: str) -> None:
        self._lines = Lines(text)
        self._text = text
        self._root = Node(at=0, key_at=0, part="", children=[])
        self._open = [self._root]
        self._key: tuple[str, int] | None = None
        self._count = 0
        self._duplicates: list[Noted] = []
        self._huge: list[Noted] = []

    def scan(self) -> None:
        for match in _TOKEN.finditer(self._text):
            word, at = match[0], match.start()
            if word in "]}":
                self._open.pop()
            elif self._key is None and isinstance(self._open[-1].children, dict):
                self._key = (self._name(word, at), at)
            else:
                self._add(word, at)

    def positions(self) -> Positions:
        """The places of what has been scanned: at least the root."""
        roots = self._root.children
        assert isinstance(roots, list)
        return Positions(roots[0], self._lines, self._duplicates, self._huge)

    def _name(self, word: str, at: int) -> str:
        name = str(json.loads(word)) if "\\" in word else word[1:-1]
        if len(name) > MAX_KEY_CHARS:
            raise self._refusal(f"a key is longer than {MAX_KEY_CHARS} characters", at)
        children = self._open[-1].children
        if isinstance(children, dict) and name in children:
            self._note(self._duplicates, name, at)
        return name

    def _add(self, word: str, at: int) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise self._refusal(f"more than {MAX_NODES} values", at)
        siblings = self._open[-1].children
        opened: dict[str, Node] | list[Node] | None = {} if word == "{" else [] if word == "[" else None
        name, key_at = self._key or (str(len(siblings or ())), at)
        node = Node(at=at, key_at=key_at, part=name, children=opened)
        self._key = None
        if isinstance(siblings, dict):
            siblings[name] = node
        elif siblings is not None:
            siblings.append(node)
        if _HUGE_DIGITS.fullmatch(word) and int(word) not in _EXACT:
            self._note(self._huge, name, at)
        if opened is not None:
            self._open.append(node)
            if len(self._open) - 1 > MAX_DEPTH:
                raise self._refusal(f"nested more than {MAX_DEPTH} deep", at)

    def _note(self, notes: list[Noted], name: str, at: int) -> None:
        if len(notes) < MAX_NOTED:
            parts = [*(node.part for node in self._open[2:]), name] if len(self._open) > 1 else []
            notes.append(Noted(pointer_to(*parts), self._lines.place(at)))

    def _refusal(self, reason: str, at: int) -> InvalidJson:
        place = self._lines.place(at)
        return InvalidJson(reason, place.line, place.column)


def scan(text: str) -> Positions:
    """The places in a text that is JSON.

    Raises: `InvalidJson` for more than `MAX_NODES` values, a deeper one than `MAX_DEPTH`, or a longer key than
    `MAX_KEY_CHARS`.
    """
    scanner = _Scanner(text.removeprefix(BOM))
    scanner.scan()
    return scanner.positions()


def scan_within_limits(text: str) -> Positions:
    """As `scan`, of text that may be larger than what is read: beyond a limit nothing more has a place of its own."""
    scanner = _Scanner(text.removeprefix(BOM))
    with suppress(InvalidJson):
        scanner.scan()
    return scanner.positions()
