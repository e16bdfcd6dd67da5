"""A process that plays conversations for another one: batches come in, outcomes go out, until nothing more comes in.

It reads the files itself. Whoever started it ends it by closing its standard input, at any time: what is being played
is given up, and what it has started is stopped. The standard output belongs to the outcomes; what anything else writes
there goes to the standard error.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.cli.testing.batches import LENGTH_BYTES, Batch, Frame, Manner, Ready, as_frame, from_frame
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.collect import Collected, collect
from orchestrator.testing.playing.outcome import Outcome, outcome_of
from orchestrator.testing.playing.stages import Stages


def _read_frame(stream: BinaryIO) -> object | None:
    """The next value; None at the end."""
    head = stream.read(LENGTH_BYTES)
    return from_frame(stream.read(int.from_bytes(head, "big"))) if len(head) == LENGTH_BYTES else None


def _write(stream: BinaryIO, value: Frame) -> None:
    stream.write(as_frame(value))
    stream.flush()


def _own_output() -> BinaryIO:
    """The standard output, for the outcomes alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "wb")


def _changed(file: str) -> Outcome:
    message = "the file has fewer conversations than when it was read first"
    failure = Failure(kind="file", pointer="", line=0, column=0, message=message)
    return Outcome(file=file, name=Path(file).name, failures=(failure,), seconds=0.0)


class _Worker:
    """Plays what it is handed, and keeps the file that it has read last."""

    def __init__(self, output: BinaryIO, manner: Manner) -> None:
        self._output = output
        self._manner = manner
        self._file = ""
        self._collected = Collected()

    async def work(self, batches: MemoryObjectReceiveStream[Batch]) -> None:
        """Plays batch after batch."""
        async with Stages(update=self._manner.update) as stages:
            async for batch in batches:
                for index in batch.indices:
                    outcome = await self._outcome(stages, batch.file, index)
                    _write(self._output, outcome)

    async def _outcome(self, stages: Stages, file: str, index: int) -> Outcome:
        if file != self._file:
            self._file, self._collected = file, collect([Path(file)], self._manner.choice)
        if index >= len(self._collected.conversations):
            return _changed(file)
        _, placed = self._collected.conversations[index]
        return outcome_of(await stages.play(placed, file), file, self._manner.wanted)


async def _next_frame(source: BinaryIO) -> object | None:
    return await anyio.to_thread.run_sync(_read_frame, source, abandon_on_cancel=True)


async def _hand_on(source: BinaryIO, batches: MemoryObjectSendStream[Batch], scope: anyio.CancelScope) -> None:
    """Passes on what comes in; at the end of it everything ends."""
    while isinstance(batch := await _next_frame(source), Batch):
        await batches.send(batch)
    scope.cancel()


async def _serve(source: BinaryIO, output: BinaryIO, manner: Manner) -> None:
    sender, receiver = anyio.create_memory_object_stream[Batch]()
    with sender, receiver:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_hand_on, source, sender, tasks.cancel_scope)
            with suppress(BrokenPipeError):  # nobody waits for outcomes any more
                _write(output, Ready())
                await _Worker(output, manner).work(receiver)
            tasks.cancel_scope.cancel()


async def _main() -> None:
    source = sys.stdin.buffer
    with suppress(BrokenPipeError), _own_output() as output:
        manner = await _next_frame(source)
        if isinstance(manner, Manner):
            await _serve(source, output, manner)


def run() -> None:
    """The program."""
    code = 1
    try:
        anyio.run(_main)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)  # a thread may be reading the standard input, and would be waited for
