"""Opens the local plugin of `tests.servers.local_plugin` and watches its process."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    LocalEndpoint,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
)
from runtimes.errors import InvocationError
from runtimes.local import open_local
from runtimes.values import Json
from tests.servers import local_plugin
from tests.servers.no_http import NoHttp

PROGRAM = Path(local_plugin.__file__)
FUNCTIONS = tuple(local_plugin.METHODS)


def endpoint(*arguments: str, directory: str | None = None, environment: dict[str, str] | None = None) -> LocalEndpoint:
    command = (sys.executable, str(PROGRAM), *arguments)
    return LocalEndpoint(command=command, directory=directory, environment=environment or {})


@asynccontextmanager
async def opened(local: LocalEndpoint) -> AsyncGenerator[RuntimeExecutor, None]:
    spec = RuntimeSpec(
        plugin="settings", type="LocalPlugin", spec={"local_endpoint": "zoo"}, location="", functions=FUNCTIONS
    )
    async with open_local(spec, RuntimeServices(http=NoHttp(), local_endpoints={"zoo": local})) as executor:
        with anyio.fail_after(20):
            yield executor


async def ask(executor: RuntimeExecutor, function: str, timeout: float = 10.0, **arguments: Json) -> CallResult:
    call = FunctionCall(id="c", function=function, arguments=arguments)
    return await executor.invoke(call, CallContext(person="ada", timeout=timeout))


async def surroundings(executor: RuntimeExecutor) -> dict[str, Json]:
    payload = (await ask(executor, "surroundings")).payload
    assert isinstance(payload, dict)
    return payload


def is_running(pid: Json) -> bool:
    assert isinstance(pid, int)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or before it was read
        return False
    return state != "Z"


async def gone(pid: Json) -> None:
    with anyio.fail_after(5):
        while is_running(pid):
            await anyio.lowlevel.checkpoint()


async def echo_of_a_fresh_program(executor: RuntimeExecutor, text: str) -> Json:
    """Asks until it works: the program is gone, and when the executor sees that is not ours to say."""
    while True:
        with suppress(InvocationError):
            return (await ask(executor, "echo", text=text)).payload
