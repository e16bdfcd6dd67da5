"""Does something to its end, whatever cancels the caller meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of it."""

    result: T
    cancelled: asyncio.CancelledError | None
    """What the caller still has to raise."""


async def done_whole(work: Coroutine[None, None, T]) -> Done[T]:
    """The result; an error of the work is raised as it is, unless the caller was cancelled.

    anyio's shields hold off its own cancellation, not `task.cancel()`, `asyncio.timeout` and the like.
    """
    task, cancelled = asyncio.ensure_future(work), None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None and task.exception() is not None:
        raise cancelled
    return Done(task.result(), cancelled)


async def to_its_end(work: Coroutine[None, None, T]) -> T:
    """Like awaiting it, but whoever is cancelled meanwhile goes on only when it has ended; then it is cancelled."""
    done = await done_whole(work)
    if done.cancelled is not None:
        raise done.cancelled
    return done.result
