"""What a person has allowed for always: the seam to where it is remembered, and its in-memory twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

FIRST_USE = "*"
"""Stands for every function of a plugin: the person has agreed to its use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One standing permission; another manifest or description has another hash, and so makes it void."""

    plugin: str
    """The digest of the manifest."""
    description: str = ""
    """The hash of the description that the function comes from; empty for `FIRST_USE`."""
    function: str = FIRST_USE
    namespace: str = field(default="", compare=False)
    """What the plugin was called, for people; a permission does not rest on it."""


class Answers(Protocol):
    """Remembers permissions, each for one person."""

    async def of(self, person: str, /) -> frozenset[Grant]:
        """What this person has allowed for always. Raises: `OrchestratorError` where it cannot be known."""
        ...

    async def remember(self, person: str, grant: Grant, /) -> None:
        """Keeps a permission. Raises: `OrchestratorError` where it cannot be kept."""
        ...

    async def forget(self, person: str, grant: Grant | None = None, /) -> None:
        """Takes a permission back, or all of this person. Raises: `OrchestratorError`."""
        ...


class MemoryAnswers:
    """`Answers` for as long as the process lives."""

    def __init__(self) -> None:
        self._grants: dict[str, frozenset[Grant]] = {}

    async def of(self, person: str, /) -> frozenset[Grant]:
        """What this person has allowed for always."""
        return self._grants.get(person, frozenset())

    async def remember(self, person: str, grant: Grant, /) -> None:
        """Keeps a permission."""
        self._grants[person] = self._grants.get(person, frozenset()) | {grant}

    async def forget(self, person: str, grant: Grant | None = None, /) -> None:
        """Takes a permission back, or all of this person."""
        kept = self._grants.get(person, frozenset()) - {grant} if grant is not None else frozenset[Grant]()
        self._grants[person] = kept
