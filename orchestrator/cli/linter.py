"""Runs the program that lints a description: in a process of its own, with limits for its time and what it says."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from orchestrator.check.lint import Finding, Lint
from orchestrator.errors import UsageError
from runtimes.openapi.document import text_at
from runtimes.values import InvalidJson, JsonObject, dump_json, parse_json

LINT_SECONDS = 120.0
"""Seconds for all the descriptions of one run; one of 13 MB takes about fifteen."""

MAX_OUTPUT_BYTES = 1024 * 1024
"""How much the program may say."""

MAX_ERROR_BYTES = 64 * 1024
"""How much of its complaints is kept, from the end."""

PATIENCE = 1.0
"""Seconds after which a person is told what is waited for."""

INSTALL = "pip install 'plugin-orchestrator[prance]'"
"""What installs the validator."""

PROGRAM = Path(__file__).with_name("lint_child.py")

_ENVIRONMENT = ("DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What a Python may need to start at all."""


def require_validator() -> None:
    """Raises: `UsageError` where the extra is not installed."""
    if find_spec("openapi_spec_validator") is None:
        raise UsageError(f"--lint needs an extra: {INSTALL}")


def _lines(output: bytes) -> Iterator[JsonObject]:
    for line in output.splitlines():
        with suppress(InvalidJson):  # the last line of a program that was stopped
            said = parse_json(line)
            if isinstance(said, dict):
                yield said


def _why(code: int | None, complaints: bytes) -> str:
    """Why the program failed, by its last words: its kind only, since what follows quotes the description."""
    if code == 0:
        return ""
    last = complaints.decode(errors="replace").strip().rpartition("\n")[2]
    kind = last.partition(":")[0].rpartition(".")[2]
    return f"the validator failed with {kind if kind.isidentifier() else f'exit code {code}'}"


async def _write(stream: ByteSendStream, data: bytes) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # it has ended, and says why by its exit code
        await stream.send(data)
        await stream.aclose()


class _Said:
    """What a program has said."""

    def __init__(self) -> None:
        self.output = b""
        self.complaints = b""

    async def listen(self, stream: ByteReceiveStream, process: Process) -> None:
        """Keeps the output; one who says too much is ended."""
        async for chunk in stream:
            self.output += chunk
            if len(self.output) > MAX_OUTPUT_BYTES:
                process.kill()
                return

    async def listen_for_complaints(self, stream: ByteReceiveStream) -> None:
        """Keeps the last of them."""
        async for chunk in stream:
            self.complaints = (self.complaints + chunk)[-MAX_ERROR_BYTES:]


class ProcessLinter:
    """Lints one description after the other."""

    def __init__(
        self, *, seconds: float = LINT_SECONDS, tell: Callable[[str], None] | None = None, program: Path = PROGRAM
    ) -> None:
        """`tell` is called with what is waited for, where it takes a while."""
        self._seconds = seconds
        self._left = seconds
        self._tell = tell
        self._program = program

    async def lint(self, description: JsonObject, name: str, /) -> Lint:
        """The findings until the end, or until a limit."""
        try:
            data = dump_json(description).encode()
        except ValueError:
            return Lint(stopped="it has characters that are none")
        started = anyio.current_time()
        said = _Said()
        code: int | None = None
        try:
            with anyio.move_on_after(self._left) as limit:
                code = await self._run(data, name, said)
        except OSError as error:
            return Lint(stopped=f"the validator cannot be started: {error.strerror}")
        self._left = max(0.0, self._left - (anyio.current_time() - started))
        lines = list(_lines(said.output))
        stopped = next((text for line in lines if (text := text_at(line, "stopped"))), "")
        if limit.cancelled_caught:
            stopped = f"linting takes more than {self._seconds:g} s in all"
        elif len(said.output) > MAX_OUTPUT_BYTES:
            stopped = f"the findings have more than {MAX_OUTPUT_BYTES} bytes"
        findings = (
            Finding(pointer=text_at(line, "pointer"), message=message)
            for line in lines
            if (message := text_at(line, "message"))
        )
        return Lint(findings=tuple(findings), stopped=stopped or _why(code, said.complaints))

    async def _run(self, data: bytes, name: str, said: _Said) -> int | None:
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        seconds = str(max(1, math.ceil(self._left)))
        command = [sys.executable, "-E", "-P", "-X", "utf8", str(self._program), seconds]
        process: Process | None = None
        with anyio.CancelScope(shield=True):  # a start that is cancelled half-way would leave a program to nobody
            process = await anyio.open_process(command, env=kept)
        assert process is not None
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(self._be_patient, name)
                async with anyio.create_task_group() as talk:
                    talk.start_soon(_write, process.stdin, data)
                    talk.start_soon(said.listen, process.stdout, process)
                    talk.start_soon(said.listen_for_complaints, process.stderr)
                await process.wait()
                waiting.cancel_scope.cancel()
            return process.returncode
        finally:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()

    async def _be_patient(self, name: str) -> None:
        await anyio.sleep(PATIENCE)
        if self._tell is not None:
            self._tell(f"linting {name} …")
