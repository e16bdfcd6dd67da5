"""When a call is sent again: what passes, what is safe, how long it waits, and who is told."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from runtimes.base import CallContext, CallResult, FunctionCall
from runtimes.errors import InvocationError
from runtimes.openapi import OpenApiExecutor
from runtimes.openapi.repeats import MAX_ATTEMPTS, MAX_DELAY, retry_after
from runtimes.values import Json, JsonObject
from tests.servers.descriptions import api, opened
from tests.servers.loopback import Answer, Raw, Request, Response, json_response, serve

OK = json_response({"ok": True})
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY: Json = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}


def passing(status: int, **headers: str) -> Response:
    return Response(status=status, headers=tuple((name.replace("_", "-"), text) for name, text in headers.items()))


@dataclass
class Calling:
    """Calls of a server that gives its answers one after the other, the last one for good."""

    executor: OpenApiExecutor
    requests: list[Request]
    waits: list[float] = field(default_factory=list[float])
    told: list[str] = field(default_factory=list[str])

    async def call(self, timeout: float = 20.0, *, may_repeat: bool = True) -> CallResult:
        context = CallContext(person="me", timeout=timeout, may_repeat=may_repeat, progress=self.told.append)
        return await self.executor.invoke(FunctionCall(id="call-1", function="f", arguments={}), context)


@asynccontextmanager
async def server_of(*answers: Answer, method: str = "get", parameters: Sequence[Json] = ()) -> AsyncGenerator[Calling]:
    left = list(answers)
    waits: list[float] = []

    async def handler(request: Request) -> Answer:
        del request
        return left.pop(0) if len(left) > 1 else left[0]

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await anyio.lowlevel.checkpoint()

    async with serve(handler) as server:
        operation: JsonObject = {"operationId": "f", "parameters": list(parameters)}
        description = api({"/x": {method: operation}}, servers=[{"url": server.url}])
        async with opened(description, sleep=wait) as executor:
            yield Calling(executor, server.requests, waits)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("method", ["get", "options"])
async def test_what_is_to_pass_is_asked_again_where_asking_is_safe(status: int, method: str) -> None:
    async with server_of(passing(status), passing(status), OK, method=method) as calling:
        assert (await calling.call()).payload == {"ok": True}
    assert len(calling.requests) == MAX_ATTEMPTS
    assert len(calling.waits) == 2
    assert all(0 < wait <= MAX_DELAY for wait in calling.waits)
    assert [text.split(";")[0] for text in calling.told] == [f"the server answered HTTP {status}"] * 2
    assert [text.split("(")[1] for text in calling.told] == ["attempt 2 of 3)", "attempt 3 of 3)"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("status", [502, 503, 504])
async def test_what_may_do_harm_is_sent_once(status: int, method: str) -> None:
    async with server_of(passing(status, Retry_After="0"), OK, method=method) as calling:
        result = await calling.call()
    assert (result.status, result.is_error) == (status, True)
    assert (len(calling.requests), calling.waits, calling.told) == (1, [], [])


async def test_what_may_do_harm_and_was_turned_away_is_left_to_the_caller() -> None:
    async with server_of(passing(429), OK, method="post") as calling:
        with pytest.raises(InvocationError) as caught:
            await calling.call()
    assert (caught.value.not_executed, caught.value.is_final) == ("rate", False)
    assert len(calling.requests) == 1


async def test_a_declared_key_makes_any_method_safe_and_stays_the_same() -> None:
    async with server_of(passing(503), Raw(), OK, method="post", parameters=[KEY]) as calling:
        assert (await calling.call()).payload == {"ok": True}
    assert [request.header("idempotency-key") for request in calling.requests] == ["call-1"] * 3


async def test_the_caller_may_know_that_repeating_does_harm() -> None:
    """A GET that the manifest declares to change something (spec 9.5)."""
    async with server_of(passing(503), OK) as calling:
        assert (await calling.call(may_repeat=False)).status == 503
    async with server_of(Raw(), OK) as calling:
        with pytest.raises(InvocationError) as caught:
            await calling.call(may_repeat=False)
    assert (caught.value.not_executed, caught.value.is_final) == (None, False)
    assert len(calling.requests) == 1


async def test_a_connection_that_broke_is_made_again_for_what_is_safe() -> None:
    async with server_of(Raw(), Raw(data=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), OK) as calling:
        assert (await calling.call()).payload == {"ok": True}
    async with server_of(Raw(), OK, method="post") as calling:
        with pytest.raises(InvocationError, match="was sent and has no usable answer") as caught:
            await calling.call()
    assert caught.value.not_executed is None
    assert len(calling.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 500, 501])
async def test_other_failures_are_answers(status: int) -> None:
    async with server_of(passing(status), OK) as calling:
        assert (await calling.call()).status == status
    assert calling.waits == []


async def test_what_does_not_pass_is_the_answer_in_the_end() -> None:
    async with server_of(json_response({"message": "still down"}, status=503)) as calling:
        result = await calling.call()
    assert (result.status, result.payload, result.is_error) == (503, {"message": "still down"}, True)
    assert len(calling.requests) == MAX_ATTEMPTS


async def test_being_turned_away_to_the_end_is_final() -> None:
    """Otherwise the turn would make the call once more, with as many attempts again."""
    async with server_of(passing(429)) as calling:
        with pytest.raises(InvocationError, match="turned the call away") as caught:
            await calling.call()
    assert (caught.value.not_executed, caught.value.is_final) == ("rate", True)


@pytest.mark.parametrize("is_date", [False, True])
async def test_the_server_says_how_long_to_wait_in_seconds_or_as_a_date(is_date: bool) -> None:
    then = datetime.now(UTC) + timedelta(seconds=15)
    value = format_datetime(then, usegmt=True) if is_date else "15"
    async with server_of(passing(503, Retry_After=value), OK) as calling:
        assert (await calling.call(timeout=60.0)).status == 200
    (wait,) = calling.waits
    assert MAX_DELAY < wait <= 15


async def test_a_server_that_asks_for_more_time_than_there_is_is_not_asked_again() -> None:
    async with server_of(passing(503, Retry_After="3600"), OK) as calling:
        assert (await calling.call(timeout=20.0)).status == 503
    assert (len(calling.requests), calling.waits) == (1, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5000, 999_999_999.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Saturday, 21-Nov-26 12:00:30 GMT", 30.0),
        ("Sat Nov 21 12:00:30 2026", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Sat, 99 Nov 2026 99:00:30 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_any_date_of_http(value: str, seconds: float | None) -> None:
    """RFC 9110, 10.2.3 and 5.6.7."""
    assert retry_after(value, NOW) == seconds


async def test_a_connection_that_is_refused_is_tried_again_whatever_the_method() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await anyio.lowlevel.checkpoint()

    description = api({"/x": {"post": {"operationId": "f"}}}, servers=[{"url": f"http://127.0.0.1:{port}"}])
    async with opened(description, sleep=wait) as executor:
        with pytest.raises(InvocationError, match="connection refused") as caught:
            await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))
    assert (caught.value.not_executed, caught.value.is_final) == ("connect", True)
    assert len(waits) == MAX_ATTEMPTS - 1


async def test_what_must_not_be_contacted_is_not_tried_again() -> None:
    description = api({"/x": {"get": {"operationId": "f"}}}, servers=[{"url": "http://169.254.169.254"}])

    async def wait(seconds: float) -> None:
        raise NotImplementedError(seconds)

    async with opened(description, sleep=wait) as executor:
        with pytest.raises(InvocationError, match="nothing was sent"):
            await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))


async def test_all_attempts_share_the_time_of_the_call() -> None:
    async def late(request: Request) -> Answer:
        if len(server.requests) == 1:
            return passing(503)
        await anyio.sleep_forever()
        raise NotImplementedError(request)

    async def wait(seconds: float) -> None:
        await anyio.sleep(min(seconds, 0.2))

    async with serve(late) as server:
        description = api({"/x": {"get": {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description, sleep=wait) as executor:
            call = FunctionCall(id="1", function="f", arguments={})
            with anyio.fail_after(5), pytest.raises(InvocationError, match=r"no answer within 0\.\d"):
                await executor.invoke(call, CallContext(person="me", timeout=1.0))
    assert len(server.requests) == 2


async def test_a_call_that_is_cancelled_while_it_waits_is_not_sent_again() -> None:
    waiting = anyio.Event()

    async def wait(seconds: float) -> None:
        del seconds
        waiting.set()
        await anyio.sleep_forever()

    async def handler(request: Request) -> Answer:
        del request
        return passing(503)

    async with serve(handler) as server:
        description = api({"/x": {"get": {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description, sleep=wait) as executor, anyio.create_task_group() as tasks:
            call = FunctionCall(id="1", function="f", arguments={})
            tasks.start_soon(executor.invoke, call, CallContext(person="me"))
            with anyio.fail_after(5):
                await waiting.wait()
            tasks.cancel_scope.cancel()
    assert len(server.requests) == 1
