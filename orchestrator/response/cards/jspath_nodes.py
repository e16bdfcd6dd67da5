"""What a path of the `jPath` function (the language JSPath) consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Literally:
    """A value that is written out."""

    value: str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Goes one step down, or any number of steps."""

    deep: bool
    name: str | None
    """None for everything below, or for what is there already."""
    is_star: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Keeps what a condition holds for."""

    condition: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Keeps one place, counted from the end when negative."""

    index: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Keeps the places from one to before another."""

    start: Node | None
    end: Node | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """What several paths lead to, one after the other."""

    paths: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Steps from where it stands, or from the root."""

    from_root: bool
    is_unknown: bool
    """Whether it starts at a variable, of which there are none."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operator and what it is applied to."""

    kind: Literal["logic", "comparison", "arithmetic", "sign"]
    operator: str
    operands: tuple[Node, ...]


Step: TypeAlias = Selector | Filter | Place | Range | Union | Path
Node: TypeAlias = Literally | Path | Union | Operation
