"""The bundled examples, running for a while: services on free ports of this machine, and what a chat over them needs.

It starts programs and stops them; loading the manifests and talking is its caller's work.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from orchestrator.errors import OrchestratorError, UnknownName
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import InvalidJson, parse_json

START_TIMEOUT = 20.0
"""Seconds a service may take until it listens."""
STOP_TIMEOUT = 3.0
"""Seconds a service has to leave after SIGTERM, before it is killed."""
QUIET_TIME = 1.0
"""Seconds between two words on what is waited for."""
MAX_LINE_BYTES = 1024
"""How long the line may be in which a service says where it listens."""
MAX_LAST_WORDS = 200
"""How many characters of the last line on stderr are quoted."""
MAX_STDERR_BYTES = 16 * 1024
"""How much of the end of stderr is looked at."""
INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The environment variables that an example gets from ours: no key of the person is among them."""

_LISTENING = re.compile(r"listening on (http://(127\.0\.0\.1:\d{1,5}))")


class ExampleFailed(OrchestratorError):
    """An example cannot be started; the message says which, and its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSource:
    """Where the manifest of a running example is."""

    name: str
    source: str
    """The URL or the path of its plugin.json."""
    allowed_hosts: tuple[str, ...] = ()
    """The `HOST:PORT` entries that its plugin needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningExamples:
    """What a chat over the examples needs."""

    sources: tuple[ExampleSource, ...] = ()
    """In the order of their names."""
    local: Mapping[str, LocalEndpoint] = field(default_factory=dict[str, LocalEndpoint])
    """The local plugins among them, by `local_endpoint` (spec 11.4.2.1)."""


def _silent(text: str) -> None:
    del text


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    name: str
    folder: Path
    state: Path
    """A directory that goes away at the end."""

    @property
    def manifest(self) -> Path:
        return self.folder / "plugin.json"

    @property
    def stderr(self) -> Path:
        return self.state / f"{self.name}.stderr"

    def command(self, *options: str) -> tuple[str, ...]:
        return (sys.executable, "-I", str(self.folder / "service.py"), *options)

    def local_endpoint(self) -> str | None:
        """The identifier of the local plugin that it is, if it is one. Raises: `ExampleFailed`."""
        try:
            document = parse_json(self.manifest.read_bytes())
        except (OSError, InvalidJson) as error:
            raise ExampleFailed(f"the manifest of the example {self.name!r} cannot be read: {error}") from error
        match document:
            case {"runtimes": [{"type": "LocalPlugin", "spec": {"local_endpoint": str(endpoint)}}, *_]}:
                return endpoint
            case _:
                return None

    def as_local(self) -> LocalEndpoint:
        """How its program is started; it keeps its state in the directory that goes away."""
        command = self.command("--file", str(self.state / f"{self.name}.json"))
        return LocalEndpoint(command=command, environment=_environment())

    def open_stderr(self) -> BinaryIO:
        return self.stderr.open("wb")

    def last_words(self) -> str:
        """The last line that it wrote to stderr, printable and short."""
        lines = self.stderr.read_bytes()[-MAX_STDERR_BYTES:].decode(errors="replace").split("\n")
        line = next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")
        return "".join(filter(str.isprintable, line))[:MAX_LAST_WORDS]


def examples_folder() -> Path:
    """Where the examples are: inside the installed package, else in the checkout. Raises: `OrchestratorError`."""
    package = Path(__file__).resolve().parent
    for folder in (package / "examples", package.parent / "examples"):
        if folder.is_dir():
            return folder
    raise OrchestratorError("the examples are not there; install the distribution again, or work in a checkout of it")


def example_names(folder: Path) -> tuple[str, ...]:
    """The examples in a folder: every directory that has a manifest and a service, by name."""
    services = folder.glob("*/service.py")
    return tuple(sorted(path.parent.name for path in services if path.with_name("plugin.json").exists()))


