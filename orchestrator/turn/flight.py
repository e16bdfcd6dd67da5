"""The calls of one driver that are under way, and what comes of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from anyio.abc import TaskGroup

from orchestrator.signals import CallProgress, CallSignal
from orchestrator.turn.calling import Outcome, OutgoingCall

MAX_WAITING = 256
"""Signals that wait to be taken in; outcomes find room beside them, one for each call in flight."""

MAX_PROGRESS = 64
"""How many may wait where one more progress note joins them; it is dropped beyond that. What is left has room for the
questions of all calls that are in flight together."""

Tell = Callable[[CallSignal], None]
"""Takes what there is to tell of a running call."""

CarryOut = Callable[[OutgoingCall, Tell, TaskGroup], Awaitable[Outcome]]
"""Makes a call, and is given where to tell of it, and the tasks of the turn."""


class Flight:
    """Calls that were dispatched, each in a task of its own."""

    def __init__(self, sent_before: Iterable[str] = ()) -> None:
        """`sent_before` are calls that an earlier driver may have sent."""
        self._ids: set[str] = set()
        self.sent = set(sent_before)
        """The calls that may have been sent, also those that have ended."""
        self._arrived: deque[Outcome | CallSignal] = deque()
        self._news = asyncio.Event()
        self._is_closed = False

    def __bool__(self) -> bool:
        return bool(self._ids)

    def send(self, ready: Sequence[OutgoingCall], carry_out: CarryOut, tasks: TaskGroup) -> None:
        """Begins the calls."""
        self._ids.update(one.call.call_id for one in ready)
        self.sent |= self._ids
        for one in ready:
            tasks.start_soon(self._make, one, carry_out, tasks)

    async def _make(self, ready: OutgoingCall, carry_out: CarryOut, tasks: TaskGroup) -> None:
        self._take(await carry_out(ready, self._tell, tasks))

    def _tell(self, signal: CallSignal) -> None:
        """Drops it where too much waits, and where nobody takes in anything any more."""
        most = MAX_PROGRESS if isinstance(signal, CallProgress) else MAX_WAITING
        if len(self._arrived) < most and not self._is_closed:
            self._take(signal)

    def _take(self, event: Outcome | CallSignal) -> None:
        self._arrived.append(event)
        self._news.set()

    async def arrival(self) -> Outcome | CallSignal:
        """What comes next of a call."""
        while not self._arrived:
            self._news.clear()
            await self._news.wait()
        event = self._arrived.popleft()
        if not isinstance(event, CallSignal):
            self._ids.discard(event.call_id)
        return event

    def close(self) -> None:
        """Nobody takes in anything any more."""
        self._is_closed = True
