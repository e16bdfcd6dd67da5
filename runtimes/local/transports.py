"""Bytes to a local plugin and back: a program with its standard input and output.

The program is a stranger: it gets no shell, few environment variables, a session of its own and a directory of its
own, and when the transport closes nothing of it is left running. The meaning of the bytes is `runtimes.local.jsonrpc`.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

import anyio
import anyio.lowlevel
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from runtimes.base import LocalEndpoint

CLOSE_GRACE = 1.0
"""Seconds a program has to leave once its input has ended."""
TERMINATE_GRACE = 1.0
"""Seconds it then has to leave after SIGTERM, before it is killed."""
DRAIN_GRACE = 1.0
"""Seconds its output may stay open after it has left, for what it wrote last."""
LAST_WORDS_GRACE = 0.5
"""Seconds to wait for the end of stderr when the last words are asked for."""
STDERR_BYTES = 64 * 1024
"""How much of stderr is kept: its end."""
MAX_LAST_WORDS = 200
"""How many characters of the last line on stderr are quoted."""
READ_BYTES = 64 * 1024
"""How much is read at once."""
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
"""The environment variables that every local plugin gets from ours; all others are its endpoint's own."""

KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
"""The signal that no program can ignore."""


class TransportError(Exception):
    """Base of both; the message is one line for a person."""


class CannotStart(TransportError):
    """The program cannot be started: nothing has reached it."""


class TransportClosed(TransportError):
    """The other side takes nothing any more."""


class Transport(Protocol):
    """A stream of bytes to one local plugin."""

    async def send(self, data: bytes, /) -> None:
        """Writes all of it. Raises: `TransportClosed`."""
        ...

    async def receive(self) -> bytes:
        """What has come; empty once the other side has ended."""
        ...

    async def last_words(self) -> str:
        """What the other side said last beside the protocol, in one short line; empty where there is nothing."""
        ...


def inherited_environment() -> dict[str, str]:
    """The variables of ours that every local plugin gets."""
    return {name: value for name in INHERITED if (value := os.environ.get(name)) is not None}


def signal_group(process: Process, number: int) -> None:
    """Signals the program and all that it has started, dead or alive: its group outlives it."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


class StdioTransport:
    """A running program, its stdin and stdout as a stream."""

    def __init__(self, process: Process, stdin: ByteSendStream, stdout: ByteReceiveStream) -> None:
        self._process = process
        self._stdin = stdin
        self._stdout = stdout
        self._sending = anyio.Lock()
        self._stderr = bytearray()
        self._is_quiet = anyio.Event()
        self._is_closed = False

    async def send(self, data: bytes, /) -> None:
        """Writes all of it. Raises: `TransportClosed`."""
        async with self._sending:
            await anyio.lowlevel.checkpoint_if_cancelled()
            # asyncio takes writes to a broken pipe, and logs a line for each but the first few
            if self._is_closed or self._process.returncode is not None:
                raise TransportClosed("it has closed its input")
            try:
                await self._stdin.send(data)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                self._is_closed = True
                raise TransportClosed("it has closed its input") from None
            except anyio.get_cancelled_exc_class():
                # It does not read, and half a message may be in the pipe: what follows would be garbage to it.
                signal_group(self._process, KILL)
                raise

    async def receive(self) -> bytes:
        """What has come; empty once the program has closed its output or has left."""
        try:
            return await self._stdout.receive(READ_BYTES)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            return b""

    async def last_words(self) -> str:
        """The last line on stderr, printable and short."""
        with anyio.move_on_after(LAST_WORDS_GRACE):
            await self._is_quiet.wait()
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        line = lines[-1].strip() if lines else ""
        return "".join(filter(str.isprintable, line))[:MAX_LAST_WORDS]

    async def watch(self) -> None:
        """Sees to it that `receive` ends when the program has left, whoever else holds its output open."""
        await self._process.wait()
        signal_group(self._process, KILL)
        await anyio.sleep(DRAIN_GRACE)
        await self._stdout.aclose()

    async def drain(self, stderr: ByteReceiveStream) -> None:
        """Reads stderr, so that nobody waits for a full pipe, and keeps its end."""
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            while True:
                self._stderr += await stderr.receive(READ_BYTES)
                del self._stderr[:-STDERR_BYTES]
        self._is_quiet.set()


@contextmanager
def _working_directory(directory: str | None) -> Generator[str, None, None]:
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-local-", ignore_cleanup_errors=True) as private:
        yield private


async def _start(endpoint: LocalEndpoint, directory: str) -> Process:
    if not endpoint.command:
        raise CannotStart("its command is empty")
    if not await anyio.Path(directory).is_dir():
        raise CannotStart(f"its working directory {directory!r} is not there")
    process: Process | None = None
    try:
        with anyio.CancelScope(shield=True):  # a start that is cancelled half-way would leave a program to nobody
            process = await anyio.open_process(
                endpoint.command,
                cwd=directory,
                env=inherited_environment() | dict(endpoint.environment),
                start_new_session=True,
            )
    except OSError as error:
        raise CannotStart(f"{endpoint.command[0]!r}: {error.strerror}") from error
    except ValueError as error:
        raise CannotStart(f"its command, directory or environment is not usable: {error}") from error
    assert process is not None
    return process


async def _shut_down(process: Process, stdin: ByteSendStream) -> None:
    """Asks, terminates, kills; SIGKILL goes to the group in any case, for what the program has left behind."""
    await stdin.aclose()
    with anyio.move_on_after(CLOSE_GRACE):
        await process.wait()
    if process.returncode is None:
        signal_group(process, signal.SIGTERM)
        with anyio.move_on_after(TERMINATE_GRACE):
            await process.wait()
    signal_group(process, KILL)
    await process.aclose()


@asynccontextmanager
async def open_stdio(endpoint: LocalEndpoint) -> AsyncGenerator[StdioTransport, None]:
    """Runs the endpoint's program for as long as the context lasts.

    Entering raises: `CannotStart`.
    """
    with _working_directory(endpoint.directory) as directory:
        process = await _start(endpoint, directory)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        transport = StdioTransport(process, process.stdin, process.stdout)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(transport.watch)
                tasks.start_soon(transport.drain, process.stderr)
                yield transport
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await _shut_down(process, process.stdin)
