"""A well-behaved program on the other side, and the runtime around it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import anyio
import pytest

from runtimes.base import (
    CallResult,
    FunctionCall,
    RuntimeServices,
    RuntimeSpec,
)
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.local import open_local
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json
from tests.servers.local_zoo import (
    PROGRAM,
    ask,
    endpoint,
    is_running,
    opened,
    surroundings,
)
from tests.servers.no_http import NoHttp


async def test_one_process_answers_many_calls() -> None:
    async with opened(endpoint()) as executor:
        assert (await ask(executor, "echo", text="hello")).payload == {"text": "hello"}
        first = await surroundings(executor)
        assert (await surroundings(executor))["pid"] == first["pid"]


async def test_the_program_starts_at_the_first_call_and_leaves_with_the_runtime(tmp_path: Path) -> None:
    local = endpoint(directory=str(tmp_path))
    async with opened(local) as executor:
        pid = (await surroundings(executor))["pid"]
        assert is_running(pid)
    assert not is_running(pid)
    async with opened(LocalEndpoint(command=("/nonexistent",))):
        pass


async def test_the_program_has_few_variables_its_own_group_and_an_empty_directory() -> None:
    async with opened(endpoint("--flag; rm", environment={"MODE": "test"})) as executor:
        seen = await surroundings(executor)
        environment, directory = seen["environment"], seen["directory"]
        assert isinstance(environment, dict)
        assert isinstance(directory, str)
        assert environment["MODE"] == "test"
        assert environment["PATH"] == os.environ["PATH"]
        assert "PYTEST_CURRENT_TEST" in os.environ
        assert "PYTEST_CURRENT_TEST" not in environment
        assert seen["leads_its_group"] is True
        assert seen["arguments"] == ["--flag; rm"]
        assert seen["files"] == []
        assert seen["descriptors"] == [0, 1, 2, 3], "the fourth reads the folder of them"
    assert not await anyio.Path(directory).exists()


async def test_an_error_object_is_an_answer_that_reports_a_failure() -> None:
    async with opened(endpoint()) as executor:
        assert await ask(executor, "fail") == CallResult(
            payload={"code": -32000, "message": "out of order"}, is_error=True
        )


async def test_a_thousand_calls_run_at_once_and_answers_out_of_order_arrive_right() -> None:
    answers: dict[int, Json] = {}
    async with opened(endpoint()) as executor:

        async def hold(number: int) -> None:
            answers[number] = (await ask(executor, "hold", number=number)).payload

        await ask(executor, "echo", text="is up")
        async with anyio.create_task_group() as tasks:
            for number in range(1000):
                tasks.start_soon(hold, number)
            await anyio.wait_all_tasks_blocked()
            assert (await ask(executor, "release")).payload == 1000
    given = {number: answer["number"] for number, answer in answers.items() if isinstance(answer, dict)}
    assert given == {number: number for number in range(1000)}
    assert list(answers) == list(reversed(range(1000))), "the last one asked was answered first"


async def test_one_call_that_fails_by_timeout_leaves_the_others_alone() -> None:
    async with opened(endpoint()) as executor:
        pid = (await surroundings(executor))["pid"]
        with pytest.raises(InvocationError):
            await ask(executor, "wait", timeout=0.1)
        assert (await surroundings(executor))["pid"] == pid
        assert (await ask(executor, "cancellations")).payload == [3]


async def test_a_cancelled_call_is_told_to_the_program() -> None:
    async with opened(endpoint()) as executor:
        await ask(executor, "echo", text="is up")
        with anyio.move_on_after(0.1) as scope:
            await ask(executor, "wait")
        assert scope.cancelled_caught
        assert (await ask(executor, "cancellations")).payload == [3]


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        (LocalEndpoint(command=("/nonexistent/plugin",)), "'/nonexistent/plugin': No such file or directory"),
        (LocalEndpoint(command=(str(PROGRAM.parent),)), "Permission denied"),
        (LocalEndpoint(command=()), "its command is empty"),
        (LocalEndpoint(command=("a\0b",)), "is not usable"),
        (LocalEndpoint(command=("true",), directory="/nonexistent"), "its working directory '/nonexistent' is not"),
    ],
    ids=["missing", "a directory", "empty", "NUL", "no directory"],
)
async def test_a_program_that_cannot_be_started_has_certainly_not_run_the_call(
    local: LocalEndpoint, reason: str
) -> None:
    async with opened(local) as executor:
        with pytest.raises(InvocationError, match="cannot be started") as failure:
            await ask(executor, "echo", text="x")
        assert reason in str(failure.value)
        assert failure.value.not_executed == "connect"


async def test_arguments_beyond_the_frame_limit_are_refused_and_the_program_stays() -> None:
    async with opened(endpoint()) as executor:
        with pytest.raises(InvocationError, match="is the limit"):
            await ask(executor, "echo", text="x" * (1024 * 1024))
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


async def test_the_preview_is_the_frame_and_starts_nothing() -> None:
    async with opened(LocalEndpoint(command=("/nonexistent",))) as executor:
        (message,) = executor.preview(FunctionCall(id="c", function="echo", arguments={"text": "é"}))
        assert (message.method, message.url, message.headers) == ("JSON-RPC", "local:zoo", ())
        assert message.body == '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"é"}}'
        assert json.loads(message.body)["params"] == {"text": "é"}


async def test_signatures_say_where_the_arguments_go_and_that_nothing_is_repeatable() -> None:
    async with opened(endpoint()) as executor:
        signature = executor.functions["echo"]
        assert (signature.destination, signature.method, signature.repeatable) == ("local plugin 'zoo'", None, False)
        assert signature.parameters == {}
        assert executor.unusable == {}
    async with opened(endpoint("--other")) as executor:
        assert executor.functions["echo"].fingerprint != signature.fingerprint


async def test_without_declared_functions_there_are_none() -> None:
    spec = RuntimeSpec(plugin="p", type="LocalPlugin", spec={"local_endpoint": "zoo"}, location="")
    async with open_local(spec, RuntimeServices(http=NoHttp(), local_endpoints={"zoo": endpoint()})) as executor:
        assert executor.functions == {}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            {"local_endpoint": "Zoo"},
            "there is no local plugin 'Zoo', perhaps 'zoo' is meant; register it with"
            " `orchestrator local add Zoo -- COMMAND`, or for one command with `--local`",
        ),
        ({}, "a LocalPlugin runtime needs 'local_endpoint', the name of an installed local plugin"),
        ({"local_endpoint": 5}, "a LocalPlugin runtime needs 'local_endpoint', the name of an installed local plugin"),
    ],
)
async def test_an_endpoint_that_is_not_installed_is_refused_when_opened(written: dict[str, Json], message: str) -> None:
    spec = RuntimeSpec(plugin="p", type="LocalPlugin", spec=written, location="")
    with pytest.raises(RuntimeUnavailable) as failure:
        async with open_local(spec, RuntimeServices(http=NoHttp(), local_endpoints={"zoo": endpoint()})):
            raise NotImplementedError
    assert str(failure.value) == message


async def test_the_callers_own_exception_comes_out_as_it_is() -> None:
    pids: list[Json] = []

    async def use_and_fail() -> None:
        async with opened(endpoint()) as executor:
            pids.append((await surroundings(executor))["pid"])
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await use_and_fail()
    assert [is_running(pid) for pid in pids] == [False]
