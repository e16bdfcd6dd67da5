"""Work on a database, transaction by transaction: on SQLite or PostgreSQL alike, and always to its end.

Above it stand `orchestrator.journal.sql.journal` and `orchestrator.vault.rows`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.journal.sql.ending import ANSWER_SECONDS, Deadline, answered, connected, waited_for
from orchestrator.journal.sql.engine import BUSY_SECONDS, READERS, WRITERS, hasty
from orchestrator.journal.sql.errors import told
from orchestrator.journal.sql.sqlite_file import clear_log, give_back
from orchestrator.wholeness import to_its_end

Result = TypeVar("Result")

UNNOTICED_SECONDS = 1.0
"""Who has waited for others of this process longer waits so much less for another one."""


class Transactions:
    """None is cancelled half-way, and each is repeated once when its connection was lost.

    Who cancels one waits for its end: in a SQLite file as long as the disk takes, at a server at most `ANSWER_SECONDS`.
    """

    def __init__(self, engine: AsyncEngine, *, name: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        """It ends with `aclose`; `name` is the store's in messages, without a password."""
        backend = engine.dialect.name
        is_server = backend == "postgresql"
        self.name = name
        self.engine = engine
        self._answer_seconds = answer_seconds
        self._writing = anyio.Semaphore(WRITERS[backend], fast_acquire=True)
        self._reading = anyio.Semaphore(READERS[backend], fast_acquire=True)
        self._file = None if is_server else Path(str(engine.url.database))
        self._readers = engine.execution_options(isolation_level="AUTOCOMMIT") if is_server else engine
        self._owes_room = False

    @property
    def is_server(self) -> bool:
        """False for a file."""
        return self._file is None

    async def aclose(self) -> None:
        """Gives the connections back."""
        await self.engine.dispose()
        if self._owes_room and self._file is not None:
            await anyio.to_thread.run_sync(clear_log, self._file)

    async def _once(
        self, engine: AsyncEngine, work: Callable[[Connection], Result], deadline: Deadline | None
    ) -> Result:
        async with connected(engine, deadline) as connection:
            return await connection.run_sync(work)

    async def _run(
        self,
        engine: AsyncEngine,
        work: Callable[[Connection], Result],
        again: Callable[[Connection], Result],
        deadline: Deadline | None,
    ) -> Result:
        """`again` is done where the connection was lost, by a server that was started anew or in the middle."""
        with told(self.name), answered(self.name, deadline):
            try:
                return await self._once(engine, work, deadline)
            except DBAPIError as error:
                if not error.connection_invalidated or (deadline is not None and deadline.has_passed):
                    raise
            return await self._once(engine, again, deadline)
        raise AssertionError("what is told is raised")

    def _deadline(self) -> Deadline | None:
        return Deadline(self._answer_seconds) if self._file is None else None

    async def write(
        self, work: Callable[[Connection], Result], again: Callable[[Connection], Result] | None = None
    ) -> Result:
        """What comes of the work; `again` in its place where its connection was lost, after it may have been done.

        Raises: `StoreError`.
        """
        if self._file is not None:
            return await self._write_file(work, self._file)
        deadline = self._deadline()
        with answered(self.name, deadline):
            async with waited_for(self._writing, deadline):
                return await to_its_end(self._run(self.engine, work, again or work, deadline))
        raise AssertionError("what is answered is raised")

    async def _write_file(self, work: Callable[[Connection], Result], file: Path) -> Result:
        """What waited here for others does not wait as long again for another process."""
        patience = Deadline(BUSY_SECONDS)
        async with self._writing:
            if patience.waited > UNNOTICED_SECONDS:
                work = partial(hasty, work, patience.left)
            result = await to_its_end(self._run(self.engine, work, work, None))
            if self._owes_room:
                self._owes_room = not await to_its_end(anyio.to_thread.run_sync(clear_log, file))
            return result

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """The same for work that changes nothing. Raises: `StoreError`."""
        deadline = self._deadline()
        with answered(self.name, deadline):
            async with waited_for(self._reading, deadline):
                return await to_its_end(self._run(self._readers, work, work, deadline))
        raise AssertionError("what is answered is raised")

    async def give_back(self) -> None:
        """What was deleted leaves the file; PostgreSQL does it by itself. Where others read, a later write does it.

        Raises: `StoreError`.
        """
        if self._file is None:
            return
        async with self._writing:
            with told(self.name):
                self._owes_room = not await to_its_end(anyio.to_thread.run_sync(give_back, self._file))
