"""A journal that lives as long as the process."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import JournalConflict
from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId


class MemoryJournal:
    """The in-memory twin of the journal."""

    def __init__(self) -> None:
        self._facts: dict[ConversationId, list[Fact]] = {}

    async def append(self, conversation: ConversationId, expected: int, facts: Sequence[Fact], /) -> int:
        kept = self._facts.setdefault(conversation, [])
        if len(kept) != expected:
            raise JournalConflict(f"conversation {conversation!r} has grown since it was read")
        kept.extend(facts)
        return len(kept)

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        return tuple(self._facts.get(conversation, ())[after:])
