"""Waiting until another process may have left or woken a conversation."""

from __future__ import annotations

import asyncio
from typing import Protocol

import anyio
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from orchestrator.journal.sql.ending import ANSWER_SECONDS
from orchestrator.journal.sql.writing import CHANNEL
from orchestrator.wholeness import to_its_end

POLL_SECONDS = 0.2
"""How often a SQLite file is looked at."""


class Notices(Protocol):
    """One connection that waits. What came before the first wait is not known: that one returns at once."""

    async def wait(self, timeout: float, /) -> None:
        """Returns when there may be work, at the latest after `timeout` seconds; never fails."""
        ...

    async def aclose(self) -> None:
        """Gives the connection back."""
        ...


class FileNotices:
    """Sees that another connection has written to a SQLite file."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._version: int | None = None
        self._lock = anyio.Lock()

    async def wait(self, timeout: float, /) -> None:
        with anyio.move_on_after(timeout):
            async with self._lock:
                while not await self._has_changed():  # noqa: ASYNC110 - the file tells nobody
                    await anyio.sleep(POLL_SECONDS)

    async def _has_changed(self) -> bool:
        known = self._version
        await to_its_end(self._look())
        return known != self._version

    async def _look(self) -> None:
        try:
            self._version = await self._current()
        except (DBAPIError, PoolTimeout):
            await self._drop()

    async def _current(self) -> int:
        if self._connection is None:
            self._connection = await self._engine.connect()
        version: int = (await self._connection.exec_driver_sql("PRAGMA data_version")).scalar_one()
        await self._connection.rollback()
        return version

    async def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.invalidate()
            await connection.close()

    async def aclose(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


class ServerNotices:
    """Listens to PostgreSQL on a connection of its own, made anew when it is lost."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: AsyncConnection | None = None
        self._lock = anyio.Lock()

    async def wait(self, timeout: float, /) -> None:
        from psycopg import Error

        with anyio.move_on_after(timeout):
            async with self._lock:
                try:
                    await self._listen(timeout)
                except (DBAPIError, PoolTimeout, TimeoutError, Error):
                    await self._drop()
                    await anyio.sleep_forever()  # whoever waits looks again after its timeout

    async def _listen(self, timeout: float) -> None:
        from psycopg import AsyncConnection as Driver

        if self._connection is None:
            await to_its_end(self._begin())
            return
        driver = (await self._connection.get_raw_connection()).driver_connection
        assert isinstance(driver, Driver)
        async for _ in driver.notifies(timeout=timeout, stop_after=1):
            pass

    async def _begin(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            self._connection = await self._engine.connect()
            await self._connection.exec_driver_sql(f"LISTEN {CHANNEL}")

    async def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with anyio.CancelScope(shield=True):
                await connection.invalidate()
                await connection.close()

    async def aclose(self) -> None:
        await self._drop()  # not given back: whoever had it next would listen
