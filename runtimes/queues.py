"""Queues before the origins: how many exchanges one origin is given at once, whoever asks for them.

A request waits here, within its own time, before it takes a connection: so one slow origin keeps its own callers
waiting and does not use up the connections of the others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from runtimes.network import Origin

MAX_EXCHANGES_PER_ORIGIN = 16
"""Requests that one origin is sent at once; a quarter of the connections there are."""


@dataclass(slots=True)
class _Queue:
    slots: anyio.Semaphore
    users: int = 0
    """Who waits and who is served; nobody needs a queue without them."""


class Queues:
    """A queue for each origin that is being asked."""

    def __init__(self, size: int = MAX_EXCHANGES_PER_ORIGIN) -> None:
        """Each origin is given `size` exchanges at once."""
        self._size = size
        self._queues: dict[Origin, _Queue] = {}

    def __len__(self) -> int:
        """How many origins are being asked."""
        return len(self._queues)

    def users(self, origin: Origin) -> int:
        """How many exchanges of the origin are under way, and wait to be."""
        return self._queues[origin].users if origin in self._queues else 0

    @property
    def all_users(self) -> int:
        """The same of all origins."""
        return sum(queue.users for queue in self._queues.values())

    @asynccontextmanager
    async def turn(self, origin: Origin) -> AsyncGenerator[None]:
        """Lasts while the origin may be asked, first come, first served."""
        queue = self._queues.setdefault(origin, _Queue(anyio.Semaphore(self._size, fast_acquire=True)))
        queue.users += 1
        try:
            async with queue.slots:
                yield
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[origin]
