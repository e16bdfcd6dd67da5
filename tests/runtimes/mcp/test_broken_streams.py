"""An answer that breaks off and is asked for again, as `mcp` does it. Issue 10."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import anyio
import httpx2
import pytest

from runtimes.errors import InvocationError
from runtimes.mcp.event_lines import MAX_RETRY_SECONDS
from runtimes.mcp.flights import GIVEN_UP, MAX_RESUMED
from runtimes.mcp.http import MAX_CALL_BYTES
from runtimes.values import JsonObject
from tests.runtimes.mcp.lines import Opened, opened
from tests.runtimes.mcp.serving import ask, remote, spec_of
from tests.servers.loopback import Answer, Chunked, Raw, Request, Response, json_response, serve

CALL: JsonObject = {"jsonrpc": "2.0", "id": 7, "method": "tools/call"}
GIVE_UP: JsonObject = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
REST = {"last-event-id": "1", "mcp-session-id": "s"}
EVENTS = (("Content-Type", "text/event-stream"),)


def _begun(text: str) -> Chunked:
    async def chunks() -> AsyncGenerator[bytes]:
        yield text.encode()

    return Chunked(chunks=chunks(), headers=EVENTS)


def _failure(one: Opened, text: str) -> InvocationError:
    failure = one.line.failure_of(json.loads(text.rpartition("data: ")[2])["error"]["data"])
    assert failure is not None
    return failure


async def _rest(one: Opened) -> httpx2.Response:
    async with one.line.client() as client:
        return await client.get(one.url, headers=REST)


async def test_the_rest_of_an_answer_is_not_asked_for_once_the_call_is_given_up() -> None:
    async def handler(request: Request) -> Answer:
        return Response(status=202) if request.json() == GIVE_UP else _begun("id: 1\nretry: 0\ndata:\n\n")

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        assert (await one.send(CALL)).text == "id: 1\nretry: 1000\ndata:\n\n"
        assert (await one.send(GIVE_UP)).status_code == 202
        failure = _failure(one, (await _rest(one)).text)
        assert [request.method for request in server.requests] == ["POST", "POST"]
    assert str(failure) == GIVEN_UP


async def test_the_rest_of_an_answer_that_is_given_up_comes_to_an_end() -> None:
    async def handler(request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"id: 2\ndata:\n\n"
            if request.method == "GET":
                await anyio.sleep_forever()

        return Response(status=202) if b"cancelled" in request.body else Chunked(chunks=chunks(), headers=EVENTS)

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        with anyio.fail_after(20):
            await one.send(CALL)
            async with one.line.client() as client, client.stream("GET", one.url, headers=REST) as response:
                pieces = response.aiter_bytes()
                assert await anext(pieces) == b"id: 2\ndata:\n\n"
                assert (await one.send(GIVE_UP)).status_code == 202
                rest = b"".join([piece async for piece in pieces])
    assert GIVEN_UP in rest.decode()


async def test_an_answer_that_breaks_off_for_ever_is_told_to() -> None:
    async def handler(request: Request) -> Answer:
        return _begun("id: 1\ndata:\n\n")

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        await one.send(CALL)
        for _ in range(MAX_RESUMED):
            assert (await _rest(one)).text == "id: 1\ndata:\n\n"
        failure = _failure(one, (await _rest(one)).text)
        assert len(server.requests) == 1 + MAX_RESUMED
    assert str(failure) == f"the MCP server has broken off its answer more than {MAX_RESUMED} times"


async def test_the_rest_of_an_answer_is_no_longer_than_an_answer() -> None:
    async def handler(request: Request) -> Answer:
        if request.method == "POST":
            return _begun("id: 1\ndata:\n\n")
        return Raw(data=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", refrain=b": on\n" * 9999)

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        await one.send(CALL)
        failure = _failure(one, (await _rest(one)).text)
        assert not one.line.has_own_stream
    assert f"longer than {MAX_CALL_BYTES} bytes" in str(failure)


@pytest.mark.parametrize("type_", ["text/event-stream", "TEXT/EVENT-STREAM; charset=utf-16"])
async def test_a_pause_without_an_end_is_no_trouble(type_: str) -> None:
    async def handler(request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"retry: " + b"9" * 400 + b"\ndata:\n\nretry: 99999999\n"
            yield b'data: {"jsonrpc": "2.0", "id": 7, "result": {}}\n\n'

        return Chunked(chunks=chunks(), headers=(("Content-Type", type_),))

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        answer = await one.send(CALL)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text.startswith(f":\ndata:\n\nretry: {MAX_RETRY_SECONDS * 1000}\ndata: ")


async def test_what_is_no_stream_of_events_here_is_none_for_mcp() -> None:
    async def handler(request: Request) -> Answer:
        return Response(status=201, headers=EVENTS, body=b"retry: 0\ndata:\n\n")

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        assert "content-type" not in (await one.send(CALL)).headers


async def test_an_older_server_that_wants_messages_elsewhere_is_told_so_at_once() -> None:
    async def handler(request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"event: endpoint\ndata: https://other.example/steal\n\n"
            await anyio.sleep_forever()

        if request.method == "POST":
            return Response(status=405)
        return Chunked(chunks=chunks(), headers=EVENTS)

    tools: JsonObject = {"tools": [{"name": "do", "inputSchema": {"type": "object"}}]}
    async with (
        serve(handler) as server,
        remote(spec_of(f"{server.url}/mcp", mcp_tool_description=tools)) as executor,
    ):
        with anyio.fail_after(10), pytest.raises(InvocationError, match=r"at https://other\.example"):
            await ask(executor, "do", timeout=600)


@pytest.mark.parametrize("session", ["a\x7fb", "ä", "a b", "x" * 1025])
async def test_a_session_that_cannot_be_named_back_is_none(session: str) -> None:
    async def handler(request: Request) -> Answer:
        answer = json_response({"jsonrpc": "2.0", "id": 1, "result": {}})
        return Response(headers=(*answer.headers, ("Mcp-Session-Id", session)), body=answer.body)

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        assert "names its session with something else" in str(await one.failure("initialize"))
        assert "mcp-session-id" not in (await one.ask()).headers


async def test_a_content_type_that_is_not_ascii_is_none() -> None:
    async def handler(request: Request) -> Answer:
        return Response(headers=(("Content-Type", "text/ä"),), body=b"x")

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        assert "content-type" not in (await one.send(CALL)).headers