async def _read_address(example: _Example, process: Process) -> re.Match[str]:
    assert process.stdout is not None
    try:
        with anyio.fail_after(START_TIMEOUT):
            line = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", MAX_LINE_BYTES)
    except TimeoutError:
        raise ExampleFailed(f"the example {example.name!r} did not start within {START_TIMEOUT:g} seconds") from None
    except anyio.IncompleteRead:
        raise ExampleFailed(f"the example {example.name!r} did not start: {example.last_words()}") from None
    except anyio.DelimiterNotFound:
        line = b""
    address = _LISTENING.fullmatch(line.decode(errors="replace").strip())
    if address is None:
        raise ExampleFailed(f"the example {example.name!r} did not say where it listens")
    return address


async def _start(example: _Example, processes: list[Process]) -> ExampleSource:
    try:
        with example.open_stderr() as stderr:
            process = await anyio.open_process(
                example.command("--port", "0"),
                stdin=subprocess.PIPE,  # it ends with us, however we end
                stderr=stderr,
                cwd=example.folder,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for the chat
            )
    except OSError as error:
        raise ExampleFailed(f"the example {example.name!r} cannot be started: {error.strerror}") from error
    processes.append(process)
    address = await _read_address(example, process)
    return ExampleSource(name=example.name, source=f"{address[1]}/plugin.json", allowed_hosts=(address[2],))


async def _tell(waiting: Callable[[], Sequence[str]], progress: Callable[[str], None]) -> None:
    while True:
        await anyio.sleep(QUIET_TIME)
        progress(f"starting the examples, waiting for {', '.join(waiting())}")


async def _start_all(
    examples: Sequence[_Example], processes: list[Process], progress: Callable[[str], None]
) -> tuple[ExampleSource, ...]:
    started: dict[str, ExampleSource] = {}
    failures: list[ExampleFailed] = []

    async def start(example: _Example) -> None:
        try:
            started[example.name] = await _start(example, processes)
        except ExampleFailed as error:
            failures.append(error)
            starting.cancel_scope.cancel()

    async with anyio.create_task_group() as telling:
        telling.start_soon(_tell, lambda: [one.name for one in examples if one.name not in started], progress)
        async with anyio.create_task_group() as starting:
            for example in examples:
                starting.start_soon(start, example)
        telling.cancel_scope.cancel()
    if failures:
        raise failures[0]
    return tuple(started[example.name] for example in examples)


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    with anyio.move_on_after(STOP_TIMEOUT):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()


async def _stop_all(processes: Sequence[Process]) -> None:
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as stopping:
            for process in processes:
                stopping.start_soon(_stop, process)


@asynccontextmanager
async def running_examples(
    names: Sequence[str] | None = None, *, folder: Path | None = None, progress: Callable[[str], None] = _silent
) -> AsyncGenerator[RunningExamples]:
    """Starts the named examples (all of them, where none is named) and stops them at the end, however it comes.

    `folder` has other examples than the bundled ones. `progress` is told what is waited for when it takes long.

    Raises: `UnknownName`, `ExampleFailed`.
    """
    folder = examples_folder() if folder is None else folder
    known = example_names(folder)
    for name in names or ():
        if name not in known:
            raise UnknownName("example", name, known)
    chosen = [name for name in known if names is None or name in names]
    with TemporaryDirectory(prefix="orchestrator-demo-", ignore_cleanup_errors=True) as directory:
        examples = [_Example(name=name, folder=folder / name, state=Path(directory)) for name in chosen]
        local = {example: endpoint for example in examples if (endpoint := example.local_endpoint()) is not None}
        here = [ExampleSource(name=example.name, source=str(example.manifest)) for example in local]
        processes: list[Process] = []
        try:
            served = await _start_all([one for one in examples if one not in local], processes, progress)
            yield RunningExamples(
                sources=tuple(sorted([*served, *here], key=lambda source: source.name)),
                local={endpoint: example.as_local() for example, endpoint in local.items()},
            )
        finally:
            await _stop_all(processes)
