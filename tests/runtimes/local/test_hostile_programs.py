"""Programs that misbehave: each ends in an error of ours in time, nothing is left running, the next call works."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
)
from runtimes.errors import InvocationError
from runtimes.local.demands import MAX_REFUSALS
from runtimes.local.open_call import MAX_PROGRESS_NOTES
from runtimes.local.programs import Timing
from runtimes.local.supervision import Patience
from runtimes.local.transports.program import MAX_LAST_WORDS
from runtimes.questions import MAX_QUESTIONS
from runtimes.values import Json
from tests.servers.local_zoo import (
    ask,
    closed_gate,
    echo_of_a_fresh_program,
    gone,
    hostile,
    is_group_running,
    is_running,
    opened,
    opened_gate,
    pid_of,
    running_with,
)

HASTY = Timing(initialize_seconds=0.05)

NO_PATIENCE = Timing(initialize_seconds=0.05, patience=Patience(starting_seconds=0.0, stall_seconds=0.1))

MAX_HELD_BYTES = 4 * 1024 * 1024
"""How much more memory of ours a frame of any length may need."""
GRACE = 10.0
"""Seconds beyond its timeout within which a call has to end, on the slowest of machines."""


async def failure_of(executor: RuntimeExecutor, function: str, timeout: float = 15.0, **arguments: Json) -> str:
    """The error that a call ends in, in time, which must not claim that the call was not carried out."""
    call = FunctionCall(id="c", function=function, arguments=arguments)
    with anyio.fail_after(timeout + GRACE), pytest.raises(InvocationError) as failure:
        await executor.invoke(call, CallContext(person="ada", timeout=timeout))
    assert failure.value.not_executed is None, "it may have been carried out"
    start = f"local plugin 'zoo' gave no answer to {function!r}: "
    assert str(failure.value).startswith(start)
    return str(failure.value).removeprefix(start)


@contextmanager
def bounded_memory() -> Generator[None, None, None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MAX_HELD_BYTES
    finally:
        tracemalloc.stop()


async def replaced_after(executor: RuntimeExecutor, function: str, timeout: float = 15.0, **arguments: Json) -> str:
    """The error that a call ends in, after which nothing is left of the program, and the next call works."""
    pid = await pid_of(executor)
    error = await failure_of(executor, function, timeout, **arguments)
    assert await echo_of_a_fresh_program(executor, "again") == {"text": "again"}
    await gone(pid)
    assert await pid_of(executor) != pid
    return error


async def kept_after(executor: RuntimeExecutor, function: str, timeout: float = 15.0, **arguments: Json) -> str:
    """The error that a call ends in, after which the same program answers the next one."""
    pid = await pid_of(executor)
    error = await failure_of(executor, function, timeout, **arguments)
    assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}
    assert await pid_of(executor) == pid
    return error


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("die", "it ended before it answered; its last words: KeyError: [31m'theme'"),
        ("half", "it ended before it answered"),
        ("giant", "a line is longer than 1048576 bytes"),
        ("fork_and_die", "it ended before it answered"),
    ],
)
async def test_a_program_that_dies_or_goes_astray_in_a_call_is_replaced_and_nothing_of_it_stays(
    function: str, reason: str
) -> None:
    async with opened(hostile()) as executor:
        assert await replaced_after(executor, function) == reason


@pytest.mark.parametrize("line", ["", '{"jsonrpc": "2.0", "method": "$/other"}', "[1, 2, 3]"])
async def test_a_program_that_writes_without_end_is_replaced(line: str) -> None:
    async with opened(hostile(), Timing(patience=Patience(max_stray_messages=20_000))) as executor:
        error = await replaced_after(executor, "flood", line=line)
        assert error == "it has sent more than 20000 messages and no answer among them"


async def test_a_program_that_closes_its_output_and_stays_is_replaced() -> None:
    async with opened(hostile()) as executor:
        assert await replaced_after(executor, "close", number=1) == "it ended before it answered"


async def test_a_program_that_closes_its_input_and_stays_is_replaced_once_that_shows() -> None:
    async with opened(hostile()) as executor:
        assert await replaced_after(executor, "close", 0.2, number=0) == "it took longer than 0.2 s"


async def test_a_frame_of_a_gigabyte_is_not_held() -> None:
    async with opened(hostile()) as executor:
        with bounded_memory():
            assert await replaced_after(executor, "huge") == "a line is longer than 1048576 bytes"


async def nothing_runs_with(word: str) -> None:
    with anyio.fail_after(GRACE):
        while running_with(word):
            await anyio.lowlevel.checkpoint()


async def test_a_program_that_dies_before_it_is_asked_says_why_each_time_and_leaves_nothing(tmp_path: Path) -> None:
    word = str(tmp_path)
    async with opened(hostile("--dies", word)) as executor:
        for _ in range(2):
            assert await failure_of(executor, "echo", text="x") == (
                "it ended before it answered; its last words: it has nothing to say"
            )
            await nothing_runs_with(word)


async def test_a_program_that_stays_silent_ends_with_the_timeout_each_time_and_leaves_nothing(tmp_path: Path) -> None:
    word = str(tmp_path)
    async with opened(replace(hostile("--silent", word), framing="lines"), NO_PATIENCE) as executor:
        for _ in range(2):
            error = await failure_of(executor, "echo", 0.3, text="x")
            assert error == "it took longer than 0.3 s; it has never said anything"
            await nothing_runs_with(word)


async def test_a_program_that_may_be_starting_is_not_given_up(tmp_path: Path) -> None:
    word = str(tmp_path)
    async with opened(replace(hostile("--silent", word), framing="lines"), HASTY) as executor:
        error = await failure_of(executor, "echo", 0.3, text="x")
        assert error == "it took longer than 0.3 s; it has not read anything yet"
        assert running_with(word)
    await nothing_runs_with(word)


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        ("wait", ""),
        ("only_garbage", "; a message is not JSON: "),
        ("wrong_id", "; an answer whose id is that of no open request"),
    ],
)
async def test_a_call_that_is_never_answered_ends_with_its_timeout(function: str, complaint: str) -> None:
    async with opened(hostile()) as executor:
        assert (await kept_after(executor, function, 0.2)).startswith(f"it took longer than 0.2 s{complaint}")


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        ("stop_reading", ""),
        ("half_and_hang", "; it has sent 25 bytes that are no whole message: the line feed after it"),
    ],
)
async def test_a_program_that_hangs_lets_calls_end_with_their_timeouts_and_goes_with_its_host(
    function: str, complaint: str
) -> None:
    async with opened(hostile()) as executor:
        pid = await pid_of(executor)
        assert (await failure_of(executor, function, 0.2)).startswith(f"it took longer than 0.2 s{complaint}")
        await failure_of(executor, "echo", 0.2, text="x")
    await gone(pid)


async def test_garbage_between_messages_is_passed_over() -> None:
    async with opened(hostile()) as executor:
        assert (await ask(executor, "garbage")).payload == "after garbage"
        assert (await ask(executor, "binary")).payload == "after binary"
        assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}


async def test_a_second_answer_to_the_same_call_changes_nothing() -> None:
    async with opened(hostile()) as executor:
        assert (await ask(executor, "twice")).payload == "first"
        assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"jsonrpc": "2.0", "id": ID, "result": NaN}', "a message is not JSON: "),
        ('{"jsonrpc": "2.0", "id": ID, "result": "\\ud800"}', "a message is not JSON: "),
        ('{"jsonrpc": "2.0", "result": NaN}', "a message is not JSON: "),
        ('{"id": ID, "result": "old"}', "an answer without 'jsonrpc': '2.0'"),
        ('{"jsonrpc": "2.0", "id": ID}', "an answer with neither result nor error"),
    ],
    ids=["NaN", "a lone surrogate", "no id", "not version 2", "neither"],
)
async def test_an_answer_that_cannot_be_read_fails_its_call_at_once(line: str, reason: str) -> None:
    async with opened(hostile()) as executor:
        error = await kept_after(executor, "write_line", line=line)
        assert error.startswith(f"it does not speak JSON-RPC 2.0: {reason}")


async def test_an_answer_nested_too_deep_fails_its_call_at_once() -> None:
    async with opened(hostile()) as executor:
        assert "nested more than 128 deep" in await kept_after(executor, "deep")


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (1_000_000_000, "a Content-Length of '1000000000' bytes"),
        (-1, "a Content-Length of '-1' bytes"),
        (1_000_000, "it took longer than 0.3 s"),
        (10, "it took longer than 0.3 s; a message is not JSON: "),
    ],
)
async def test_a_header_that_lies_about_the_length_ends_the_call_and_then_the_program(length: int, reason: str) -> None:
    async with opened(replace(hostile("--headers"), framing="headers")) as executor:
        pid = await pid_of(executor)
        is_late = reason.startswith("it took")
        assert (await failure_of(executor, "lying_header", 0.3 if is_late else 20.0, length=length)).startswith(reason)
        if not is_late:
            assert (await ask(executor, "echo", text="again")).payload == {"text": "again"}
            await gone(pid)


async def test_an_error_without_an_id_answers_the_only_call() -> None:
    line = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "Parse error"}}'
    async with opened(hostile()) as executor:
        result = await ask(executor, "write_line", line=line)
    assert result == CallResult(payload={"code": -32700, "message": "Parse error"}, is_error=True)


async def test_an_answer_counts_though_the_program_leaves_right_after_it() -> None:
    async with opened(hostile(), Timing(clock=lambda: 0.0)) as executor:
        for _ in range(4):  # such a program has done its work: it is not held against it
            pid = await pid_of(executor)
            assert (await ask(executor, "answer_and_die")).payload == "goodbye"
            await gone(pid)


async def test_stderr_never_blocks_the_program_and_its_last_words_are_short_and_printable() -> None:
    async with opened(hostile()) as executor:
        await ask(executor, "echo", text="is up")
        with bounded_memory():
            assert (await ask(executor, "flood_stderr", megabytes=30)).payload == "quiet again"
        words = (await failure_of(executor, "half")).rpartition("its last words: ")[2]
    assert words.startswith("noise noise")
    assert len(words) == MAX_LAST_WORDS


async def test_only_so_many_requests_of_a_program_are_refused() -> None:
    async with opened(hostile()) as executor:
        answered = (await ask(executor, "demands", count=MAX_REFUSALS + 50, answered=MAX_REFUSALS)).payload
        assert answered == list(range(MAX_REFUSALS))
        assert f"more than {MAX_REFUSALS} requests of its own" in await failure_of(
            executor, "demands", 0.3, count=1, answered=1
        )


async def test_a_flood_of_questions_is_answered_with_as_many_refusals() -> None:
    async with opened(hostile()) as executor:
        answers = (await ask(executor, "questions", count=50)).payload
        assert isinstance(answers, list)
        assert sum(isinstance(answer, dict) and "error" in answer for answer in answers) >= 50 - MAX_QUESTIONS
        assert len(answers) == 50
        assert (await ask(executor, "echo", text="still here")).payload == {"text": "still here"}


async def test_a_program_that_asks_and_leaves_is_not_told_about_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(hostile()) as executor:
        await ask(executor, "echo", text="is up")
        await failure_of(executor, "demand_and_die", count=MAX_REFUSALS * 3)
        assert await echo_of_a_fresh_program(executor, "again") == {"text": "again"}
    assert caplog.records == []


async def test_ten_thousand_notes_are_cut_short() -> None:
    heard: list[str] = []
    async with opened(hostile()) as executor:
        call = FunctionCall(id="c", function="wide", arguments={"count": 10_000})
        result = await executor.invoke(call, CallContext(person="ada", progress=heard.append))
    assert result.payload == "done"
    assert heard == ["n"] * MAX_PROGRESS_NOTES


async def test_a_program_that_ignores_every_request_to_leave_is_killed_with_its_children() -> None:
    async with opened(hostile("--stubborn")) as executor:
        pid = await pid_of(executor)
        child = (await ask(executor, "fork")).payload
        assert is_running(child)
    assert not is_running(pid)
    await gone(pid)
    assert not is_running(child)


async def test_a_child_that_holds_the_output_open_does_not_keep_a_call_waiting() -> None:
    async with opened(hostile()) as executor:
        pid = await pid_of(executor)
        child = (await ask(executor, "fork")).payload
        assert await failure_of(executor, "half") == "it ended before it answered"
        await gone(pid)
        assert not is_running(child)


async def test_a_child_in_a_session_of_its_own_does_not_stay(tmp_path: Path) -> None:
    word = str(tmp_path)
    async with opened(hostile()) as executor:
        child = (await ask(executor, "fork_away", word=word)).payload
        assert is_running(child)
    await nothing_runs_with(word)


async def test_whoever_cancels_what_is_not_read_yet_ends_nobody_elses_call(tmp_path: Path) -> None:
    gate = closed_gate(tmp_path)
    is_answered = anyio.Event()
    answers: list[Json] = []
    async with opened(hostile()) as executor:
        pid = await pid_of(executor)

        async def work() -> None:
            answers.append((await ask(executor, "busy", gate=gate)).payload)
            is_answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await anyio.wait_all_tasks_blocked()
            with anyio.move_on_after(0.1) as scope:
                await ask(executor, "echo", text="x" * 400_000)
            assert scope.cancelled_caught
            with opened_gate(gate):
                await is_answered.wait()
        assert answers == ["done"]
        assert await pid_of(executor) == pid


async def test_a_program_that_does_not_read_is_replaced() -> None:
    text = "x" * 900_000
    async with opened(hostile(), NO_PATIENCE) as executor:
        pid = await pid_of(executor)
        await failure_of(executor, "stop_reading", 0.1)
        await failure_of(executor, "echo", 0.1, text=text)
        await gone(pid)
        assert await echo_of_a_fresh_program(executor, text) == {"text": text}


async def test_cancelling_the_host_leaves_no_process() -> None:
    pid: Json = None
    with anyio.CancelScope() as scope:
        async with opened(hostile("--stubborn")) as executor:
            pid = await pid_of(executor)
            scope.cancel()
            await ask(executor, "wait")
            raise NotImplementedError
    assert pid is not None
    assert not is_running(pid)
    assert not is_group_running(pid)
