"""Runs a turn in a task of its own, so that whoever reads its events may leave at any time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress

import anyio
import anyio.lowlevel

from orchestrator.errors import LeaseLost, StoreError
from orchestrator.events import Event, Fact
from orchestrator.signals import TextDelta
from orchestrator.turn.driver import CANCEL_TIMEOUT
from orchestrator.turn.machine import ending
from orchestrator.turn.replies import Emit
from orchestrator.turn.state import TurnState
from orchestrator.turn.tenure import Tenure

EVENT_BUFFER = 256
"""Events that wait for a reader before the turn itself waits."""

Spawn = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
"""Runs a turn in a task that the host ends with itself."""

Drive = Callable[[Emit | None], Coroutine[None, None, None]]
"""Carries a turn on, and is given where to tell of it; None where nobody listens."""


class _Unread:
    """The events of one turn that its reader has not had yet."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._some, self._room = asyncio.Event(), asyncio.Event()
        self._is_over = self._is_left = False

    async def tell(self, event: Event) -> None:
        """Waits while there are too many. A reader who waits has a piece of text at once, before the next is made."""
        while len(self._events) >= EVENT_BUFFER and not self._is_left:
            self._room.clear()
            await self._room.wait()
        if self._is_left:
            return  # and is cancelling this turn
        self._events.append(event)
        is_awaited = not self._some.is_set()
        self._some.set()
        if is_awaited and isinstance(event, TextDelta):
            await anyio.lowlevel.checkpoint()

    async def next(self) -> Event | None:
        """None once nothing follows."""
        while not self._events:
            if self._is_over:
                return None
            self._some.clear()
            await self._some.wait()
        self._room.set()
        return self._events.popleft()

    def end(self) -> None:
        """Nothing follows."""
        self._is_over = True
        self._some.set()

    def leave(self) -> None:
        """Nobody reads on."""
        self._is_left = True
        self._room.set()


async def stream(
    drive: Drive, tenure: Tenure, spawn: Spawn, begun: Sequence[Fact] = (), *, leaves: bool = False
) -> AsyncGenerator[Event]:
    """What has begun the turn, and what `drive` emits while it carries it on; being closed early cancels it.

    One that `leaves` does not end the turn then: somebody else goes on with it.
    """
    unread, turn = _Unread(), tenure.history.turn
    task = spawn(drive(unread.tell))
    task.add_done_callback(lambda _: unread.end())
    try:
        for fact in begun:
            yield fact
        while (event := await unread.next()) is not None:
            yield event
    finally:
        unread.leave()
        await _stop(task, tenure, turn, leaves=leaves)
    if not task.cancelled():  # else the host was closed, which is no error of the reader's
        await task


async def unwatched(drive: Drive, tenure: Tenure, spawn: Spawn, *, leaves: bool = False) -> None:
    """As `stream` for somebody who reads nothing; being cancelled cancels the turn."""
    turn = tenure.history.turn
    task = spawn(drive(None))
    try:
        await asyncio.wait({task})
    finally:
        await _stop(task, tenure, turn, leaves=leaves)
    if not task.cancelled():
        await task


async def _stop(task: asyncio.Task[None], tenure: Tenure, turn: TurnState | None, *, leaves: bool) -> None:
    """Ends a task, and its turn where it was cancelled before it had begun."""
    if task.done() and not task.cancelled():
        return
    task.cancel()
    with anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
        await asyncio.wait({task})
        if task.cancelled() and turn is not None and tenure.history.turn is turn:
            with suppress(LeaseLost, StoreError):
                await (tenure.release() if leaves else tenure.settle(turn.started, ending))
