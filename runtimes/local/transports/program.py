"""A running program: what it writes, what it is written, and how it ends. Pipes of asyncio, no more.

`runtimes.local.transports.process` starts it; what the bytes mean is the transport's business above.
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from contextlib import suppress

import anyio

from runtimes.local.transports.base import TransportClosed
from runtimes.local.transports.confinement import cause_of_death
from runtimes.local.transports.process_group import KILL, signal_group
from runtimes.local.transports.unread import unread_in
from runtimes.local_endpoint import LocalEndpoint

CLOSE_GRACE = 1.0
"""Seconds a program has to leave once its input has ended."""
TERMINATE_GRACE = 1.0
"""Seconds it then has to leave after SIGTERM, before it is killed."""
KILL_GRACE = 5.0
"""Seconds that the system may take to clear away what was killed."""
DRAIN_GRACE = 1.0
"""Seconds its output may stay open after it has left, for what it wrote last."""
LAST_WORDS_GRACE = 0.5
"""Seconds to wait for the end of stderr when the last words are asked for."""
STDERR_BYTES = 64 * 1024
"""How much of stderr is kept: its end."""
MAX_LAST_WORDS = 200
"""How many characters of the last line on stderr are quoted."""
UNSEEN_SECONDS = 8.0
"""After how long a program counts as one that reads, where the system does not tell."""
MAX_UNREAD_BYTES = 512 * 1024
"""How much of its output is held before no more is taken from the pipe until that has been read."""
MAX_UNWAITED_BYTES = 32 * 1024
"""How much is written at once without waiting until it has been read."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Program(asyncio.SubprocessProtocol):
    """Collects what a program writes, and writes to it no faster than it reads."""

    def __init__(self, endpoint: LocalEndpoint) -> None:
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self._process: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None
        self._stdout: asyncio.ReadTransport | None = None
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._is_read: asyncio.Future[None] | None = None
        self._is_holding = False
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._stderr = bytearray()
        self._has_room: asyncio.Future[None] | None = None
        self._sending = anyio.Lock()
        self._began = self._loop.time()
        self._has_read = False
        self._is_deaf = False
        self._is_mute = False
        self._is_killed = False
        self._is_quiet = anyio.Event()
        self._is_gone = anyio.Event()
        self.has_left = anyio.Event()
        """Set once the program has ended, whatever of it still runs."""

    # --- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        stdin, stdout = transport.get_pipe_transport(_STDIN), transport.get_pipe_transport(_STDOUT)
        assert isinstance(stdin, asyncio.WriteTransport)
        assert isinstance(stdout, asyncio.ReadTransport)
        self._process, self._stdin, self._stdout = transport, stdin, stdout

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has written something."""
        if fd == _STDERR:
            self._stderr += data
            del self._stderr[:-STDERR_BYTES]
            return
        self._unread.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes > MAX_UNREAD_BYTES and self._stdout is not None:
            self._stdout.pause_reading()
        self._wake()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """One of its pipes has ended."""
        del exc
        if fd == _STDIN:
            self._is_deaf = True
            self.resume_writing()
        elif fd == _STDOUT:
            self._is_mute = True
            self._wake()
        else:
            self._is_quiet.set()

    def process_exited(self) -> None:
        """It has left: its input is closed, and what it has started may not hold its output open for long."""
        self._is_deaf = True
        self.resume_writing()
        self.has_left.set()
        signal_group(self.pid, KILL)
        self._loop.call_later(DRAIN_GRACE, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left, and all of its pipes have ended."""
        del exc
        self._is_gone.set()

    def pause_writing(self) -> None:
        """It does not read as fast as it is written to."""
        if self._has_room is None and not self._is_deaf:
            self._has_room = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has read most of what it was sent, or never will."""
        room, self._has_room = self._has_room, None
        if room is not None and not room.done():
            room.set_result(None)

    def _wake(self) -> None:
        if self._is_read is not None and not self._is_read.done():
            self._is_read.set_result(None)

    def _hang_up(self) -> None:
        if self._stdout is not None:
            self._stdout.close()

    # --- what is asked of it

    @property
    def pid(self) -> int:
        """Its process, and the group that it leads."""
        assert self._process is not None
        return self._process.get_pid()

    @property
    def stderr(self) -> bytes:
        """The end of what it has written beside the protocol."""
        return bytes(self._stderr)

    def write_now(self, data: bytes) -> bool:
        """Writes all of it, where the program reads as fast as it is written to; false where it does not.

        The first write goes out at once, and what follows before the event loop has gone round goes out together.
        Raises: `TransportClosed`.
        """
        if self._has_room is not None or self._held_bytes + len(data) > MAX_UNWAITED_BYTES:
            return False
        if not self._is_holding:
            self._write(data)
            self._is_holding = True
            self._loop.call_soon(self._let_go)
            return True
        self._held.append(data)
        self._held_bytes += len(data)
        return True

    async def write(self, data: bytes) -> None:
        """Writes all of it, in one piece, and waits until most of it has been read.

        Whoever waits no longer leaves at most one message behind that is not read yet, which goes out whole: the next
        one waits for room before it is written. Raises: `TransportClosed`.
        """
        async with self._sending:
            await self._room()
            self._let_go()
            self._write(data)
            await self._room()

    def _write(self, data: bytes) -> None:
        # asyncio takes writes to a broken pipe, and logs a line for each but the first few
        if self._is_deaf or self._stdin is None or self._stdin.is_closing():
            raise TransportClosed("it has closed its input")
        self._stdin.write(data)

    def _let_go(self) -> None:
        """Writes what was held; a program that has closed its input misses it, and its session ends."""
        self._is_holding = False
        if self._held:
            data = b"".join(self._held)
            self._held.clear()
            self._held_bytes = 0
            with suppress(TransportClosed):
                self._write(data)

    async def _room(self) -> None:
        if self._has_room is not None:
            await asyncio.shield(self._has_room)

    async def read(self) -> bytes:
        """What it has written; empty once its output has ended."""
        if not self._unread and not self._is_mute:
            self._is_read = self._loop.create_future()
            await self._is_read
        data = self._unread.popleft() if len(self._unread) == 1 else b"".join(self._unread)
        self._unread.clear()
        if self._unread_bytes > MAX_UNREAD_BYTES and self._stdout is not None and not self._stdout.is_closing():
            self._stdout.resume_reading()
        self._unread_bytes = 0
        return data

    async def last_words(self) -> str:
        """What a limit has to do with its end, else the last line on stderr, printable and short."""
        with anyio.move_on_after(LAST_WORDS_GRACE):
            await self._is_quiet.wait()
            await self.has_left.wait()
        assert self._process is not None
        returncode = self._process.get_returncode()
        if cause := cause_of_death(returncode, self._endpoint.limits, is_ours=self._is_killed):
            return cause
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        line = lines[-1].strip() if lines else ""
        return "".join(filter(str.isprintable, line))[:MAX_LAST_WORDS]

    @property
    def unread(self) -> int:
        """Bytes that wait for it to read, where they are so many that nothing more is taken; else 0."""
        return 0 if self._has_room is None or self._stdin is None else self._stdin.get_write_buffer_size()

    def has_read(self) -> bool:
        """Whether it has ever been seen to have read all that it was sent; where the system does not tell, in time."""
        self._has_read = self._has_read or self._is_deaf  # and it never will
        if not self._has_read and self._stdin is not None and self._has_room is None and not self._held:
            unread = unread_in(self._stdin.get_extra_info("pipe"))
            self._has_read = self._loop.time() > self._began + UNSEEN_SECONDS if unread is None else not unread
        return self._has_read

    def kill(self) -> None:
        """Ends it and what it has started, at once."""
        self._is_killed = True
        signal_group(self.pid, KILL)

    async def shut_down(self) -> None:
        """Closes its input, terminates, kills; SIGKILL goes to the group in any case, for what it has left behind."""
        assert self._process is not None
        self._let_go()
        if self._stdin is not None:
            self._stdin.close()
        with anyio.move_on_after(CLOSE_GRACE):
            await self.has_left.wait()
        if not self.has_left.is_set():
            signal_group(self.pid, signal.SIGTERM)
            with anyio.move_on_after(TERMINATE_GRACE):
                await self.has_left.wait()
        self.kill()
        with anyio.move_on_after(KILL_GRACE):
            await self.has_left.wait()
        self._process.close()
        with anyio.move_on_after(KILL_GRACE):
            await self._is_gone.wait()
