"""The services of a conversation: programs that are started for it, listen, and are stopped at its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
from anyio.abc import Process, TaskGroup

from orchestrator.testing.format.matching import MAX_SECONDS, cut
from orchestrator.testing.format.patterns import compiled
from orchestrator.testing.format.settings import READY_SECONDS
from orchestrator.testing.playing.programs import ProgramFailed
from runtimes.http import is_url
from runtimes.local.transports.process import inherited_environment
from runtimes.local.transports.process_group import KILL, signal_group
from runtimes.local_endpoint import LocalEndpoint
from runtimes.network import ContactRefused, origin_of
from runtimes.positions import pointer_to

STOP_SECONDS = 3.0
"""Seconds that a service, and what it has started, has to leave after SIGTERM, before the rest of it is killed."""

LOOK_SECONDS = 0.02
"""Seconds between two looks whether all of it has left."""

PAUSE_SECONDS = 0.5
"""Seconds without output after which a line without an end is looked at: not every program ends its last one."""

READ_BYTES = 64 * 1024
"""How much of its output is read at once."""

MAX_LINE = 4096
"""Characters of a line of output that are looked at."""

KEPT_LINES = 8
"""The last lines of output that a failure shows."""

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # nothing binds it here
"""What a service listens at that takes connections from everywhere; it is called at `LOOPBACK`."""

LOOPBACK = "127.0.0.1"

_UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
"""Without it a Python program keeps what it prints to itself, where no terminal reads it."""


class _Output:
    """What a service writes: read to its end, so that it never waits for a full pipe, and kept in part."""

    def __init__(self, ready: str) -> None:
        self._ready = compiled(ready)
        self._line = ""
        self._is_line_new = False
        self._kept: list[str] = []
        self.is_settled = anyio.Event()
        """Set once the address is known, or can no longer become so."""
        self.address = ""
        self.complaint = ""

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that have something in them, printable and short."""
        lines = [*self._kept, self._line]
        return tuple(cut("".join(filter(str.isprintable, line))) for line in lines if line.strip())[-KEPT_LINES:]

    def take(self, text: str) -> None:
        """Goes on with more of it."""
        *done, rest = (self._line + text).split("\n")
        lines = [line.rstrip("\r")[:MAX_LINE] for line in done]
        for line in lines:
            self._look_at(line)
        self._kept = [*self._kept, *filter(str.strip, lines)][-KEPT_LINES:]
        self._line = rest[:MAX_LINE]
        self._is_line_new = bool(rest)

    @property
    def is_waited_for(self) -> bool:
        """True where a line without an end may still become one."""
        return self._is_line_new and not self.is_settled.is_set()

    def pause(self) -> None:
        """Nothing has come for a while."""
        self._look_at(self._line)
        self._is_line_new = False

    def _look_at(self, line: str) -> None:
        if self.is_settled.is_set():
            return
        try:
            found = self._ready.search(line, timeout=MAX_SECONDS)
        except TimeoutError:
            self.complaint = f"'ready' takes more than {MAX_SECONDS:g} s for a line"
            self.is_settled.set()
            return
        if found is not None:
            self.address = (found[1] or "").rstrip("/")
            self.is_settled.set()

    def end(self) -> None:
        """There is no more."""
        self._look_at(self._line)
        self.complaint = self.complaint or "the service ended before it was ready"
        self.is_settled.set()


async def _drain(process: Process, output: _Output) -> None:
    assert process.stdout is not None
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        while True:
            with anyio.move_on_after(PAUSE_SECONDS if output.is_waited_for else None):
                output.take((await process.stdout.receive(READ_BYTES)).decode(errors="replace"))
                continue
            output.pause()
    output.end()


async def _start(name: str, endpoint: LocalEndpoint) -> Process:
    process: Process | None = None
    try:
        with anyio.CancelScope(shield=True):  # a start that is cancelled half-way would leave a program to nobody
            process = await anyio.open_process(
                endpoint.command,
                stdin=subprocess.PIPE,  # its end tells a program that we are gone, however we went
                stderr=subprocess.STDOUT,
                cwd=endpoint.directory,
                env=inherited_environment() | _UNBUFFERED | dict(endpoint.environment),
                start_new_session=True,
            )
    except OSError as error:
        raise ProgramFailed(
            pointer_to("services", name), f"the service cannot be started: {endpoint.command[0]!r}: {error.strerror}"
        ) from error
    except ValueError as error:
        raise ProgramFailed(
            pointer_to("services", name), f"the command or environment of the service is not usable: {error}"
        ) from error
    assert process is not None
    return process


