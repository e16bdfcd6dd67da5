"""What every executor keeps to, whatever carries its calls out.

A subject is a factory for one runtime object with three functions: `echo` answers `{"text": …}` with the argument
`text`, `fail` answers that it has failed, `wait` does not answer. To bring an executor under the contract, add an
opener that gives its spec and services to `SUBJECTS`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
from mcp_types import CallToolRequestParams, CallToolResult

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
from runtimes.local_endpoint import LocalEndpoint
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject, dump_json
from tests.runtimes.mcp.serving import remote, spec_of
from tests.servers import local_plugin
from tests.servers.descriptions import opened
from tests.servers.local_subjects import ENDPOINTS, executing
from tests.servers.loopback import Answer, Request, Response, json_response, serve
from tests.servers.mcp_tools import Context, ServedTool, ToolServer, said
from tests.servers.no_http import NO_SERVICES, NoHttp

Opener = Callable[[], AbstractAsyncContextManager[RuntimeExecutor]]

FUNCTIONS = ("echo", "fail", "wait")


def echo(text: str) -> Json:
    """Says it again."""
    return {"text": text}


def fail() -> None:
    raise RuntimeError("out of order")


async def wait() -> None:
    await anyio.sleep_forever()


def open_memory() -> AbstractAsyncContextManager[RuntimeExecutor]:
    spec = RuntimeSpec(plugin="p", type="x-memory", spec={}, location="", functions=FUNCTIONS)
    return MemoryRuntime(echo, fail, wait)(spec, NO_SERVICES)


def open_local_plugin() -> AbstractAsyncContextManager[RuntimeExecutor]:
    endpoint = LocalEndpoint(command=(sys.executable, str(Path(local_plugin.__file__))))
    spec = RuntimeSpec(plugin="p", type="LocalPlugin", spec={"local_endpoint": "zoo"}, location="", functions=FUNCTIONS)
    return open_local(spec, RuntimeServices(http=NoHttp(), local_endpoints={"zoo": endpoint}))


@asynccontextmanager
async def open_local_address(name: str) -> AsyncGenerator[RuntimeExecutor]:
    async with ENDPOINTS[name](Path()) as endpoint, executing(endpoint, FUNCTIONS) as executor:
        yield executor


async def serve_functions(request: Request) -> Answer:
    match request.path:
        case "/echo":
            return Response(headers=(("Content-Type", "application/json"),), body=request.body)
        case "/fail":
            return json_response({"message": "out of order"}, status=500)
        case _:
            await anyio.sleep_forever()
            raise NotImplementedError


@asynccontextmanager
async def open_openapi_server() -> AsyncGenerator[RuntimeExecutor]:
    body: JsonObject = {
        "required": True,
        "content": {"application/json": {"schema": {"properties": {"text": {"type": "string"}}}}},
    }
    async with serve(serve_functions) as server:
        description: JsonObject = {
            "openapi": "3.0.4",
            "servers": [{"url": server.url}],
            "paths": {
                "/echo": {"post": {"operationId": "echo", "requestBody": body}},
                "/fail": {"get": {"operationId": "fail"}},
                "/wait": {"get": {"operationId": "wait"}},
            },
        }
        async with opened(description, functions=FUNCTIONS) as executor:
            yield executor


@asynccontextmanager
async def open_mcp_server() -> AsyncGenerator[RuntimeExecutor]:
    async def say(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del context
        return said(dump_json(params.arguments))

    async def refuse(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del context, params
        return said("out of order", is_error=True)

    async def linger(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del context, params
        await anyio.sleep_forever()
        raise NotImplementedError

    handlers = {"echo": say, "fail": refuse, "wait": linger}
    served = ToolServer(*(ServedTool(name=name, handler=handler) for name, handler in handlers.items()))
    async with served.over_http() as url, remote(spec_of(url, functions=FUNCTIONS)) as executor:
        yield executor


SUBJECTS: dict[str, Opener] = {
    "memory": open_memory,
    "local": open_local_plugin,
    "local over tcp": partial(open_local_address, "tcp with lines"),
    "local over http": partial(open_local_address, "http"),
    "local over a websocket": partial(open_local_address, "websocket"),
    "openapi": open_openapi_server,
    "mcp": open_mcp_server,
}


@pytest.fixture(params=list(SUBJECTS.values()), ids=list(SUBJECTS))
async def executor(request: pytest.FixtureRequest) -> AsyncGenerator[RuntimeExecutor, None]:
    opener: Opener = request.param
    async with opener() as opened:
        yield opened


@asynccontextmanager
async def soon() -> AsyncGenerator[None, None]:
    with anyio.fail_after(10):
        yield


async def ask(executor: RuntimeExecutor, function: str, timeout: float = 10.0, **arguments: Json) -> CallResult:
    call = FunctionCall(id=f"call-{function}", function=function, arguments=arguments)
    return await executor.invoke(call, CallContext(person="ada", timeout=timeout))


async def test_functions_are_known_by_their_names(executor: RuntimeExecutor) -> None:
    assert set(executor.functions) == set(FUNCTIONS)
    assert {name: signature.name for name, signature in executor.functions.items()} == {
        name: name for name in FUNCTIONS
    }
    assert all(signature.destination for signature in executor.functions.values())
    assert executor.unusable == {}


async def test_an_answer_is_the_payload(executor: RuntimeExecutor) -> None:
    async with soon():
        for text in ("hello", "", "line\nline", "ü\N{SNOWMAN}\0"):
            result = await ask(executor, "echo", text=text)
            assert (result.payload, result.is_error) == ({"text": text}, False)


async def test_a_failure_that_the_other_side_reports_is_an_answer(executor: RuntimeExecutor) -> None:
    async with soon():
        result = await ask(executor, "fail")
    assert result.is_error
    assert "out of order" in dump_json(result.payload)
    assert "Traceback" not in dump_json(result.payload)


async def test_no_answer_in_time_is_an_invocation_error(executor: RuntimeExecutor) -> None:
    async with soon():
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "wait", timeout=0.2)
    assert "wait" in str(failure.value)
    assert failure.value.not_executed is None


async def test_an_unknown_function_is_an_invocation_error_that_names_the_known_ones(executor: RuntimeExecutor) -> None:
    async with soon():
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "ecco", text="x")
    assert "'ecco'" in str(failure.value)
    assert "echo, fail, wait" in str(failure.value)


async def test_calls_run_side_by_side_and_each_gets_its_own_answer(executor: RuntimeExecutor) -> None:
    answers: dict[str, Json] = {}

    async def echo_of(text: str) -> None:
        answers[text] = (await ask(executor, "echo", text=text)).payload

    async with soon(), anyio.create_task_group() as tasks:
        tasks.start_soon(ask, executor, "wait")
        async with anyio.create_task_group() as echoes:
            for number in range(10):
                echoes.start_soon(echo_of, str(number))
        tasks.cancel_scope.cancel()
    assert answers == {str(number): {"text": str(number)} for number in range(10)}


async def test_a_cancelled_call_leaves_the_executor_usable(executor: RuntimeExecutor) -> None:
    async with soon():
        with anyio.move_on_after(0.1) as scope:
            await ask(executor, "wait")
        assert scope.cancelled_caught
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


async def test_a_preview_is_the_same_each_time_and_shows_the_arguments(executor: RuntimeExecutor) -> None:
    call = FunctionCall(id="c", function="echo", arguments={"text": "hello"})
    try:
        messages = executor.preview(call)
    except InvocationError as error:
        messages = ()
        assert "sends nothing" in str(error)  # noqa: PT017  an executor may send nothing at all
    else:
        assert messages == executor.preview(call)
        assert any("hello" in f"{message.url}{message.body}" for message in messages)
