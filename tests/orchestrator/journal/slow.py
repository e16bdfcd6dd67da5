"""A journal that takes its time, for tests of what happens meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.lowlevel

from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId
from orchestrator.journal.memory import MemoryJournal


class SlowJournal:
    """A journal that gives way to others whenever it can, as one on a disk does."""

    def __init__(self) -> None:
        self._journal = MemoryJournal()

    async def append(self, conversation: ConversationId, expected: int, facts: Sequence[Fact], /) -> int:
        await anyio.lowlevel.checkpoint()
        number = await self._journal.append(conversation, expected, facts)
        await anyio.lowlevel.checkpoint()
        return number

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        await anyio.lowlevel.checkpoint()
        return await self._journal.read(conversation, after)
