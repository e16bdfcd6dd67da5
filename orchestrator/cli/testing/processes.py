"""Plays conversations in several processes, and tells of them in the order in which they were collected."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.cli.testing.batches import (
    LENGTH_BYTES,
    Batch,
    Chosen,
    Frame,
    Manner,
    Ready,
    as_frame,
    batches_of,
    from_frame,
)
from orchestrator.errors import OrchestratorError
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.outcome import Outcome

STOP_SECONDS = 3.0
"""Seconds that a process has to stop what it has started, before it is killed."""

START_SECONDS = 60.0
"""Seconds that a process has to start."""

MAX_FRAME_BYTES = 256 * 1024 * 1024
"""How much may be told of one conversation."""

MAX_AUTOMATIC = 8
"""Processes that are started where nobody has said how many; each takes some 100 MB."""

_PROGRAM = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from orchestrator.cli.testing.worker import run
run()
"""
"""What a process runs: this very program, wherever it was found, and whatever has started it."""

_GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)

Numbered = tuple[int, Outcome]
"""An outcome, and its place in the order."""

Tell = Callable[[Outcome], bool]
"""Tells of an outcome; False where no more are wanted."""


class ProcessGone(Exception):
    """A process has ended before its time."""


def available_processors() -> int:
    """How many processors this program may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _how_it_ended(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


class _Player:
    """A process that plays."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._input = process.stdin
        self._output = BufferedByteReceiveStream(process.stdout)

    async def send(self, value: Frame) -> None:
        """Raises: `ProcessGone`."""
        try:
            await self._input.send(as_frame(value))
        except _GONE:
            raise await self._gone() from None

    async def receive(self) -> object:
        """What it says next. Raises: `ProcessGone`."""
        try:
            length = int.from_bytes(await self._output.receive_exactly(LENGTH_BYTES), "big")
            if length <= MAX_FRAME_BYTES:
                return from_frame(await self._output.receive_exactly(length))
        except _GONE:
            pass
        raise await self._gone()

    async def _gone(self) -> ProcessGone:
        with anyio.move_on_after(STOP_SECONDS):
            return ProcessGone(_how_it_ended(await self._process.wait()))
        return ProcessGone("it says nothing more")

    async def end(self) -> None:
        """Ends it, also where nothing waits any more: it gives up what it plays, and stops what it has started."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(STOP_SECONDS):
                with suppress(*_GONE):
                    await self._input.aclose()
                    while True:  # it cannot end while it waits for somebody to read
                        await self._output.receive()
                await self._process.wait()
            if self._process.returncode is None:
                self._process.kill()
            await self._process.aclose()


@asynccontextmanager
async def _player(manner: Manner) -> AsyncGenerator[_Player]:
    """Raises: `OrchestratorError` where it cannot be started."""
    options = [f"-W{option}" for option in sys.warnoptions]
    command = [sys.executable, *options, "-c", _PROGRAM, json.dumps(sys.path)]
    process: Process | None = None
    try:
        with anyio.CancelScope(shield=True):  # a start that is cancelled half-way would leave a process to nobody
            process = await anyio.open_process(command, stderr=None, start_new_session=True)
    except OSError as error:
        raise OrchestratorError(f"a process to play in cannot be started: {error.strerror}") from None
    assert process is not None
    player = _Player(process)
    try:
        try:
            with anyio.fail_after(START_SECONDS):
                await player.send(manner)
                ready = await player.receive()
        except (ProcessGone, TimeoutError) as error:
            told = f"a process to play in does not start ({error}); play in this one with -j 1"
            raise OrchestratorError(told) from None
        assert isinstance(ready, Ready)
        yield player
    finally:
        await player.end()


class _Players:
    """The processes of a run, and the batches that are left."""

    def __init__(self, chosen: Sequence[Chosen], manner: Manner, batches: Sequence[Batch]) -> None:
        self._chosen = chosen
        self._manner = manner
        self._left = deque(batches)

    async def work(self, outcomes: MemoryObjectSendStream[Numbered]) -> None:
        """Plays batches in one process, and in another one where that ends, until none is left."""
        async with outcomes:
            while self._left:
                async with _player(self._manner) as player:
                    while self._left:
                        batch = await self._play(player, self._left.popleft(), outcomes)
                        if batch is not None:  # the process is gone; another one plays what is left
                            if batch.numbers:
                                self._left.appendleft(batch)
                            break

    async def _play(self, player: _Player, batch: Batch, outcomes: MemoryObjectSendStream[Numbered]) -> Batch | None:
        """What is left of the batch where the process has ended; the conversation that it had is lost."""
        played = 0
        try:
            await player.send(batch)
            for number in batch.numbers:
                outcome = await player.receive()
                assert isinstance(outcome, Outcome)
                await outcomes.send((number, outcome))
                played += 1
        except ProcessGone as gone:
            number = batch.numbers[played]
            await outcomes.send((number, self._lost(number, str(gone))))
            return batch.after(played + 1)
        return None

    def _lost(self, number: int, how: str) -> Outcome:
        lost = self._chosen[number]
        place = lost.placed.where.place("")
        failure = Failure(
            kind="process",
            pointer=lost.placed.where.pointer,
            line=place.line,
            column=place.column,
            message=f"the process that played the conversation has ended: {how}",
        )
        return Outcome(file=lost.file, name=lost.placed.conversation.name, failures=(failure,), seconds=0.0)


async def _in_order(outcomes: MemoryObjectReceiveStream[Numbered], following: int, tell: Tell) -> None:
    """Tells of each outcome when all before it have been told of, until no more are wanted."""
    waiting: dict[int, Outcome] = {}
    async for number, outcome in outcomes:
        waiting[number] = outcome
        while following in waiting:
            if not tell(waiting.pop(following)):
                return
            following += 1


async def play_in_processes(
    chosen: Sequence[Chosen], manner: Manner, jobs: int, tell: Tell, *, skipped: int = 0
) -> None:
    """Plays all but the first in so many processes; `tell` hears of them in their order, as soon as may be.

    Raises: `OrchestratorError` where processes cannot be started, and the `OSError` of a `tell` that cannot write.
    """
    batches = batches_of(chosen, jobs, skipped=skipped, whole=manner.update)
    players = _Players(chosen, manner, batches)
    problems: list[BaseException] = []
    sender, receiver = anyio.create_memory_object_stream[Numbered](len(chosen))
    try:
        async with anyio.create_task_group() as tasks, receiver:
            with sender:
                for _ in range(min(jobs, len(batches))):
                    tasks.start_soon(players.work, sender.clone())
            await _in_order(receiver, skipped, tell)
            tasks.cancel_scope.cancel()
    except* (OrchestratorError, OSError) as group:
        problems += group.exceptions
    if problems:
        raise problems[0]
