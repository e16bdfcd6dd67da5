"""The workers of a fault run, from where it is driven: started, signalled, waited for."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, Signals
from subprocess import PIPE

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.faults.records import Errand, Ordered, death_of, line_of

ROOT = Path(__file__).resolve().parents[2]

MAX_LINE = 1000
"""Bytes of a line of the nursery."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """One that was started."""

    errand: Errand
    died: anyio.Event = field(default_factory=anyio.Event)
    status: int | None = None
    """Its exit code, or minus the signal that ended it."""
    was_paused: bool = False
    was_stopped: bool = False
    """It was told to end in good order."""

    @property
    def was_killed(self) -> bool:
        """True when it ended by SIGKILL, its own or ours."""
        return self.status == -SIGKILL

    @property
    def was_befallen(self) -> bool:
        """True when it may have left a call without an answer."""
        return self.was_killed or self.was_paused or self.was_stopped


class Workers:
    """Those of one run, through the nursery."""

    def __init__(self, nursery: Process) -> None:
        self._nursery = nursery
        self.all: dict[int, Worker] = {}

    async def start(self, errand: Errand) -> Worker:
        """It may be a moment before it runs."""
        worker = self.all[errand.worker] = Worker(errand=errand)
        await self._order(Ordered(errand=errand))
        return worker

    async def send(self, worker: Worker, signal: Signals) -> None:
        """A signal; nothing happens where it is gone."""
        await self._order(Ordered(worker=worker.errand.worker, signal=signal))

    async def kill(self, worker: Worker) -> None:
        """Returns when it is gone."""
        await self.send(worker, SIGKILL)
        await worker.died.wait()

    async def _order(self, ordered: Ordered) -> None:
        assert self._nursery.stdin is not None
        await self._nursery.stdin.send(line_of(ordered))

    async def listen(self) -> None:
        """Takes in who has died, until the nursery ends."""
        assert self._nursery.stdout is not None
        lines = BufferedByteReceiveStream(self._nursery.stdout)
        while True:
            try:
                died = death_of(await lines.receive_until(b"\n", MAX_LINE))
            except (anyio.EndOfStream, anyio.IncompleteRead):
                raise RuntimeError("the nursery has ended") from None
            worker = self.all[died.worker]
            worker.status = died.status
            worker.died.set()


@asynccontextmanager
async def workers() -> AsyncGenerator[Workers]:
    """None of them is left afterwards."""
    command = [sys.executable, "-m", "tests.faults.nursery"]
    async with (
        await anyio.open_process(command, stdin=PIPE, stdout=PIPE, stderr=None, cwd=ROOT) as nursery,
        anyio.create_task_group() as tasks,
    ):
        started = Workers(nursery)
        tasks.start_soon(started.listen)
        try:
            yield started
        finally:
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                assert nursery.stdin is not None
                await nursery.stdin.aclose()  # it kills those that are left
                await nursery.wait()
