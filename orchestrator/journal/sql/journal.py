"""A journal in a database, on SQLite or PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import anyio
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.errors import LeaseLost, StoreDamaged
from orchestrator.events import Fact
from orchestrator.journal.base import AT_ONCE, LEASE_SECONDS, ConversationId, Kept, Lease
from orchestrator.journal.sql import leases, listing, reading, writing
from orchestrator.journal.sql.engine import READERS, WRITERS
from orchestrator.journal.sql.errors import told
from orchestrator.journal.sql.notices import FileNotices, Notices, ServerNotices
from orchestrator.journal.sql.payloads import MAX_PAYLOAD, payload_of
from orchestrator.journal.sql.rows import check_name, growth, key_of, payload_row
from orchestrator.journal.sql.sqlite_file import give_back
from orchestrator.journal.sql.tables import payloads

Result = TypeVar("Result")

AWAY_OVER = 65_536
"""Bytes of payloads from which on facts are read in a thread."""


class SqlJournal:
    """Each method is one transaction; it is not cancelled half-way, and repeated once when its connection was lost."""

    def __init__(self, engine: AsyncEngine, *, name: str, lease_seconds: float = LEASE_SECONDS) -> None:
        """Its tables are there already, and it ends with `aclose`; `name` is the store's in messages."""
        backend = engine.dialect.name
        self._name = name
        self._lease_seconds = lease_seconds
        self._writers = engine
        self._writing = anyio.Semaphore(WRITERS[backend], fast_acquire=True)
        self._reading = anyio.Semaphore(READERS[backend], fast_acquire=True)
        is_server = backend == "postgresql"
        self._file = None if is_server else Path(str(engine.url.database))
        self._readers = engine.execution_options(isolation_level="AUTOCOMMIT") if is_server else engine
        self._notices: Notices = ServerNotices(engine) if is_server else FileNotices(engine)

    async def aclose(self) -> None:
        """Gives its connections back."""
        with anyio.CancelScope(shield=True):
            await self._notices.aclose()
            await self._writers.dispose()

    async def _once(self, engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
        async with engine.connect() as connection:
            return await connection.run_sync(work)

    async def _run(
        self, engine: AsyncEngine, work: Callable[[Connection], Result], again: Callable[[Connection], Result]
    ) -> Result:
        """`again` is done where the connection was lost, by a server that was started anew or in the middle."""
        with anyio.CancelScope(shield=True), told(self._name):
            try:
                return await self._once(engine, work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return await self._once(engine, again)
        raise AssertionError("a shield does not end early")

    async def _write(
        self, work: Callable[[Connection], Result], again: Callable[[Connection], Result] | None = None
    ) -> Result:
        async with self._writing:
            return await self._run(self._writers, work, again or work)

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        async with self._reading:
            return await self._run(self._readers, work, work)

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
        new = growth(conversation, expected, facts, wake=wake, seconds=seconds, lease=lease)
        await self._write(partial(writing.grow, growth=new), partial(writing.grow_again, growth=new))
        return new.new

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        seconds = self._seconds(wake, self._lease_seconds)
        new = growth(conversation, expected, facts, wake=wake, seconds=seconds, mark=uuid4().hex)
        epoch = await self._write(partial(writing.grow, growth=new), partial(writing.grow_again, growth=new))
        return Lease(conversation=conversation, epoch=epoch, seconds=self._lease_seconds)

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        try:
            found = await self._read(partial(reading.find, conversation=conversation, after=after))
            size = sum(packed.size for packed in found.payloads.values())
            if size <= AWAY_OVER:
                return reading.facts_of(found, self._name, conversation)
            return await anyio.to_thread.run_sync(reading.facts_of, found, self._name, conversation)
        except StoreDamaged:
            # deleted between the statement for its facts and the one for its payloads
            if not await self._read(partial(reading.exists, conversation=conversation)):
                return ()
            raise

    async def renew(self, lease: Lease, /) -> None:
        if not await self._write(partial(leases.renew, lease=lease)):
            raise LeaseLost(lease.conversation)

    async def release(self, lease: Lease, /) -> None:
        await self._write(partial(leases.release, lease=lease))

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        key, mark, seconds = key_of(plugins), uuid4().hex, self._lease_seconds
        return await self._write(
            partial(leases.take, key=key, mark=mark, seconds=seconds),
            partial(leases.take_again, key=key, mark=mark, seconds=seconds),
        )

    async def has_work(self, timeout: float, /) -> None:
        await self._notices.wait(timeout)

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        if len(data) > MAX_PAYLOAD:
            raise ValueError(f"a file of {len(data)} bytes is more than the {MAX_PAYLOAD} that are kept")
        check_name(conversation, "a conversation")
        payload = await anyio.to_thread.run_sync(payload_of, data, sha256)
        row = payload_row(conversation, payload)

        def keep(connection: Connection) -> None:
            with connection.begin():
                writing.create(connection, conversation)
                connection.execute(writing.insert_once(payloads, connection.dialect.name), row)

        await self._write(keep)

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        found = await self._read(partial(reading.find_payloads, conversation=conversation, hashes=[sha256]))
        if sha256 not in found:
            return None
        try:
            return await anyio.to_thread.run_sync(found[sha256].open)
        except ValueError as error:
            where = f"a file of conversation {conversation!r}"
            raise StoreDamaged(f"{self._name}: {where} cannot be read; restore the store from a copy") from error

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        return await self._read(partial(listing.kept, person=person))

    async def forget(self, conversation: ConversationId, /) -> bool:
        is_gone = await self._write(partial(listing.forget, conversation=conversation))
        if is_gone:
            await self._give_back()
        return is_gone

    async def _give_back(self) -> None:
        """PostgreSQL does it by itself."""
        if self._file is None:
            return
        async with self._writing:
            with anyio.CancelScope(shield=True), told(self._name):
                await anyio.to_thread.run_sync(give_back, self._file)

    async def forget_before(self, time: float, /) -> int:
        count = 0
        while some := await self._write(partial(listing.forget_some, time=time)):
            count += some
        if count:
            await self._give_back()
        return count
