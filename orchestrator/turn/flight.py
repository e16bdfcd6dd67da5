"""The calls of one driver that are under way, and what comes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import anyio
from anyio.abc import TaskGroup

from orchestrator.signals import CallProgress, CallSignal
from orchestrator.turn.calling import Outcome, OutgoingCall

MAX_WAITING = 256
"""Outcomes and signals that wait to be taken in."""

MAX_PROGRESS = 64
"""How many may wait where one more progress note joins them; it is dropped beyond that. What is left has room for the
outcomes and the questions of all calls that are in flight together."""

Tell = Callable[[CallSignal], None]
"""Takes what there is to tell of a running call."""

CarryOut = Callable[[OutgoingCall, Tell, TaskGroup], Awaitable[Outcome]]
"""Makes a call, and is given where to tell of it, and the tasks of the turn."""


class Flight:
    """Calls that were dispatched, each in a task of its own."""

    def __init__(self, carry_out: CarryOut, sent_before: Iterable[str] = ()) -> None:
        """`sent_before` are calls that an earlier driver may have sent."""
        self._carry_out = carry_out
        self._ids: set[str] = set()
        self.sent = set(sent_before)
        """The calls that may have been sent, also those that have ended."""
        self._arriving, self._arrived = anyio.create_memory_object_stream[Outcome | CallSignal](MAX_WAITING)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def send(self, ready: Sequence[OutgoingCall], tasks: TaskGroup) -> None:
        """Begins the calls."""
        self._ids.update(one.call.call_id for one in ready)
        self.sent |= self._ids
        for one in ready:
            tasks.start_soon(self._make, one, tasks)

    async def _make(self, ready: OutgoingCall, tasks: TaskGroup) -> None:
        outcome = await self._carry_out(ready, self._tell, tasks)
        await self._arriving.send(outcome)

    def _tell(self, signal: CallSignal) -> None:
        """Drops it where nobody takes in anything any more."""
        waiting = self._arriving.statistics().current_buffer_used
        if isinstance(signal, CallProgress) and waiting >= MAX_PROGRESS:
            return
        with suppress(anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._arriving.send_nowait(signal)

    async def arrival(self) -> Outcome | CallSignal:
        """What comes next of a call."""
        event = await self._arrived.receive()
        if not isinstance(event, CallSignal):
            self._ids.discard(event.call_id)
        return event

    def close(self) -> None:
        """Nobody takes in anything any more."""
        self._arriving.close()
        self._arrived.close()
