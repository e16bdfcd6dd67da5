"""Ends what a server that does not answer never would."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from orchestrator.errors import StoreUnavailable

ANSWER_SECONDS = 45.0
"""How long a call waits for a PostgreSQL server, with all it does there: above what the server itself allows one
statement, so that this ends only what has stopped or is cut off."""


class Deadline:
    """Until when a call waits for what keeps the conversations."""

    def __init__(self, seconds: float) -> None:
        """Counts from now."""
        self._seconds = seconds
        self._until = anyio.current_time() + seconds

    @property
    def waited(self) -> float:
        """Seconds of it that are over."""
        return self._seconds - (self._until - anyio.current_time())

    @property
    def left(self) -> float:
        """Seconds; 0 when it has passed."""
        return max(0.0, self._until - anyio.current_time())

    @property
    def has_passed(self) -> bool:
        """True from then on."""
        return anyio.current_time() >= self._until


def _hang_up(number: int) -> None:
    """Ends a connection as if the server had; to be cancelled, a statement would wait for that server again."""
    line = socket.socket(fileno=number)
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.detach()


@contextmanager
def answered(name: str, deadline: Deadline | None) -> Generator[None]:
    """Raises what came of the deadline as `StoreUnavailable`; `name` is the store's, without a password."""
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        if deadline is None or not deadline.has_passed:
            raise
        raise StoreUnavailable(f"{name}: the server does not answer; try again when it does") from error


@asynccontextmanager
async def waited_for(semaphore: anyio.Semaphore, deadline: Deadline | None) -> AsyncGenerator[None]:
    """One's turn. Raises: `TimeoutError` when it does not come before the deadline."""
    try:
        semaphore.acquire_nowait()
    except anyio.WouldBlock:
        if deadline is None:
            await semaphore.acquire()
        else:
            with anyio.fail_after(deadline.left):
                await semaphore.acquire()
    try:
        yield
    finally:
        semaphore.release()


@asynccontextmanager
async def connected(engine: AsyncEngine, deadline: Deadline | None) -> AsyncGenerator[AsyncConnection]:
    """A connection of the engine; to a server, until the deadline. Raises: `TimeoutError` before it is there."""
    if deadline is None:
        async with engine.connect() as connection:
            yield connection
        return
    from psycopg import AsyncConnection as Driver

    async with asyncio.timeout(deadline.left):
        connection = await engine.connect()
    assert connection.sync_connection is not None
    driver = connection.sync_connection.connection.driver_connection
    assert isinstance(driver, Driver)

    def end() -> None:
        if not driver.closed:  # its number may be another's by now
            _hang_up(driver.fileno())

    timer = asyncio.get_running_loop().call_later(deadline.left, end)
    try:
        yield connection
    finally:
        try:
            await connection.close()
        finally:
            timer.cancel()
