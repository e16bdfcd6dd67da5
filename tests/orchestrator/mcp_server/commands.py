"""`orchestrator mcp` as a process of its own, and what is known of it from outside."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from runtimes.values import JsonObject, dump_json, parse_json
from tests.servers import warm

START_SECONDS = 60.0
"""How long the command may take to begin: a slow machine imports slowly."""

COMMAND = (sys.executable, "-m", "orchestrator", "mcp")


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a command that finds nothing of the person's."""
    names = ("PATH", "HOME", "LANG", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), **(more or {})}


class Running:
    """The command, spoken to line by line."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self.process = process
        self._lines = BufferedByteReceiveStream(process.stdout)

    async def line(self) -> str:
        """The next line of its standard output."""
        return (await self._lines.receive_until(b"\n", 1024 * 1024)).decode()

    async def say(self, message: JsonObject) -> None:
        """One message to its standard input."""
        assert self.process.stdin is not None
        await self.process.stdin.send(f"{dump_json(message)}\n".encode())

    async def hear(self) -> JsonObject:
        """The next message of its standard output."""
        value = parse_json(await self.line())
        assert isinstance(value, dict)
        return value

    async def rest(self) -> bytes:
        """What else it writes to its standard output, to the end."""
        assert self.process.stdout is not None
        return self._lines.buffer + b"".join([chunk async for chunk in self.process.stdout])

    async def errors(self) -> str:
        """All of its standard error, to the end."""
        assert self.process.stderr is not None
        return b"".join([chunk async for chunk in self.process.stderr]).decode()


@asynccontextmanager
async def started(
    arguments: Sequence[str], folder: Path, more: Mapping[str, str] | None = None
) -> AsyncGenerator[Running]:
    """The command with these arguments in that folder; killed where it does not end by itself."""
    variables = environment(folder, more)
    async with await anyio.open_process(warm.line([*COMMAND, *arguments]), cwd=folder, env=variables) as process:
        try:
            yield Running(process)
        finally:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                await process.wait()
