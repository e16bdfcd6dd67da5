"""A journal that tells what is appended through it, before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from itertools import count

from orchestrator.event_json import encode
from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId, Journal, Kept, Lease
from tests.faults.records import Accepted, Offered, Record, Took

Tell = Callable[[Record], None]


class TellingJournal:
    """The journal it is given, otherwise as it is."""

    def __init__(self, journal: Journal, tell: Tell) -> None:
        self._journal = journal
        self._tell = tell
        self._numbers = count(1)

    def _offer(self, conversation: str, expected: int, facts: Sequence[Fact], lease: Lease | None = None) -> int:
        number = next(self._numbers)
        self._tell(
            Offered(
                number=number,
                conversation=conversation,
                expected=expected,
                facts=tuple(encode(fact).decode() for fact in facts),
                epoch=lease.epoch if lease is not None else None,
                time=time.monotonic(),
            )
        )
        return number

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
        number = self._offer(conversation, expected, facts, lease)
        new = await self._journal.append(conversation, expected, facts, wake=wake, lease=lease)
        epoch = lease.epoch if lease is not None else None
        self._tell(Accepted(number=number, epoch=epoch, time=time.monotonic()))
        return new

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        return await self._journal.read(conversation, after)

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        number = self._offer(conversation, expected, facts)
        lease = await self._journal.claim(conversation, expected, facts, wake=wake)
        self._tell(Accepted(number=number, epoch=lease.epoch, time=time.monotonic()))
        return lease

    async def renew(self, lease: Lease, /) -> None:
        await self._journal.renew(lease)

    async def release(self, lease: Lease, /) -> None:
        await self._journal.release(lease)

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        lease = await self._journal.take(plugins)
        if lease is not None:
            self._tell(Took(conversation=lease.conversation, epoch=lease.epoch, time=time.monotonic()))
        return lease

    async def has_work(self, timeout: float, /) -> None:
        await self._journal.has_work(timeout)

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        await self._journal.keep_file(conversation, sha256, data)

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        return await self._journal.file(conversation, sha256)

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        return await self._journal.kept(person)

    async def forget(self, conversation: ConversationId, /) -> bool:
        return await self._journal.forget(conversation)

    async def forget_before(self, time: float, /) -> int:
        return await self._journal.forget_before(time)
