"""The sessions with one MCP server: opened at first use, kept while they are used, opened anew once they have ended."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup, TaskStatus

from runtimes.errors import InvocationError
from runtimes.mcp.refusals import Forgotten, Refused

if TYPE_CHECKING:
    from runtimes.mcp.session import Session
    from runtimes.mcp.tools import Listing

MAX_SESSIONS = 100
"""How many persons may have a session at once."""
CLOSE_SECONDS = 3.0
"""How long sessions may take to say goodbye when the runtime is left."""

Opener = Callable[[str], AbstractAsyncContextManager["Session"]]
"""Opens a session for a person. Entering raises: `InvocationError`."""


class Sessions:
    """One session for each person, or one for all."""

    def __init__(
        self,
        tasks: TaskGroup,
        open_session: Opener,
        learned: Callable[[Listing], None] | None,
        *,
        is_shared: bool,
        idle_seconds: float | None,
    ) -> None:
        """`learned` is told of the tools whenever they have been listed; without it they are not listed."""
        self._tasks = tasks
        self._open_session = open_session
        self._learned = learned
        self._is_shared = is_shared
        self._idle_seconds = math.inf if idle_seconds is None else idle_seconds
        self._sessions: dict[str, Session] = {}
        self._opening: dict[str, anyio.Lock] = {}
        self._running = 0
        self._has_ended = anyio.Event()
        self._is_closed = False

    @asynccontextmanager
    async def of(self, person: str) -> AsyncGenerator[Session]:
        """The person's session, opened where there is none; it is not idle as long as the context lasts.

        Entering raises: `InvocationError`.
        """
        key = "" if self._is_shared else person
        lock = self._opening.setdefault(key, anyio.Lock())
        try:
            async with lock:
                session = self._sessions.get(key)
                if session is None or session.is_over:
                    self._make_room(key)
                    session = await self._tasks.start(self._keep, key)
                else:
                    session.use()
        finally:
            if not lock.locked():
                self._opening.pop(key, None)
        try:
            yield session
        finally:
            session.leave()

    def _make_room(self, key: str) -> None:
        """Ends the session that was not used for longest where there are too many. Raises: `InvocationError`."""
        open_ones = {name: one for name, one in self._sessions.items() if not one.is_over and name != key}
        if len(open_ones) < MAX_SESSIONS:
            return
        idle = [one for one in open_ones.values() if one.is_idle]
        if not idle:
            raise InvocationError(f"{MAX_SESSIONS} persons have calls under way already", not_executed="connect")
        min(idle, key=lambda one: one.last_used).ending.end("there were too many")

    async def _keep(self, key: str, *, task_status: TaskStatus[Session]) -> None:
        self._running += 1
        try:
            async with self._open_session(key) as session:
                self._sessions[key] = session
                session.use()  # until whoever waits for it has it
                task_status.started(session)
                await self._tend(session)
        finally:
            self._running -= 1
            if (kept := self._sessions.get(key)) is not None and kept.is_over:
                del self._sessions[key]
            self._has_ended.set()

    async def _tend(self, session: Session) -> None:
        """Lists the tools again where they have changed; returns when the session is over or has been idle."""
        async with anyio.create_task_group() as tasks:

            async def wake() -> None:
                await session.ending.has_come.wait()
                session.stirred.set()

            tasks.start_soon(wake)
            while not session.is_over:
                session.stirred = anyio.Event()
                pause = math.inf
                if self._learned is not None and session.listing is not None and session.has_changed:
                    pause = session.listing_pause or await self._learn(session, self._learned)
                left = session.last_used + self._idle_seconds - anyio.current_time() if session.is_idle else math.inf
                if left <= 0:
                    session.ending.end("nobody has used it for a while")
                with anyio.move_on_after(max(0.0, min(left, pause))):
                    await session.stirred.wait()
            tasks.cancel_scope.cancel()

    async def _learn(self, session: Session, learned: Callable[[Listing], None]) -> float:
        """How many seconds later it is to be tried again: not before something stirs."""
        try:
            learned(await session.tools())
        except (InvocationError, Refused, Forgotten) as error:
            session.ending.complaint = f"its tools cannot be listed again: {error}"
        return math.inf

    async def close(self) -> None:
        """Ends all of them, within `CLOSE_SECONDS`."""
        for session in self._sessions.values():
            session.ending.end("it was stopped")
        with anyio.move_on_after(CLOSE_SECONDS):
            while self._running:
                self._has_ended = anyio.Event()
                await self._has_ended.wait()
