"""Runs a turn in a task of its own, so that whoever reads its events may leave at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress

import anyio

from orchestrator.errors import LeaseLost, StoreError
from orchestrator.events import Event, Fact
from orchestrator.turn.driver import CANCEL_TIMEOUT
from orchestrator.turn.machine import ending
from orchestrator.turn.replies import Emit
from orchestrator.turn.tenure import Tenure

EVENT_BUFFER = 256
"""Events that wait for a reader before the turn itself waits."""

Spawn = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
"""Runs a turn in a task that the host ends with itself."""


async def stream(
    drive: Callable[[Emit], Awaitable[None]],
    tenure: Tenure,
    spawn: Spawn,
    begun: Sequence[Fact] = (),
    *,
    leaves: bool = False,
) -> AsyncGenerator[Event]:
    """What has begun the turn, and what `drive` emits while it carries it on; being closed early cancels it.

    One that `leaves` does not end the turn then: somebody else goes on with it.
    """
    sender, receiver = anyio.create_memory_object_stream[Event](EVENT_BUFFER)

    async def emit(event: Event) -> None:
        try:
            await sender.send(event)
        except anyio.BrokenResourceError:
            return  # the reader has left, and is cancelling this turn

    async def run() -> None:
        async with sender:
            await drive(emit)

    turn = tenure.history.turn
    task = spawn(run())
    task.add_done_callback(lambda _: sender.close())  # where it was cancelled before it had begun, nobody else does
    try:
        async with receiver:
            for fact in begun:
                yield fact
            async for event in receiver:
                yield event
    finally:
        task.cancel()
        with anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
            await asyncio.wait({task})
            if task.cancelled() and turn is not None and tenure.history.turn is turn:
                with suppress(LeaseLost, StoreError):
                    await (tenure.release() if leaves else tenure.settle(turn.started, ending))
    if not task.cancelled():  # else the host was closed, which is no error of the reader's
        await task
