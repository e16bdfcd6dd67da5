"""Queues before the origins: how many exchanges one origin is given at once, whoever asks for them.

A request waits here, within its own time, before it takes a connection: so one slow origin keeps its own callers
waiting and does not use up the connections of the others.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import anyio

from runtimes.network import Origin

MAX_EXCHANGES_PER_ORIGIN = 64
"""Requests that one origin is sent at once; a quarter of the connections there are."""


@dataclass(slots=True)
class _Queue:
    slots: anyio.Semaphore
    users: int = 0
    """Who waits and who is served; nobody needs a queue without them."""


class _Turn:
    """One turn in a queue: waited for on entering, and over on leaving."""

    __slots__ = ("_origin", "_queue", "_queues", "_size")

    def __init__(self, queues: dict[Origin, _Queue], size: int, origin: Origin) -> None:
        self._queues = queues
        self._size = size
        self._origin = origin

    async def __aenter__(self) -> None:
        queue = self._queues.get(self._origin)
        if queue is None:
            queue = self._queues[self._origin] = _Queue(anyio.Semaphore(self._size, fast_acquire=True))
        self._queue = queue
        queue.users += 1
        try:
            await queue.slots.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._queue.slots.release()
        self._leave()

    def _leave(self) -> None:
        self._queue.users -= 1
        if not self._queue.users:
            del self._queues[self._origin]


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

    def turn(self, origin: Origin) -> AbstractAsyncContextManager[None]:
        """Lasts while the origin may be asked, first come, first served; entered once."""
        return _Turn(self._queues, self._size, origin)
