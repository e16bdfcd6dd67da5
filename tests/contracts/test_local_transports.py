"""What every transport of local plugins keeps to: the same calls, the same answers, the same ends.

A subject is an endpoint of `tests.servers.local_subjects`; to bring a transport under the contract, add it there. The
peers at the end are programs in Node on libraries that are not ours.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor
from runtimes.errors import InvocationError
from runtimes.local_endpoint import LocalEndpoint
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.queues import MAX_EXCHANGES_PER_ORIGIN
from runtimes.values import Json
from tests.servers import node_peers
from tests.servers.local_subjects import ENDPOINTS, EndpointOpener, executing

pytestmark = pytest.mark.requirement("issue:10")

PATIENCE = 20.0
"""Seconds that a call may take which is expected to end long before."""
GIVING_UP = 0.05
"""Seconds after which a call is given up that gets no answer."""
MANY = 200
"""Calls that are made at once."""

PEERS: dict[str, EndpointOpener] = {
    "json-rpc-2.0 over stdio": lambda folder: node_peers.lines_program(),
    "vscode-jsonrpc over stdio": lambda folder: node_peers.headers_program(),
    "vscode-jsonrpc over a socket": node_peers.headers_socket,
    "json-rpc-2.0 over http": lambda folder: node_peers.http_server(),
    "json-rpc-2.0 over ws": lambda folder: node_peers.websocket_server(),
}
ASKS_NOTHING = ("http", "json-rpc-2.0 over http")


@dataclass(frozen=True, slots=True)
class Subject:
    """A transport whose other side runs."""

    name: str
    executor: RuntimeExecutor

    async def ask(self, function: str, context: CallContext | None = None, /, **arguments: Json) -> CallResult:
        call = FunctionCall(id=f"call-{function}", function=function, arguments=arguments)
        return await self.executor.invoke(call, context or CallContext(person="ada", timeout=PATIENCE))

    async def give_up_a_call(self) -> None:
        """Gives calls up until the other side has been told of one: one may be over before it was sent."""
        while (await self.ask("cancelled")).payload == 0:
            with anyio.move_on_after(GIVING_UP) as scope:
                await self.ask("wait")
            assert scope.cancelled_caught

    async def still_works(self) -> None:
        assert (await self.ask("echo", text="again")).payload == {"text": "again"}


@pytest.fixture(params=ENDPOINTS)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Subject]:
    name: str = request.param
    if name.startswith("unix") and sys.platform == "win32":
        pytest.skip("there are no Unix sockets here")
    async with ENDPOINTS[name](tmp_path) as endpoint, executing(endpoint) as executor:
        yield Subject(name, executor)


async def test_an_answer_is_the_payload(subject: Subject) -> None:
    for text in ("hello", "", "line\nline\r\n\r\n", "ü\N{SNOWMAN}\0", "Content-Length: 5", "x" * 300_000):
        result = await subject.ask("echo", text=text)
        assert (result.payload, result.is_error) == ({"text": text}, False)


async def test_a_failure_that_the_other_side_reports_is_an_answer(subject: Subject) -> None:
    result = await subject.ask("fail")
    assert (result.payload, result.is_error) == ({"code": 7, "message": "out of order"}, True)


async def test_many_calls_at_once_get_each_its_own_answer(subject: Subject) -> None:
    answers: dict[int, Json] = {}

    async def ask(number: int) -> None:
        answers[number] = (await subject.ask("echo", text=str(number))).payload

    async with anyio.create_task_group() as tasks:
        for number in range(MANY):
            tasks.start_soon(ask, number)
    assert answers == {number: {"text": str(number)} for number in range(MANY)}


async def test_answers_in_another_order_than_the_calls_find_them(subject: Subject) -> None:
    count = MAX_EXCHANGES_PER_ORIGIN  # as many as HTTP has under way at once
    answered: list[int] = []

    async def ask(number: int) -> None:
        result = await subject.ask("gather", text=str(number), of=count)
        assert result.payload == {"text": str(number)}
        answered.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(ask, number)
    assert sorted(answered) == list(range(count))


async def test_a_call_that_is_given_up_is_cancelled_on_the_other_side_too(subject: Subject) -> None:
    await subject.still_works()
    await subject.give_up_a_call()
    await subject.still_works()


async def test_a_call_that_is_too_slow_ends_with_its_time_and_is_cancelled(subject: Subject) -> None:
    await subject.still_works()
    context = CallContext(person="ada", timeout=GIVING_UP)
    while (await subject.ask("cancelled")).payload == 0:  # on a slow machine it may be over before it is sent
        with pytest.raises(InvocationError, match=f"{GIVING_UP:g} s") as failure:
            await subject.ask("wait", context)
        assert failure.value.not_executed is None
    await subject.still_works()


async def test_what_it_says_of_its_progress_is_told(subject: Subject) -> None:
    told: list[str] = []
    result = await subject.ask("progress", CallContext(person="ada", timeout=PATIENCE, progress=told.append), steps=3)
    assert result.payload == {"steps": 3}
    assert told == ["step 1 of 3", "step 2 of 3", "step 3 of 3"]


async def test_what_it_asks_is_put_to_the_person_where_it_can_ask(subject: Subject) -> None:
    asked: list[str] = []

    async def yes(question: LiveQuestion) -> LiveAnswer:
        asked.append(question.text)
        return LiveAnswer(action="accept")

    is_silent = subject.name in ASKS_NOTHING
    context = CallContext(person="ada", timeout=GIVING_UP if is_silent else PATIENCE, ask=yes)
    if is_silent:
        with pytest.raises(InvocationError):
            await subject.ask("ask", context, text="Shall I?")
        assert asked == []
    else:
        assert (await subject.ask("ask", context, text="Shall I?")).payload == {"approved": True}
        assert asked == ["Shall I?"]


@pytest.mark.parametrize("function", ["end", "garbage", "long"])
async def test_one_that_ends_or_answers_with_rubbish_fails_that_call_and_not_the_next(
    subject: Subject, function: str
) -> None:
    await subject.still_works()
    with pytest.raises(InvocationError) as failure:
        await subject.ask(function)
    assert failure.value.not_executed is None, "it may have been carried out"
    assert not failure.value.is_unsent
    await subject.still_works()


@pytest.mark.parametrize("scheme", ["unix", "tcp", "http", "ws"])
async def test_nobody_at_an_address_means_that_nothing_was_carried_out(scheme: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        address = {"unix": f"unix:{tmp_path}/nobody.sock", "tcp": f"tcp:127.0.0.1:{port}"}.get(
            scheme, f"{scheme}://127.0.0.1:{port}/"
        )
        async with executing(LocalEndpoint(address=address)) as executor:
            with pytest.raises(InvocationError) as failure:
                await Subject(scheme, executor).ask("echo", text="x")
    assert failure.value.not_executed == "connect"


@pytest.mark.parametrize("name", PEERS)
async def test_a_peer_on_a_library_that_is_not_ours_is_spoken_to_as_well(name: str, tmp_path: Path) -> None:
    node_peers.need_peers()
    told: list[str] = []

    async def yes(question: LiveQuestion) -> LiveAnswer:
        told.append(question.text)
        return LiveAnswer(action="accept")

    context = CallContext(person="ada", timeout=PATIENCE, progress=told.append, ask=yes)
    async with PEERS[name](tmp_path) as endpoint, executing(endpoint) as executor:
        peer = Subject(name, executor)
        assert (await peer.ask("echo", text="ü\N{SNOWMAN}")).payload == {"text": "ü\N{SNOWMAN}"}
        failed = await peer.ask("fail")
        assert failed.is_error
        assert "out of order" in str(failed.payload)
        assert (await peer.ask("progress", context, steps=2)).payload == {"steps": 2}
        if name in ASKS_NOTHING:
            assert (await peer.ask("ask", context, text="Shall I?")).is_error
            told.append("Shall I?")
        else:
            assert (await peer.ask("ask", context, text="Shall I?")).payload == {"approved": True}
        assert told == ["step 1 of 2", "step 2 of 2", "Shall I?"]
        await peer.give_up_a_call()
        await test_many_calls_at_once_get_each_its_own_answer(peer)
        missing = await peer.ask("gather", text="no such function", of=1)
        assert missing.is_error
        assert isinstance(missing.payload, dict)
        assert missing.payload["code"] == -32601
