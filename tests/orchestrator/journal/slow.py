"""A journal that takes its time, for tests of what happens meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import anyio.lowlevel

from orchestrator.events import Fact
from orchestrator.journal.base import LEASE_SECONDS, ConversationId, Kept, Lease
from orchestrator.journal.memory import MemoryJournal


class SlowJournal:
    """A journal that gives way to others whenever it can, as one on a disk does."""

    def __init__(self, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._journal = MemoryJournal(lease_seconds=lease_seconds)

    async def append(
        self,
        conversation: ConversationId,
        expected: int,
        facts: Sequence[Fact],
        /,
        *,
        wake: float | None = None,
        lease: Lease | None = None,
    ) -> int:
        await anyio.lowlevel.checkpoint()
        number = await self._journal.append(conversation, expected, facts, wake=wake, lease=lease)
        await anyio.lowlevel.checkpoint()
        return number

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        await anyio.lowlevel.checkpoint()
        return await self._journal.read(conversation, after)

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        await anyio.lowlevel.checkpoint()
        lease = await self._journal.claim(conversation, expected, facts, wake=wake)
        await anyio.lowlevel.checkpoint()
        return lease

    async def renew(self, lease: Lease, /) -> None:
        await anyio.lowlevel.checkpoint()
        await self._journal.renew(lease)

    async def release(self, lease: Lease, /) -> None:
        await anyio.lowlevel.checkpoint()
        await self._journal.release(lease)

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        await anyio.lowlevel.checkpoint()
        lease = await self._journal.take(plugins)
        await anyio.lowlevel.checkpoint()
        return lease

    async def has_work(self, timeout: float, /) -> None:
        await self._journal.has_work(timeout)

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        await anyio.lowlevel.checkpoint()
        await self._journal.keep_file(conversation, sha256, data)

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        await anyio.lowlevel.checkpoint()
        return await self._journal.file(conversation, sha256)

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        await anyio.lowlevel.checkpoint()
        return await self._journal.kept(person)

    async def forget(self, conversation: ConversationId, /) -> bool:
        await anyio.lowlevel.checkpoint()
        return await self._journal.forget(conversation)

    async def forget_before(self, time: float, /) -> int:
        await anyio.lowlevel.checkpoint()
        return await self._journal.forget_before(time)
