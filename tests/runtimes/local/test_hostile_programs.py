"""Programs that misbehave: each ends in an error of ours in time, nothing is left running, the next call works."""

from __future__ import annotations

import anyio
import pytest

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
)
from runtimes.errors import InvocationError
from runtimes.local.executor import MAX_PROGRESS_NOTES, MAX_REFUSALS
from runtimes.local.transports import MAX_LAST_WORDS
from runtimes.values import Json
from tests.servers.local_zoo import (
    ask,
    echo_of_a_fresh_program,
    endpoint,
    gone,
    is_running,
    opened,
    surroundings,
)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("die", "its last words: KeyError: [31m'theme'"),
        ("half", "it ended before it answered"),
        ("giant", "a line is longer than"),
        ("fork_and_die", "it ended before it answered"),
        ("not_version_2", "it does not speak JSON-RPC 2.0: an answer without 'jsonrpc': '2.0'"),
    ],
)
async def test_a_call_that_the_program_cannot_answer_fails_and_the_next_one_works(function: str, reason: str) -> None:
    async with opened(endpoint()) as executor:
        with pytest.raises(InvocationError) as failure:
            await ask(executor, function)
        assert str(failure.value).startswith(f"local plugin 'zoo' gave no answer to {function!r}: ")
        assert reason in str(failure.value)
        assert failure.value.not_executed is None, "it may have been carried out"
        assert (await ask(executor, "echo", text="again")).payload == {"text": "again"}


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        ("wait", ""),
        ("only_garbage", "; a line is not JSON: "),
        ("wrong_id", "; an answer whose id is that of no open request"),
        ("stop_reading", ""),
    ],
)
async def test_a_call_that_is_never_answered_ends_with_its_timeout(function: str, complaint: str) -> None:
    async with opened(endpoint()) as executor:
        await ask(executor, "echo", text="is up")
        with pytest.raises(InvocationError, match=r"it took longer than 0\.2 s") as failure:
            await ask(executor, function, timeout=0.2)
        assert complaint in str(failure.value)


async def test_garbage_between_messages_is_passed_over() -> None:
    async with opened(endpoint()) as executor:
        assert (await ask(executor, "garbage")).payload == "after garbage"
        assert (await ask(executor, "twice")).payload == "first"
        assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}


async def test_an_answer_counts_though_the_program_leaves_right_after_it() -> None:
    async with opened(endpoint()) as executor:
        pid = (await surroundings(executor))["pid"]
        assert (await ask(executor, "answer_and_die")).payload == "goodbye"
        await gone(pid)
        assert await echo_of_a_fresh_program(executor, "x") == {"text": "x"}


async def test_stderr_never_blocks_the_program() -> None:
    async with opened(endpoint()) as executor:
        assert (await ask(executor, "flood_stderr")).payload == "quiet again"


async def test_last_words_are_short_and_printable() -> None:
    async with opened(endpoint()) as executor:
        await ask(executor, "flood_stderr")
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "half")
    words = str(failure.value).rpartition("its last words: ")[2]
    assert words.startswith("noise noise")
    assert len(words) == MAX_LAST_WORDS


async def test_a_request_of_the_program_is_refused_with_method_not_found() -> None:
    async with opened(endpoint()) as executor:
        reply = (await ask(executor, "ask_host")).payload
        assert reply == {
            "jsonrpc": "2.0",
            "id": "mine",
            "error": {"code": -32601, "message": "the host offers no methods"},
        }


async def test_only_so_many_requests_of_a_program_are_answered() -> None:
    async with opened(endpoint()) as executor:
        answered = (await ask(executor, "demands", count=MAX_REFUSALS + 50, answered=MAX_REFUSALS)).payload
        assert answered == list(range(MAX_REFUSALS))
        with pytest.raises(InvocationError, match=f"more than {MAX_REFUSALS} requests of its own"):
            await ask(executor, "demands", timeout=0.3, count=1, answered=1)


async def test_a_program_that_asks_and_leaves_is_not_told_about_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(endpoint()) as executor:
        await ask(executor, "echo", text="is up")
        with pytest.raises(InvocationError, match="gave no answer to 'demand_and_die'"):
            await ask(executor, "demand_and_die", count=MAX_REFUSALS * 3)
        assert await echo_of_a_fresh_program(executor, "again") == {"text": "again"}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"jsonrpc": "2.0", "id": ID, "result": NaN}', "a line is not JSON: "),
        ('{"jsonrpc": "2.0", "id": ID, "result": "\\ud800"}', "a line is not JSON: "),
        ('{"jsonrpc": "2.0", "result": NaN}', "a line is not JSON: "),
    ],
    ids=["NaN", "a lone surrogate", "no id"],
)
async def test_an_answer_that_cannot_be_read_fails_its_call_at_once(line: str, reason: str) -> None:
    async with opened(endpoint()) as executor:
        with anyio.fail_after(5), pytest.raises(InvocationError) as failure:
            await ask(executor, "write_line", line=line)
        assert f"it does not speak JSON-RPC 2.0: {reason}" in str(failure.value)
        assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}


async def test_an_error_without_an_id_answers_the_only_call() -> None:
    line = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "Parse error"}}'
    async with opened(endpoint()) as executor:
        with anyio.fail_after(5):
            result = await ask(executor, "write_line", line=line)
    assert result == CallResult(payload={"code": -32700, "message": "Parse error"}, is_error=True)


async def test_progress_is_told_while_the_call_runs_and_is_bounded() -> None:
    heard: list[str] = []
    async with opened(endpoint()) as executor:
        call = FunctionCall(id="c", function="progress", arguments={"count": MAX_PROGRESS_NOTES + 50})
        result = await executor.invoke(call, CallContext(person="ada", progress=heard.append))
    assert result.payload == "done"
    assert heard == [f"step {number}" for number in range(MAX_PROGRESS_NOTES)]


async def test_a_program_that_ignores_every_request_to_leave_is_killed_with_its_children() -> None:
    async with opened(endpoint("--stubborn")) as executor:
        pid = (await surroundings(executor))["pid"]
        child = (await ask(executor, "fork")).payload
        assert is_running(child)
    assert not is_running(pid)
    await gone(child)


async def test_a_program_that_does_not_read_is_replaced() -> None:
    text = "x" * 900_000
    async with opened(endpoint()) as executor:
        pid = (await surroundings(executor))["pid"]
        with pytest.raises(InvocationError):
            await ask(executor, "stop_reading", timeout=0.1)
        with pytest.raises(InvocationError):
            await ask(executor, "echo", timeout=0.1, text=text)
        await gone(pid)
        assert await echo_of_a_fresh_program(executor, text) == {"text": text}


async def test_cancelling_the_host_leaves_no_process() -> None:
    pid: Json = None
    with anyio.CancelScope() as scope:
        async with opened(endpoint("--stubborn")) as executor:
            pid = (await surroundings(executor))["pid"]
            scope.cancel()
            await ask(executor, "wait")
    assert pid is not None
    assert not is_running(pid)
