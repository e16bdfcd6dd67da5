"""The parts of an expression of the card language, and how the reference writes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from orchestrator.response.cards.function import Kind
from orchestrator.response.cards.values import ABSENT, Value, number_text

ACCESSOR: Final = "Accessor"
"""What a name is a call of: its arguments are the name and, behind a point, what it is a member of."""

ELEMENT: Final = "Element"
"""What square brackets behind a value are a call of."""

_BARE_QUOTE: Final = re.compile(r"(?<!\\)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A value that stands in the expression itself."""

    value: Value
    at: int
    depth: int = 1
    size: int = 1

    @property
    def gives(self) -> Kind:
        """What kind of value it is."""
        if isinstance(self.value, str):
            return Kind.STRING
        if isinstance(self.value, bool):
            return Kind.BOOLEAN
        return Kind.NUMBER if isinstance(self.value, int | float) else Kind.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function or an operator with what it is applied to."""

    name: str
    """The function's own name: `+` also where `add` is written."""
    arguments: tuple[Node, ...]
    gives: Kind
    at: int
    """Where it begins in the string of the card."""
    is_known: bool = True
    """False for a function that there is not: it fails when it is evaluated."""
    depth: int = field(init=False)
    """How many calls lie inside each other."""
    size: int = field(init=False)
    """How many nodes it has."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((node.depth for node in self.arguments), default=0))
        object.__setattr__(self, "size", 1 + sum(node.size for node in self.arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object that is written out."""

    members: tuple[tuple[str, Node], ...]
    at: int
    gives: Kind = Kind.ANY
    depth: int = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((node.depth for _, node in self.members), default=0))
        object.__setattr__(self, "size", 1 + sum(node.size for _, node in self.members))


Node: TypeAlias = Constant | Call | Record


_ESCAPED_QUOTE: Final = r"\\'"


def _constant(value: Value) -> str:
    if isinstance(value, str):
        doubled = value.replace("\\", "\\\\")
        return f"'{_BARE_QUOTE.sub(_ESCAPED_QUOTE, doubled)}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return "undefined" if value is ABSENT else "null"


def _path(call: Call) -> str | None:
    """A name or an element as paths are written; None for anything else."""
    if call.name == ACCESSOR and call.arguments and isinstance(call.arguments[0], Constant):
        name = str(call.arguments[0].value)
        return name if len(call.arguments) == 1 else f"{written(call.arguments[1])}.{name}"
    if call.name == ELEMENT and len(call.arguments) == 2:
        return f"{written(call.arguments[0])}[{written(call.arguments[1])}]"
    return None


def _record(record: Record) -> str:
    opening = "setProperty(" * len(record.members)
    return f"{opening}json('{{}}')" + "".join(f", {_constant(name)}, {written(node)})" for name, node in record.members)


def written(node: Node) -> str:
    """The expression as the reference writes it where it shows one that has no value: `(a + b)`, `join(list, ', ')`."""
    if isinstance(node, Constant):
        return _constant(node.value)
    if isinstance(node, Record):
        return _record(node)
    path = _path(node)
    if path is not None:
        return path
    if len(node.arguments) > 1 and not (node.name[:1].isascii() and node.name[:1].isalpha()):
        return f"({f' {node.name} '.join(map(written, node.arguments))})"
    return f"{node.name}({', '.join(map(written, node.arguments))})"
