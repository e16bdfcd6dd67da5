"""An MCP server on the standard streams: a message a line, and nothing else on the standard output.

While it serves, whatever else reads the standard input finds it empty, and whatever else is printed goes to the
standard error. The streams are read and written by threads that nobody waits for: a pipe that stands still holds up
no signal.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from queue import SimpleQueue

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

MAX_LINE_BYTES = 16 * 1024 * 1024
"""The longest message: an argument may be a file. A longer one is passed over."""

CHUNK_BYTES = 64 * 1024
"""How much is read at once."""

Incoming = SessionMessage | Exception


class MessageTooLong(ValueError):
    """A line that was not kept."""


class Lines:
    """Cuts what arrives into messages, and keeps no more than one message may have."""

    def __init__(self, *, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._begun: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Incoming]:
        """The messages that are complete with this."""
        *ends, rest = chunk.split(b"\n")
        messages: list[Incoming] = []
        for end in ends:
            self._keep(end)
            if (message := self._complete()) is not None:
                messages.append(message)
        self._keep(rest)
        return messages

    @property
    def kept(self) -> int:
        """Bytes of a message that has begun."""
        return sum(map(len, self._begun))

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._max_bytes:
            self._begun.append(part)
        else:
            self._begun.clear()

    def _complete(self) -> Incoming | None:
        line, is_long = b"".join(self._begun), self._size > self._max_bytes
        self._begun, self._size = [], 0
        if is_long:
            return MessageTooLong(f"a message is longer than {self._max_bytes} bytes")
        if not line.strip():
            return None
        try:
            return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValidationError as error:
            return error


@contextmanager
def _claimed() -> Generator[tuple[int, int]]:
    """The standard streams under numbers that nobody else knows."""
    sys.stdout.flush()
    reading, writing = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    os.close(empty)
    try:
        yield reading, writing
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        os.dup2(reading, 0)
        os.dup2(writing, 1)  # those that threads may still use stay open


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


async def _read(descriptor: int, arriving: MemoryObjectSendStream[Incoming]) -> None:
    """Passes on what comes, until nothing more does."""
    loop, lines, ended = asyncio.get_running_loop(), Lines(), anyio.Event()

    async def take(chunk: bytes) -> None:
        for message in lines.feed(chunk):
            await arriving.send(message)

    def work() -> None:
        with suppress(OSError, CancelledError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while chunk := os.read(descriptor, CHUNK_BYTES):
                taking = take(chunk)
                try:
                    taken = asyncio.run_coroutine_threadsafe(taking, loop)
                except RuntimeError:  # the loop has ended
                    return taking.close()
                taken.result()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)
        return None

    async with arriving:
        _in_background(work)
        await ended.wait()


async def _write(descriptor: int, leaving: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Writes what is to leave, one message after the other. Raises: `OSError` once nobody reads."""
    loop = asyncio.get_running_loop()
    queue: SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = SimpleQueue()

    def settle(done: asyncio.Future[None], error: OSError | None) -> None:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)

    def work() -> None:
        while (job := queue.get()) is not None:
            data, done = job
            failure: OSError | None = None
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except OSError as error:
                failure = error
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, done, failure)

    _in_background(work)
    try:
        async with leaving:
            async for message in leaving:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                done = loop.create_future()
                queue.put((f"{text}\n".encode(), done))
                await done
    finally:
        queue.put(None)


async def serve_stdio(server: Server) -> None:
    """Serves one client until it closes the standard input, or does not read any more."""
    arriving, arrived = anyio.create_memory_object_stream[Incoming](0)
    leaving, left = anyio.create_memory_object_stream[SessionMessage](0)
    with _claimed() as (reading, writing):
        async with anyio.create_task_group() as tasks:

            async def write() -> None:
                with suppress(OSError):
                    await _write(writing, left)
                tasks.cancel_scope.cancel()

            tasks.start_soon(_read, reading, arriving)
            tasks.start_soon(write)
            await server.run(arrived, leaving, server.create_initialization_options())
            tasks.cancel_scope.cancel()
