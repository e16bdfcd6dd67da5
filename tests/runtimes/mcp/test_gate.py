"""What stands between mcp and a transport: what it lets pass, and when it ends a session."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from runtimes.errors import InvocationError
from runtimes.mcp.connecting import Mode, open_session
from runtimes.mcp.ending import Ending
from runtimes.mcp.gate import MAX_ANSWERS_WAITING, MAX_TOLD_VALUES, MAX_UNASKED, Gate, Noise, gated
from runtimes.mcp.raw import taken_raw
from runtimes.mcp.session import Session
from runtimes.values import JsonObject

MANY: JsonObject = {"many": [None for _ in range(MAX_TOLD_VALUES)]}
PING = SessionMessage(JSONRPCRequest(jsonrpc="2.0", id="p", method="ping"))
PONG = SessionMessage(JSONRPCResponse(jsonrpc="2.0", id="p", result={}))


def told(method: str, params: JsonObject | None = None) -> SessionMessage:
    return SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method, params=params))


def request(number: int, method: str = "tools/call") -> SessionMessage:
    return SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=number, method=method))


def answer(number: int | str, result: JsonObject) -> SessionMessage:
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=result))


def streams() -> tuple[MemoryObjectSendStream[SessionMessage], MemoryObjectReceiveStream[SessionMessage]]:
    return anyio.create_memory_object_stream[SessionMessage](0)


async def sent(gate: Gate, item: SessionMessage) -> None:
    """Sends it to somebody who reads."""
    sink, source = streams()
    async with anyio.create_task_group() as tasks, sink, source:
        tasks.start_soon(gate.send, item, sink)
        assert await source.receive() is item


async def test_a_server_that_talks_without_end_ends_its_session() -> None:
    ending = Ending()
    gate = Gate(ending)
    for _ in range(MAX_UNASKED):
        assert gate.passed(told("notifications/message")) is None
        assert not gate.is_shut
    for item in (Noise(), PING, told("notifications/progress")) * 1000:
        gate.passed(item)
    assert (ending.reason, ending.is_death) == ("it talks without end", True)


async def test_answers_to_requests_are_not_counted() -> None:
    gate = Gate(Ending())
    sink, source = anyio.create_memory_object_stream[SessionMessage](1)
    with sink, source:
        for number in range(MAX_UNASKED + 1000):
            await gate.send(request(number, "ping"), sink)
            source.receive_nowait()
            assert gate.passed(answer(str(number), {})) is not None
    assert not gate.is_shut


@pytest.mark.parametrize("method", ["tools/list_changed", "progress", "cancelled"])
async def test_what_a_server_tells_passes_where_it_is_of_interest_and_short(method: str) -> None:
    gate = Gate(Ending())
    item = told(f"notifications/{method}", {"few": [0]})
    assert gate.passed(item) is item
    assert gate.passed(told(f"notifications/{method}", MANY)) is None
    assert gate.passed(told("notifications/resources/updated")) is None
    assert gate.passed(Noise()) is None


async def test_a_request_with_too_many_values_is_of_a_method_that_there_is_not() -> None:
    asked = JSONRPCRequest(jsonrpc="2.0", id=1, method="sampling/createMessage", params=MANY)
    passed = Gate(Ending()).passed(SessionMessage(asked))
    assert isinstance(passed, SessionMessage)
    assert isinstance(passed.message, JSONRPCRequest)
    assert (passed.message.id, passed.message.params) == (1, None)
    assert "with more than" in passed.message.method


async def test_an_introduction_with_too_many_values_is_an_error() -> None:
    gate = Gate(Ending())
    await sent(gate, request(1, "initialize"))
    passed = gate.passed(answer(1, MANY))
    assert isinstance(passed, SessionMessage)
    assert isinstance(passed.message, JSONRPCError)


async def test_a_result_goes_to_whoever_wants_it_as_it_came_and_mcp_has_another() -> None:
    gate = Gate(Ending())
    with taken_raw() as reply:
        await sent(gate, request(1))
    passed = gate.passed(answer("1", MANY))
    assert reply.result == MANY
    assert isinstance(passed, SessionMessage)
    assert isinstance(passed.message, JSONRPCResponse)
    assert passed.message.result == {"resultType": "complete", "content": []}


async def test_answers_that_a_server_does_not_read_end_the_session() -> None:
    ending = Ending()
    gate = Gate(ending)
    sink, source = streams()
    async with anyio.create_task_group() as tasks, sink, source:
        for _ in range(MAX_ANSWERS_WAITING):
            tasks.start_soon(gate.send, PONG, sink)
        await anyio.wait_all_tasks_blocked()
        assert not gate.is_shut
        with pytest.raises(anyio.ClosedResourceError):
            await gate.send(PONG, sink)
        tasks.cancel_scope.cancel()
    assert ending.reason == "it asks without end, and does not read the answers"


@pytest.mark.parametrize(("stuck_seconds", "is_over"), [(0.0, True), (60.0, False)])
async def test_a_request_that_does_not_go_out_for_long_ends_the_session(stuck_seconds: float, is_over: bool) -> None:
    ending = Ending()
    gate = Gate(ending, stuck_seconds)
    sink, source = streams()
    async with anyio.create_task_group() as tasks, sink, source:
        tasks.start_soon(gate.send, request(1), sink)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert gate.is_shut is is_over
    assert ending.is_death is is_over
    if is_over:
        with pytest.raises(anyio.ClosedResourceError), anyio.fail_after(10):
            await gate.send(told("notifications/cancelled", {"requestId": 1}), sink)


async def test_nothing_is_read_any_more_once_the_session_is_over() -> None:
    ending = Ending()
    into, source = anyio.create_memory_object_stream[SessionMessage | Exception](4)
    sink, out = streams()

    @asynccontextmanager
    async def transport() -> AsyncGenerator[
        tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
    ]:
        with into, source, sink, out:
            yield source, sink

    async with gated(transport(), ending) as (reads, _):
        into.send_nowait(told("notifications/message"))
        into.send_nowait(PING)
        assert await reads.receive() is PING
        ending.end("it is stopped")
        into.send_nowait(PING)
        assert [item async for item in reads] == []


class _NoWay:
    failure = None

    def failure_of(self, data: object) -> InvocationError | None:
        del data
        return None


class _Bursting:
    """A server over which mcp raises what nobody knows of, once it is told."""

    name = "the server"

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self.told = anyio.Event()
        self.session = Session(self.name, _NoWay(), Ending())

    async def connect(self, stack: AsyncExitStack, person: str, mode: Mode, lost: object, /) -> Session:
        del person, mode, lost
        tasks = await stack.enter_async_context(anyio.create_task_group())
        if self._at_once:
            self.told.set()
        tasks.start_soon(self._burst)
        if self._at_once:
            await anyio.sleep_forever()
        return self.session

    async def _burst(self) -> None:
        await self.told.wait()
        cast("dict[str, str]", {})["nothing"]


async def test_whatever_breaks_within_mcp_ends_the_session_and_nothing_else() -> None:
    server = _Bursting(at_once=False)
    with anyio.fail_after(20):
        async with open_session(server, "ada"):
            server.told.set()
            await anyio.sleep_forever()
    assert server.session.is_over
    assert server.session.ending.reason == "'nothing'"


async def test_whatever_breaks_within_mcp_at_the_start_is_an_error_of_the_call() -> None:
    with (
        anyio.fail_after(20),
        pytest.raises(InvocationError, match="the server cannot be reached: 'nothing'") as caught,
    ):
        async with open_session(_Bursting(at_once=True), "ada"):
            raise NotImplementedError
    assert caught.value.not_executed == "connect"
