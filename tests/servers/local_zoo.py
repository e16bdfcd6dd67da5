"""Opens the local plugins of `tests.servers.local_plugin` and `hostile_plugin`, and watches their processes."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import anyio

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
)
from runtimes.errors import InvocationError
from runtimes.local import open_local
from runtimes.local.programs import Timing
from runtimes.local_endpoint import LocalEndpoint
from runtimes.questions import Ask, nobody_present
from runtimes.values import Json
from tests.servers import hostile_plugin, local_plugin
from tests.servers.no_http import NoHttp

PROGRAM = Path(local_plugin.__file__)
ROOT = PROGRAM.parents[2]
FUNCTIONS = tuple(local_plugin.METHODS)
STEPS_TO_AN_END = 20
"""Steps of the event loop within which the end of a pipe that has ended reaches whoever reads it."""
_TIMING = Timing()


def endpoint(*arguments: str, directory: str | None = None, environment: dict[str, str] | None = None) -> LocalEndpoint:
    command = (sys.executable, "-S", str(PROGRAM), *arguments)
    return LocalEndpoint(command=command, directory=directory, environment=environment or {})


def hostile(*arguments: str) -> LocalEndpoint:
    command = (sys.executable, "-S", "-m", hostile_plugin.__name__, *arguments)
    return LocalEndpoint(command=command, environment={"PYTHONPATH": str(ROOT)})


@asynccontextmanager
async def opened(local: LocalEndpoint, timing: Timing = _TIMING) -> AsyncGenerator[RuntimeExecutor, None]:
    spec = RuntimeSpec(
        plugin="settings", type="LocalPlugin", spec={"local_endpoint": "zoo"}, location="", functions=FUNCTIONS
    )
    services = RuntimeServices(http=NoHttp(), local_endpoints={"zoo": local})
    async with open_local(spec, services, timing=timing) as executor:
        with anyio.fail_after(30):
            yield executor


async def ask(
    executor: RuntimeExecutor,
    function: str,
    timeout: float = 20.0,
    person: str = "ada",
    asks: Ask = nobody_present,
    **arguments: Json,
) -> CallResult:
    call = FunctionCall(id="c", function=function, arguments=arguments)
    return await executor.invoke(call, CallContext(person=person, timeout=timeout, ask=asks))


async def surroundings(executor: RuntimeExecutor, person: str = "ada") -> dict[str, Json]:
    payload = (await ask(executor, "surroundings", person=person)).payload
    assert isinstance(payload, dict)
    return payload


async def pid_of(executor: RuntimeExecutor, person: str = "ada") -> int:
    pid = (await surroundings(executor, person))["pid"]
    assert isinstance(pid, int)
    return pid


def is_running(pid: Json) -> bool:
    assert isinstance(pid, int)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or before it was read
        return False
    return state != "Z"


def is_group_running(pid: Json) -> bool:
    """Whether anything of the group that it led is left."""
    assert isinstance(pid, int)
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return any(
        is_running(int(entry.name)) and _group_of(int(entry.name)) == pid
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal()
    )


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def running_with(word: str) -> list[int]:
    """The processes that were started with that argument."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if entry.name.isdecimal() and word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def closed_gate(folder: Path) -> str:
    """A pipe with a name: whoever opens it to read waits until `opened_gate`."""
    path = folder / "gate"
    os.mkfifo(path)
    return str(path)


@contextmanager
def opened_gate(path: str) -> Generator[int, None, None]:
    """Lets pass whoever waits at the pipe, if anybody does; the descriptor writes to it."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def gone(pid: Json) -> None:
    """Waits until nothing is left of a program and its group, and its pipes have been seen to end."""
    with anyio.fail_after(20):
        while is_running(pid) or is_group_running(pid):
            await anyio.lowlevel.checkpoint()
        for _ in range(STEPS_TO_AN_END):
            await anyio.lowlevel.checkpoint()


async def echo_of_a_fresh_program(executor: RuntimeExecutor, text: str) -> Json:
    """Asks until it works: the program is gone, and when the executor sees that is not ours to say."""
    while True:
        with suppress(InvocationError):
            return (await ask(executor, "echo", text=text)).payload
