"""What a function of the card language is that evaluates its arguments itself, and what it compiles to. Pure.

Above stand the forms themselves and the compiler that calls them; below, nodes and paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from orchestrator.response.cards.function import Kind
from orchestrator.response.cards.nodes import Call, Node
from orchestrator.response.cards.paths import Frame, Path
from orchestrator.response.cards.values import ABSENT, Value

Evaluate: TypeAlias = Callable[[Frame], Value]
"""A compiled expression. Raises: `NoValue`, `Crash`, `CardLimit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an expression stands."""

    variables: tuple[str, ...] = ()
    """The names of the lambdas around it, the innermost last."""
    shows_paths: bool = False
    """A path that leads nowhere is worth its own text, `${path}`."""

    @property
    def unshown(self) -> Place:
        """The same place, where what is missing is missing."""
        return replace(self, shows_paths=False)

    def missing(self, path: Path, frame: Frame) -> Value:
        """What a path that leads nowhere is worth here."""
        if not self.shows_paths:
            return ABSENT
        frame.setting.budget.make(len(path.text) + 3)
        return f"${{{path.text}}}"


class Compiler(Protocol):
    """Compiles what is inside."""

    def node(self, node: Node, place: Place, /) -> Evaluate:
        """A part of the expression."""
        ...

    def text(self, text: str, place: Place, /) -> Evaluate:
        """A text with expressions in it that is known only when it runs. Raises: `CardError`, `CardLimit`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A function that evaluates its arguments itself."""

    name: str
    gives: Kind = Kind.ANY
    takes: tuple[Kind, ...] = ()
    may_take: tuple[Kind, ...] = ()
    rest: Kind | None = None
    refused: Callable[[Sequence[Node]], str | None] | None = None
    """What is wrong with the arguments, as they are written."""
    build: Callable[[Call, Place, Compiler], Evaluate]