def _is_left(process: Process) -> bool:
    """True where something of the program, or of what it has started, is still there."""
    if sys.platform == "win32":
        return process.returncode is None
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def _stop(process: Process, seconds: float) -> None:
    """Terminates, then kills: the whole group, which outlives the program."""
    signal_group(process.pid, signal.SIGTERM)
    with anyio.move_on_after(seconds):
        while _is_left(process):  # noqa: ASYNC110  # nothing tells of programs that are not our own children
            await anyio.sleep(LOOK_SECONDS)
    signal_group(process.pid, KILL)
    await process.aclose()


def _reachable(address: str) -> str:
    """The address as it can be called."""
    parts = urlsplit(address)
    return address.replace(EVERY_ADDRESS, LOOPBACK, 1) if parts.hostname == EVERY_ADDRESS else address


def _checked(name: str, address: str) -> str:
    if not is_url(address):
        raise ProgramFailed(
            pointer_to("services", name),
            f"the first group of 'ready' found {cut(address)!r}, and no http or https address",
        )
    try:
        origin_of(address)
    except ContactRefused as refusal:
        raise ProgramFailed(
            pointer_to("services", name), f"the first group of 'ready' found {cut(address)!r}: {refusal}"
        ) from None
    return _reachable(address)


async def _address(name: str, output: _Output, ready: str, seconds: float) -> str:
    with anyio.move_on_after(seconds):
        await output.is_settled.wait()
    if output.address:
        return _checked(name, output.address)
    waited = f"no line of its output had '{cut(ready)}' within {seconds:g} s; say with 'ready' what it writes"
    raise ProgramFailed(pointer_to("services", name), output.complaint or waited, output.last_lines)


def _how(code: int) -> str:
    return f"ended with {code}" if code >= 0 else f"was ended by signal {-code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedService:
    """A service as it is started."""

    endpoint: LocalEndpoint
    ready: str
    """The expression for the line that says where it listens."""
    within: float = READY_SECONDS
    """Seconds that it has for that."""


class RunningServices:
    """Services that were started."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Process, _Output]] = {}
        self.addresses: dict[str, str] = {}
        """Where they listen, by name."""

    @property
    def processes(self) -> tuple[Process, ...]:
        """Their programs."""
        return tuple(process for process, _ in self._running.values())

    def ended(self) -> tuple[ProgramFailed, ...]:
        """Those that have ended by themselves, each with the last lines that it wrote."""
        return tuple(
            ProgramFailed(
                pointer_to("services", name), f"the service {name!r} {_how(process.returncode)}", output.last_lines
            )
            for name, (process, output) in self._running.items()
            if process.returncode is not None
        )

    async def start(self, services: Mapping[str, StartedService], draining: TaskGroup) -> None:
        """Starts them, and waits for their addresses. Raises: `ProgramFailed`."""
        for name, service in services.items():
            process, output = await _start(name, service.endpoint), _Output(service.ready)
            self._running[name] = process, output
            draining.start_soon(_drain, process, output)
        for name, (_, output) in self._running.items():
            self.addresses[name] = await _address(name, output, services[name].ready, services[name].within)


@asynccontextmanager
async def running_services(
    services: Mapping[str, StartedService], *, stop_within: float = STOP_SECONDS
) -> AsyncGenerator[RunningServices]:
    """Starts programs that listen, and stops them at the end. Entering raises: `ProgramFailed`."""
    running = RunningServices()
    draining = anyio.create_task_group()
    # By hand, because `async with` would wrap the caller's own exception in a group.
    await draining.__aenter__()
    try:
        await running.start(services, draining)
        yield running
    finally:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as stopping:
                for process in running.processes:
                    stopping.start_soon(_stop, process, stop_within)
        draining.cancel_scope.cancel()
        await draining.__aexit__(None, None, None)
