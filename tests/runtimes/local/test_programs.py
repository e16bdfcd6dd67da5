"""How programs are started, introduced, shared, restarted, stopped when idle, and told to leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from runtimes.base import RuntimeExecutor
from runtimes.errors import InvocationError
from runtimes.local.introduction import ADVICE
from runtimes.local.programs import MAX_PROGRAMS, Timing
from runtimes.local.supervision import Patience
from runtimes.local_endpoint import LocalEndpoint
from tests.servers.local_peers import Talk, tcp_server
from tests.servers.local_zoo import (
    ask,
    closed_gate,
    endpoint,
    gone,
    hostile,
    is_running,
    opened,
    opened_gate,
    pid_of,
    running_with,
)

HASTY = Timing(initialize_seconds=0.05, patience=Patience(starting_seconds=0.0))
SOON = Timing(initialize_seconds=0.3)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- the introduction


@pytest.mark.parametrize("flags", [(), ("--brittle",)])
async def test_a_program_works_whatever_it_makes_of_initialize(flags: tuple[str, ...]) -> None:
    async with opened(endpoint(*flags)) as executor:
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


async def test_a_program_that_does_not_answer_initialize_works_and_is_asked_once() -> None:
    async with opened(endpoint("--deaf"), SOON) as executor:
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}
        pid = await pid_of(executor)
        assert (await ask(executor, "cancellations")).payload == [], "what it need not know is not cancelled either"
        assert (await pid_of(executor)) == pid


async def test_a_framing_that_is_known_needs_no_second_start() -> None:
    deaf = replace(endpoint("--deaf"), framing="lines")
    async with opened(deaf, SOON) as executor:
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


async def test_a_program_that_speaks_headers_is_found_out() -> None:
    async with opened(endpoint("--headers")) as executor:
        assert (await ask(executor, "echo", text="ü")).payload == {"text": "ü"}


@pytest.mark.parametrize("flags", [(), ("--headers",)])
async def test_a_program_that_takes_its_time_to_start_is_not_ended_meanwhile(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    gate = closed_gate(tmp_path)
    async with opened(hostile("--late", *flags, gate), Timing(initialize_seconds=0.05)) as executor:
        with pytest.raises(InvocationError, match=rf"it was not ready within 0\.3 s; it has not read .*; {ADVICE}"):
            await ask(executor, "echo", timeout=0.3, text="x")
        started = running_with(gate)
        with pytest.raises(InvocationError):
            await ask(executor, "echo", timeout=1.5, text="x")
        assert running_with(gate) == started, "many times as long as an introduction may take"
        with opened_gate(gate):
            assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


@pytest.mark.parametrize(
    "local", [replace(endpoint("--headers"), framing="headers"), replace(endpoint(), framing="lines")]
)
async def test_a_framing_that_is_said_is_spoken(local: LocalEndpoint) -> None:
    async with opened(local, SOON) as executor:
        assert (await ask(executor, "echo", text="ü")).payload == {"text": "ü"}


async def test_a_program_that_knows_shutdown_is_asked_before_its_input_ends(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    async with opened(endpoint("--polite", environment={"LOG": str(log)})) as executor:
        await ask(executor, "echo", text="x")
    assert log.read_text().split() == ["initialize", "shutdown"]


# --- who shares it


async def test_one_process_serves_all_persons() -> None:
    async with opened(endpoint()) as executor:
        assert await pid_of(executor, "ada") == await pid_of(executor, "grace")


async def test_an_endpoint_per_person_has_a_process_for_each() -> None:
    async with opened(replace(endpoint(), is_per_person=True)) as executor:
        ada, grace = await pid_of(executor, "ada"), await pid_of(executor, "grace")
        assert ada != grace
        assert await pid_of(executor, "ada") == ada
    assert not is_running(ada)
    assert not is_running(grace)


async def test_of_too_many_programs_the_one_that_has_been_idle_for_longest_is_stopped() -> None:
    async with opened(replace(endpoint(), is_per_person=True)) as executor:
        first, second = await pid_of(executor, "0"), await pid_of(executor, "1")
        await ask(executor, "echo", person="0", text="used again")
        for number in range(2, MAX_PROGRAMS + 1):
            await ask(executor, "echo", person=str(number), text="x")
        await gone(second)
        assert await pid_of(executor, "0") == first


async def test_calls_at_once_start_one_program() -> None:
    pids: set[int] = set()
    async with opened(endpoint()) as executor:

        async def add() -> None:
            pids.add(await pid_of(executor))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(add)
    assert len(pids) == 1


# --- how long it runs


async def test_a_program_that_nobody_calls_is_stopped_and_started_again() -> None:
    async with opened(replace(endpoint(), idle_seconds=0.2)) as executor:
        pid = await pid_of(executor)
        await gone(pid)
        assert await pid_of(executor) != pid


async def test_a_program_that_never_said_a_word_is_given_up_with_the_call_it_let_wait(tmp_path: Path) -> None:
    word = str(tmp_path)
    async with opened(replace(hostile("--silent", word), framing="lines"), HASTY) as executor:
        with pytest.raises(InvocationError, match="it took longer than"):
            await ask(executor, "echo", timeout=0.3, text="x")
        while running_with(word):
            await anyio.lowlevel.checkpoint()


async def test_a_program_with_an_open_call_is_not_idle() -> None:
    async with opened(replace(endpoint(), idle_seconds=0.1)) as executor:
        pid = await pid_of(executor)
        with pytest.raises(InvocationError, match="it took longer than"):
            await ask(executor, "wait", timeout=0.5)
        assert await pid_of(executor) == pid


async def test_a_program_that_dies_again_and_again_is_left_alone_for_a_while() -> None:
    clock = Clock()
    async with opened(hostile(), Timing(clock=clock)) as executor:
        for _ in range(3):
            with pytest.raises(InvocationError, match="it ended before it answered"):
                await ask(executor, "die")
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "echo", text="x")
        assert str(failure.value) == (
            "local plugin 'zoo' cannot be started: it has died 3 times in a row; the next start is tried in 1 s;"
            " the last time it ended before it answered; its last words: KeyError: [31m'theme'"
        )
        assert failure.value.not_executed == "connect"
        assert failure.value.is_final
        clock.now += 1.0
        assert (await ask(executor, "echo", text="x")).payload == {"text": "x"}


async def test_a_call_that_its_program_is_not_ready_for_has_certainly_not_been_carried_out() -> None:
    slow = LocalEndpoint(command=("sleep", "60"), framing="lines")
    async with opened(slow) as executor:
        with pytest.raises(InvocationError, match=r"it was not ready within 0\.05 s") as failure:
            await ask(executor, "echo", timeout=0.05, text="x")
        assert failure.value.not_executed == "connect"


@pytest.mark.parametrize(("initialize", "what"), [(20.0, "was not ready"), (0.01, "took longer")])
async def test_one_whose_messages_never_end_is_told_what_is_missing(initialize: float, what: str) -> None:
    async def endless(talk: Talk) -> None:
        await talk.send(b"{}")
        while True:
            await talk.receive()

    async with tcp_server(endless) as port:
        local = LocalEndpoint(address=f"tcp:127.0.0.1:{port}", framing="lines")
        async with opened(local, Timing(initialize_seconds=initialize)) as executor:
            with pytest.raises(InvocationError, match=f"{what}.*2 bytes .* the line feed after it is missing"):
                await ask(executor, "echo", timeout=0.5, text="x")


async def test_closing_while_a_program_starts_leaves_nothing() -> None:
    reasons: list[str] = []

    async def fail_to_ask(executor: RuntimeExecutor) -> None:
        with pytest.raises(InvocationError) as failure:
            await ask(executor, "echo", text="x")
        reasons.append(str(failure.value))

    async with anyio.create_task_group() as tasks, opened(LocalEndpoint(command=("sleep", "60"))) as executor:
        tasks.start_soon(fail_to_ask, executor)
        await anyio.wait_all_tasks_blocked()
    assert reasons == ["local plugin 'zoo' cannot be started: it was stopped"]
