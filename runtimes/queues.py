"""Queues before the origins: how many exchanges one origin is given at once, whoever asks for them.

A request waits here, within its own time, before it takes a connection: so one slow origin keeps its own callers
waiting and does not use up the connections of the others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from runtimes.network import Origin

MAX_EXCHANGES_PER_ORIGIN = 16
"""Requests that one origin is sent at once; a quarter of the connections there are."""


def _slots() -> anyio.Semaphore:
    return anyio.Semaphore(MAX_EXCHANGES_PER_ORIGIN, fast_acquire=True)


@dataclass(slots=True)
class _Queue:
    slots: anyio.Semaphore = field(default_factory=_slots)
    users: int = 0
    """Who waits and who is served; nobody needs a queue without them."""


class Queues:
    """A queue for each origin that is being asked."""

    def __init__(self) -> None:
        self._queues: dict[Origin, _Queue] = {}

    def __len__(self) -> int:
        """How many origins are being asked."""
        return len(self._queues)

    @asynccontextmanager
    async def turn(self, origin: Origin) -> AsyncGenerator[None]:
        """Lasts while the origin may be asked, first come, first served."""
        queue = self._queues.setdefault(origin, _Queue())
        queue.users += 1
        try:
            async with queue.slots:
                yield
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[origin]
