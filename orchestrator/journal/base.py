"""The seam between conversations and what keeps their facts: append-only, compare-and-set on the sequence number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.events import Fact

ConversationId = str


class Journal(Protocol):
    """Keeps facts, in order, for each conversation."""

    async def append(self, conversation: ConversationId, expected: int, facts: Sequence[Fact], /) -> int:
        """Keeps all of the facts or none; `expected` is the number kept so far. Returns the new number.

        Raises: `JournalConflict` when somebody else appended first.
        """
        ...

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        """The facts from sequence number `after` on."""
        ...
