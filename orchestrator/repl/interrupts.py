"""Ctrl-C stops what is running, not the program; pressed again while that is stopping, it leaves."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio


class Interrupts:
    """Turns Ctrl-C into the end of whatever was marked as stoppable."""

    def __init__(self) -> None:
        self._everything = anyio.CancelScope()
        self._running: anyio.CancelScope | None = None

    @property
    def has_left(self) -> bool:
        """True when the person pressed it twice."""
        return self._everything.cancel_called

    @asynccontextmanager
    async def heeded(self) -> AsyncGenerator[None]:
        """While entered, Ctrl-C is ours."""
        if sys.platform == "win32":  # no loop there can receive signals
            yield
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen)
            with self._everything:
                yield
            tasks.cancel_scope.cancel()

    async def _listen(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT) as signals:
            async for _ in signals:
                if self._running is None:
                    continue
                if self._running.cancel_called:
                    self._everything.cancel()
                self._running.cancel()

    @contextmanager
    def stoppable(self) -> Generator[anyio.CancelScope]:
        """What Ctrl-C stops; afterwards `cancelled_caught` says whether it did."""
        outer = self._running
        with anyio.CancelScope() as scope:
            self._running = scope
            try:
                yield scope
            finally:
                self._running = outer
