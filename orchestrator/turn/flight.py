"""The calls of one driver that are under way, and what comes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

import anyio
from anyio.abc import TaskGroup

from orchestrator.signals import CallProgress
from orchestrator.turn.calling import Outcome, OutgoingCall

MAX_OUTCOMES = 256
"""Outcomes and progress notes that wait to be taken in; a progress note beyond it is dropped."""

CarryOut = Callable[[OutgoingCall, Callable[[str], None]], Awaitable[Outcome]]
"""Makes a call, and is given where to tell of its progress."""


class Flight:
    """Calls that were dispatched, each in a task of its own."""

    def __init__(self, carry_out: CarryOut, sent_before: Iterable[str] = ()) -> None:
        """`sent_before` are calls that an earlier driver may have sent."""
        self._carry_out = carry_out
        self._ids: set[str] = set()
        self.sent = set(sent_before)
        """The calls that may have been sent, also those that have ended."""
        self._arriving, self._arrived = anyio.create_memory_object_stream[Outcome | CallProgress](MAX_OUTCOMES)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def send(self, ready: Sequence[OutgoingCall], tasks: TaskGroup) -> None:
        """Begins the calls."""
        self._ids.update(one.call.call_id for one in ready)
        self.sent |= self._ids
        for one in ready:
            tasks.start_soon(self._make, one)

    async def _make(self, ready: OutgoingCall) -> None:
        outcome = await self._carry_out(ready, lambda text: self._note(ready.call.call_id, text))
        await self._arriving.send(outcome)

    def _note(self, call_id: str, text: str) -> None:
        try:
            self._arriving.send_nowait(CallProgress(call_id=call_id, text=text))
        except anyio.WouldBlock:
            return

    async def arrival(self) -> Outcome | CallProgress:
        """What comes next of a call."""
        event = await self._arrived.receive()
        if not isinstance(event, CallProgress):
            self._ids.discard(event.call_id)
        return event

    def close(self) -> None:
        """Nobody takes in anything any more."""
        self._arriving.close()
        self._arrived.close()
