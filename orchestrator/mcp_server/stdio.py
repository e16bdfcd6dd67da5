"""An MCP server on the standard streams: a message a line, and nothing else on the standard output.

While it serves, whatever else reads the standard input finds it empty, and whatever else is printed goes to the
standard error. The streams are read and written by threads that nobody waits for: a pipe that stands still holds up
no signal.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from queue import SimpleQueue

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage

from orchestrator.mcp_server.lines import Lines, Refused, refused
from orchestrator.render.sanitize import clean_line

CHUNK_BYTES = 64 * 1024
"""How much is read at once."""

MAX_REQUESTS = 1024
"""Requests of the client that are not answered yet; those beyond it are refused."""

MAX_TOLD = 300
"""Characters of what is said of a message that was refused."""

LAST_SECONDS = 0.5
"""How long the last messages may take to leave when the program is made to end."""


class Unanswered:
    """Counts the requests that a client waits for."""

    def __init__(self, *, max_requests: int = MAX_REQUESTS) -> None:
        self._max_requests = max_requests
        self._open: Counter[types.RequestId] = Counter()

    def refusal(self, message: types.JSONRPCMessage) -> Refused | None:
        """Takes note of what arrives; why it is refused, where it is."""
        if isinstance(message, types.JSONRPCRequest):
            if self._open.total() >= self._max_requests:
                return refused(f"{self._max_requests} requests wait for their answers; read those first", message.id)
            self._open[message.id] += 1
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            self._close((message.params or {}).get("requestId"))
        return None

    def answered(self, message: types.JSONRPCMessage) -> None:
        """Takes note of what leaves."""
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            self._close(message.id)

    def _close(self, number: object) -> None:
        if isinstance(number, int | str) and number in self._open:
            self._open[number] -= 1
            self._open += Counter()


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


async def _read(descriptor: int, take: Callable[[bytes], Coroutine[None, None, None]]) -> None:
    """Passes on what comes, until nothing more does."""
    loop, ended = asyncio.get_running_loop(), anyio.Event()

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

    _in_background(work)
    await ended.wait()


async def _unread(descriptor: int) -> None:
    """Returns once nobody can read what is written any more; never where the platform cannot say so."""
    loop, ended = asyncio.get_running_loop(), anyio.Event()

    def work() -> None:
        watched = select.poll()
        watched.register(descriptor, 0)  # an error and a hang-up are always told
        with suppress(OSError):
            watched.poll()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    if hasattr(select, "poll"):
        _in_background(work)
    await ended.wait()


async def _write(descriptor: int, leaving: MemoryObjectReceiveStream[SessionMessage], unanswered: Unanswered) -> None:
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
                unanswered.answered(message.message)
    finally:
        queue.put(None)


class _Intake:
    """Hands a client's messages to the server, and answers what cannot be one."""

    def __init__(
        self,
        arriving: MemoryObjectSendStream[SessionMessage | Exception],
        leaving: MemoryObjectSendStream[SessionMessage],
        unanswered: Unanswered,
        tell: Callable[[str], None],
    ) -> None:
        self._arriving = arriving
        self._leaving = leaving
        self._unanswered = unanswered
        self._lines = Lines()
        self._tell = tell
        self._has_told = False

    async def take(self, chunk: bytes) -> None:
        """Takes in what has arrived."""
        for message in self._lines.feed(chunk):
            refusal = message if isinstance(message, Refused) else self._unanswered.refusal(message.message)
            if refusal is None:
                assert isinstance(message, SessionMessage)
                await self._arriving.send(message)
            else:
                await self._refuse(refusal)

    async def _refuse(self, refusal: Refused) -> None:
        if not self._has_told:
            self._has_told = True
            said = f"a message of the client was refused: {clean_line(refusal.why)}"
            self._tell(f"{said[:MAX_TOLD]} (said once)")
        if refusal.answer is not None:
            await self._leaving.send(SessionMessage(refusal.answer))


async def serve_stdio(server: Server, tell: Callable[[str], None]) -> None:
    """Serves one client until it closes the standard input, or does not read any more; `tell` says what is odd."""
    arriving, arrived = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    leaving, left = anyio.create_memory_object_stream[SessionMessage](0)
    unanswered, writing = Unanswered(), anyio.CancelScope(shield=True)
    intake = _Intake(arriving, leaving.clone(), unanswered, tell)
    with _claimed() as (source, target):
        async with anyio.create_task_group() as tasks:

            async def read() -> None:
                async with arriving:
                    await _read(source, intake.take)

            async def write() -> None:
                with writing, suppress(OSError):
                    await _write(target, left, unanswered)
                tasks.cancel_scope.cancel()

            async def watch() -> None:
                try:
                    await _unread(target)
                finally:
                    writing.deadline = anyio.current_time() + LAST_SECONDS
                tasks.cancel_scope.cancel()

            async def serve() -> None:
                try:
                    await server.run(arrived, leaving, server.create_initialization_options())
                finally:
                    writing.cancel()
                    tasks.cancel_scope.cancel()

            for work in (read, write, watch, serve):
                tasks.start_soon(work)
