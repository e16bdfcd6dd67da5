"""A journal in a database, on SQLite or PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar
from uuid import uuid4

import anyio
from sqlalchemy import Connection

from orchestrator.errors import LeaseLost, StoreDamaged
from orchestrator.events import Fact
from orchestrator.journal.base import AT_ONCE, LEASE_SECONDS, ConversationId, Kept, Lease
from orchestrator.journal.sql import leases, listing, reading, writing
from orchestrator.journal.sql.notices import FileNotices, Notices, ServerNotices
from orchestrator.journal.sql.payloads import MAX_PAYLOAD, payload_of
from orchestrator.journal.sql.rows import check_name, forms_of, growth, key_of, payload_row
from orchestrator.journal.sql.tables import payloads
from orchestrator.journal.sql.transactions import Transactions
from orchestrator.wholeness import to_its_end

Result = TypeVar("Result")

AWAY_OVER = 65_536
"""Bytes from which on facts are made into rows, and out of them, in a thread."""

MAX_FACTS = 2**31 - 1
"""The highest sequence number that the tables can hold."""


async def _away_if_long(size: int, make: Callable[[], Result]) -> Result:
    return make() if size <= AWAY_OVER else await anyio.to_thread.run_sync(make)


class SqlJournal:
    """Each method is one transaction, as `Transactions` carries it out."""

    def __init__(self, transactions: Transactions, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """The tables are there already; it ends with `aclose`, and the transactions with it."""
        self._transactions = transactions
        self._name = transactions.name
        self._lease_seconds = lease_seconds
        engine = transactions.engine
        self._notices: Notices = ServerNotices(engine) if transactions.is_server else FileNotices(engine)

    async def aclose(self) -> None:
        """Gives its connections back."""
        await to_its_end(self._close())

    async def _close(self) -> None:
        await self._notices.aclose()
        await self._transactions.aclose()

    def _seconds(self, wake: float | None, seconds: float) -> float | None:
        return seconds if wake == AT_ONCE else None

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
        seconds = self._seconds(wake, lease.seconds) if lease is not None else None
        forms = forms_of(conversation, facts)
        new = await _away_if_long(
            sum(map(len, forms)),
            partial(growth, conversation, expected, facts, forms, wake=wake, seconds=seconds, lease=lease),
        )
        await self._transactions.write(partial(writing.grow, growth=new), partial(writing.grow_again, growth=new))
        return new.new

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        seconds, mark = self._seconds(wake, self._lease_seconds), uuid4().hex
        forms = forms_of(conversation, facts)
        new = await _away_if_long(
            sum(map(len, forms)),
            partial(growth, conversation, expected, facts, forms, wake=wake, seconds=seconds, mark=mark),
        )
        epoch = await self._transactions.write(
            partial(writing.grow, growth=new), partial(writing.grow_again, growth=new)
        )
        return Lease(conversation=conversation, epoch=epoch, seconds=self._lease_seconds)

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        check_name(conversation, "a conversation")
        try:
            found = await self._transactions.read(
                partial(reading.find, conversation=conversation, after=min(after, MAX_FACTS))
            )
            return await _away_if_long(found.size, partial(reading.facts_of, found, self._name, conversation))
        except StoreDamaged:
            # deleted between the statement for its facts and the one for its payloads
            if not await self._transactions.read(partial(reading.exists, conversation=conversation)):
                return ()
            raise

    async def renew(self, lease: Lease, /) -> None:
        if not await self._transactions.write(partial(leases.renew, lease=lease)):
            raise LeaseLost(lease.conversation)

    async def release(self, lease: Lease, /) -> None:
        await self._transactions.write(partial(leases.release, lease=lease))

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        for plugin in plugins:
            check_name(plugin, "a plugin")
        key, mark, seconds = key_of(plugins), uuid4().hex, self._lease_seconds
        return await self._transactions.write(
            partial(leases.take, key=key, mark=mark, seconds=seconds),
            partial(leases.take_again, key=key, mark=mark, seconds=seconds),
        )

    async def has_work(self, timeout: float, /) -> None:
        await self._notices.wait(timeout)

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        if len(data) > MAX_PAYLOAD:
            raise ValueError(f"a file of {len(data)} bytes is more than the {MAX_PAYLOAD} that are kept")
        check_name(conversation, "a conversation")
        check_name(sha256, "a file")
        payload = await anyio.to_thread.run_sync(payload_of, data, sha256)
        row = payload_row(conversation, payload)

        def keep(connection: Connection) -> None:
            with connection.begin():
                writing.create(connection, conversation)
                connection.execute(writing.insert_once(payloads, connection.dialect.name), row)

        await self._transactions.write(keep)

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        check_name(conversation, "a conversation")
        check_name(sha256, "a file")
        found = await self._transactions.read(
            partial(reading.find_payloads, conversation=conversation, hashes=[sha256])
        )
        if sha256 not in found:
            return None
        try:
            return await anyio.to_thread.run_sync(found[sha256].open)
        except ValueError as error:
            where = f"a file of conversation {conversation!r}"
            raise StoreDamaged(f"{self._name}: {where} cannot be read; restore the store from a copy") from error

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        if person is not None:
            check_name(person, "a person")
        return await self._transactions.read(partial(listing.kept, person=person))

    async def forget(self, conversation: ConversationId, /) -> bool:
        check_name(conversation, "a conversation")
        is_gone = await self._transactions.write(partial(listing.forget, conversation=conversation))
        if is_gone:
            await self._transactions.give_back()
        return is_gone

    async def forget_before(self, time: float, /) -> int:
        count = 0
        while some := await self._transactions.write(partial(listing.forget_some, time=time)):
            count += some
        if count:
            await self._transactions.give_back()
        return count
