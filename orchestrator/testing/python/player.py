"""Plays conversations of files for a caller without an event loop; stages stay open from one to the next.

What is opened in a task must be closed in it: one task, on an event loop in a thread of its own, plays them all.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.outcome import Played
from orchestrator.testing.playing.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    placed: Placed
    file: str
    done: Future[Played] = field(default_factory=Future[Played])


async def _serve(jobs: MemoryObjectReceiveStream[_Job], update: bool) -> None:
    async with jobs, Stages(update=update) as stages:
        async for job in jobs:
            try:
                job.done.set_result(await stages.play(job.placed, job.file))
            except BaseException as error:
                job.done.set_exception(error)  # nobody must wait for ever
                raise


class Player:
    """Plays one conversation after the other."""

    def __init__(self, portal: BlockingPortal, jobs: MemoryObjectSendStream[_Job], serving: Future[None]) -> None:
        self._portal = portal
        self._jobs = jobs
        self._serving = serving
        self.is_broken = False
        """True once it has raised something: it plays no more."""

    def play(self, placed: Placed, file: str) -> Played:
        """Plays a conversation of the file; what is wrong is in what is returned.

        Raises: whatever interrupts the waiting; nothing can be played after it.
        """
        job = _Job(placed=placed, file=file)
        try:
            self._portal.call(self._jobs.send, job)
            return job.done.result()
        except BaseException:
            self.is_broken = True
            self._serving.cancel()
            raise


@contextmanager
def playing(*, update: bool = False) -> Generator[Player]:
    """A player; its stages are closed with it. `update` writes the snapshots of conversations anew."""
    with start_blocking_portal("asyncio", name="conversations") as portal:
        send, receive = anyio.create_memory_object_stream[_Job]()
        serving = portal.start_task_soon(_serve, receive, update)
        player = Player(portal, send, serving)
        try:
            yield player
        finally:
            portal.call(send.aclose)
            wait([serving])
            if not player.is_broken:
                serving.result()
