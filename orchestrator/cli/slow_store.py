"""A store that keeps somebody waiting, as one does that another program has locked: they are told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId, Journal, Kept, Lease

SLOW = 1.0
"""Seconds after which somebody who waits is told what for."""

WAITING = "waiting for {what}, which is slow or locked by another program"


@contextmanager
def told_when_slow(what: str = "the store") -> Generator[None]:
    """While entered, the error stream is told once what is waited for, if it takes longer than `SLOW`."""
    told = WAITING.format(what=what)
    telling = asyncio.get_running_loop().call_later(SLOW, lambda: print(told, file=sys.stderr, flush=True))
    try:
        yield
    finally:
        telling.cancel()


class TellingJournal:
    """Another journal, and a word to whoever has to wait for it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

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
        """As `Journal.append`."""
        with told_when_slow():
            return await self._journal.append(conversation, expected, facts, wake=wake, lease=lease)

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        """As `Journal.read`."""
        with told_when_slow():
            return await self._journal.read(conversation, after)

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        """As `Journal.claim`."""
        with told_when_slow():
            return await self._journal.claim(conversation, expected, facts, wake=wake)

    async def renew(self, lease: Lease, /) -> None:
        """As `Journal.renew`."""
        await self._journal.renew(lease)  # nobody waits for it

    async def release(self, lease: Lease, /) -> None:
        """As `Journal.release`."""
        with told_when_slow():
            await self._journal.release(lease)

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        """As `Journal.take`."""
        with told_when_slow():
            return await self._journal.take(plugins)

    async def has_work(self, timeout: float, /) -> None:
        """As `Journal.has_work`."""
        await self._journal.has_work(timeout)  # it waits by itself

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        """As `Journal.keep_file`."""
        with told_when_slow():
            await self._journal.keep_file(conversation, sha256, data)

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        """As `Journal.file`."""
        with told_when_slow():
            return await self._journal.file(conversation, sha256)

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        """As `Journal.kept`."""
        with told_when_slow():
            return await self._journal.kept(person)

    async def forget(self, conversation: ConversationId, /) -> bool:
        """As `Journal.forget`."""
        with told_when_slow():
            return await self._journal.forget(conversation)

    async def forget_before(self, time: float, /) -> int:
        """As `Journal.forget_before`."""
        with told_when_slow():
            return await self._journal.forget_before(time)
