"""The services of a conversation: programs that are started for it, listen, and are stopped at its end."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import Process

from orchestrator.testing.format.matching import MAX_SECONDS, cut
from orchestrator.testing.format.patterns import compiled
from orchestrator.testing.playing.programs import ProgramFailed
from runtimes.base import LocalEndpoint
from runtimes.http import is_url
from runtimes.local.transports import KILL, inherited_environment, signal_group
from runtimes.network import ContactRefused, origin_of
from runtimes.positions import pointer_to

READY_SECONDS = 30.0
"""Seconds that a service has to say where it listens."""

STOP_SECONDS = 3.0
"""Seconds that it has to leave after SIGTERM, before its group is killed."""

READ_BYTES = 64 * 1024
"""How much of its output is read at once."""

MAX_LINE = 4096
"""Characters of a line of output that are looked at."""

KEPT_LINES = 8
"""The last lines of output that a failure shows."""


_UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
"""Without it a Python program keeps what it prints to itself, where no terminal reads it."""


class _Output:
    """What a service writes: read to its end, so that it never waits for a full pipe, and kept in part."""

    def __init__(self, ready: str) -> None:
        self._ready = compiled(ready)
        self._line = ""
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
            output.take((await process.stdout.receive(READ_BYTES)).decode(errors="replace"))
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


async def _stop(process: Process, seconds: float) -> None:
    """Terminates, then kills: the group in any case, for what the program has left behind."""
    if process.returncode is None:
        signal_group(process, signal.SIGTERM)
        with anyio.move_on_after(seconds):
            await process.wait()
    signal_group(process, KILL)
    await process.aclose()


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
    return address


async def _address(name: str, output: _Output, ready: str, seconds: float) -> str:
    with anyio.move_on_after(seconds):
        await output.is_settled.wait()
    if output.address:
        return _checked(name, output.address)
    waited = f"no line of its output had {cut(ready)!r} within {seconds:g} s"
    raise ProgramFailed(pointer_to("services", name), output.complaint or waited, output.last_lines)


@asynccontextmanager
async def running_services(
    services: Mapping[str, tuple[LocalEndpoint, str]],
    *,
    ready_within: float = READY_SECONDS,
    stop_within: float = STOP_SECONDS,
) -> AsyncGenerator[Mapping[str, str]]:
    """Starts programs, each with the expression for the line that says where it listens; stops them at the end.

    Yields their addresses, by name. Entering raises: `ProgramFailed`.
    """
    processes: list[Process] = []
    draining = anyio.create_task_group()
    # By hand, because `async with` would wrap the caller's own exception in a group.
    await draining.__aenter__()
    try:
        outputs: dict[str, _Output] = {}
        for name, (endpoint, ready) in services.items():
            processes.append(await _start(name, endpoint))
            outputs[name] = _Output(ready)
            draining.start_soon(_drain, processes[-1], outputs[name])
        yield {name: await _address(name, output, services[name][1], ready_within) for name, output in outputs.items()}
    finally:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as stopping:
                for process in processes:
                    stopping.start_soon(_stop, process, stop_within)
        draining.cancel_scope.cancel()
        await draining.__aexit__(None, None, None)
