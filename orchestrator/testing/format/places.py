"""Where a conversation and its turns stand in their file. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.settings import TABLES
from runtimes.positions import Place, Positions, pointer_to

NOWHERE = Place(0, 0)
"""The place of what stands in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a conversation or a turn stands: finds its members by pointers that start there."""

    pointer: str = ""
    """From the root of the file."""
    positions: Positions | None = field(default=None, repr=False, compare=False)

    def known(self, pointer: str) -> str:
        """The pointer from the root to a member; of one that a short form leaves out, to what it stands for."""
        known = self.pointer
        for step in pointer.split("/")[1:]:
            is_there = self.positions is not None and self.positions.value(f"{known}/{step}") is not None
            known = f"{known}/{step}" if is_there else known
        return known

    def place(self, pointer: str) -> Place:
        """Where a member stands."""
        return self.positions.nearest(self.known(pointer)) if self.positions is not None else NOWHERE

    def inside(self, *steps: str | int) -> Where:
        """Where a member stands."""
        return replace(self, pointer=self.pointer + pointer_to(*steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A conversation, and where it stands."""

    conversation: Conversation
    where: Where = Where()

    def turn(self, index: int) -> Where:
        """Where one of its turns stands."""
        return self.where.inside("turns", index)


def where_written(placed: Placed, pointer: str) -> Where:
    """Where a setting is written: in the conversation, or in what it shares."""
    _, setting, *name = pointer.split("/")[:3]
    needed = "/".join(["", setting, *name]) if setting in TABLES else f"/{setting}"
    own = placed.where
    return own if own.known(needed) == own.pointer + needed else Where(positions=own.positions)
