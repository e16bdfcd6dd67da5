"""A conversation's facts in the journal, and the history they make: read, appended, never out of step."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

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
        self._lock = anyio.Lock(fast_acquire=True)
        """Held while the journal and the history are brought in step: two who do it at once would count facts twice."""

    async def refresh(self) -> None:
        """Takes in what others have appended."""
        async with self._lock:
            await self._catch_up()

    async def _catch_up(self) -> None:
        for fact in await self._journal.read(self.conversation, after=self.history.sequence):
            self.history = advance(self.history, fact)

    async def facts(self) -> Sequence[Fact]:
        """Everything that is kept."""
        return await self._journal.read(self.conversation)

    async def append(self, *facts: Fact) -> None:
        """Keeps facts that were decided on this very history.

        Raises: `JournalConflict` when it has grown; the history is then up to date.
        """
        if not facts:
            return
        async with self._lock:
            try:
                await self._journal.append(self.conversation, self.history.sequence, facts)
            except JournalConflict:
                await self._catch_up()
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
