"""A conversation's facts in the journal, and the history they make: read, appended, never out of step."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import JournalConflict
from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.turn.history import History, advance


class Ledger:
    """One process's view of one conversation."""

    def __init__(self, conversation: ConversationId, journal: Journal) -> None:
        self.conversation = conversation
        self.history = History()
        self._journal = journal

    async def refresh(self) -> None:
        """Takes in what others have appended."""
        for fact in await self._journal.read(self.conversation, after=self.history.sequence):
            self.history = advance(self.history, fact)

    async def facts(self) -> Sequence[Fact]:
        """Everything that is kept."""
        return await self._journal.read(self.conversation)

    async def append(self, *facts: Fact) -> None:
        """Keeps facts that were decided on this very history.

        Raises: `JournalConflict` when it has grown; the history is then up to date.
        """
        try:
            await self._journal.append(self.conversation, self.history.sequence, facts)
        except JournalConflict:
            await self.refresh()
            raise
        for fact in facts:
            self.history = advance(self.history, fact)

    async def record(self, *facts: Fact) -> None:
        """Keeps facts that are true whatever others have appended: what came of something that was done."""
        while True:
            try:
                return await self.append(*facts)
            except JournalConflict:
                continue
