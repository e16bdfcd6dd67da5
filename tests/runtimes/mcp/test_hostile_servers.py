"""Servers over HTTP that do what they must not: a named error within the time, and the next call works."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from runtimes.base import RuntimeExecutor
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.mcp.tools import MAX_TOOLS
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject, dump_json
from tests.runtimes.mcp.serving import ask, remote, spec_of
from tests.servers.loopback import Answer, Chunked, Raw, Request, Response, json_response, serve

Called = Callable[[Request, JsonObject], Awaitable[Answer]]

HELLO: JsonObject = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {"listChanged": True}},
    "serverInfo": {"name": "hostile", "version": "1"},
}
TOOL: JsonObject = {"name": "do", "inputSchema": {"type": "object"}}
DESCRIBED: JsonObject = {"tools": [TOOL]}


def result(message: JsonObject, value: Json) -> Json:
    return {"jsonrpc": "2.0", "id": message["id"], "result": value}


def done(message: JsonObject) -> Answer:
    return json_response(result(message, {"content": [{"type": "text", "text": "done"}]}))


def events(*messages: Json, last: bytes = b"") -> Answer:
    async def pieces() -> AsyncGenerator[bytes]:
        for message in messages:
            yield b"data: " + dump_json(message).encode() + b"\n\n"
        if last:
            yield last

    return Chunked(chunks=pieces(), headers=(("Content-Type", "text/event-stream"),))


def serving(called: Called, listed: Json = DESCRIBED) -> Callable[[Request], Awaitable[Answer]]:
    """A server with the older handshake that is well-behaved but for its calls, and for what it lists."""

    async def handle(request: Request) -> Answer:
        if request.method != "POST":
            return Response(status=405)
        message = request.json()
        assert isinstance(message, dict)
        match message["method"]:
            case "initialize":
                return json_response(result(message, HELLO))
            case "tools/list":
                return json_response(result(message, listed))
            case "tools/call":
                return await called(request, message)
            case "server/discover":
                return Response(status=400)
            case _:
                return Response(status=202)

    return handle


@asynccontextmanager
async def opened(called: Called) -> AsyncGenerator[RuntimeExecutor]:
    async with serve(serving(called)) as server, remote(spec_of(f"{server.url}/mcp")) as executor:
        with anyio.fail_after(30):
            yield executor


def first_then_done(first: Called) -> Called:
    """Does what it must not at the first call only."""
    has_been_called = False

    async def called(request: Request, message: JsonObject) -> Answer:
        nonlocal has_been_called
        if has_been_called:
            return done(message)
        has_been_called = True
        return await first(request, message)

    return called


async def _drop(request: Request, message: JsonObject) -> Answer:
    del request, message
    return Raw()


async def _garbage(request: Request, message: JsonObject) -> Answer:
    del request, message
    return Response(headers=(("Content-Type", "application/json"),), body=b"{{{")


async def _page(request: Request, message: JsonObject) -> Answer:
    del request, message
    return Response(headers=(("Content-Type", "text/html"),), body=b"<h1>Hello</h1>")


async def _half_a_stream(request: Request, message: JsonObject) -> Answer:
    del request, message
    return events(last=b'data: {"jsonrpc": "2.0", "id"')


async def _no_result(request: Request, message: JsonObject) -> Answer:
    del request
    return json_response(result(message, {"content": "none"}))


async def _nested(request: Request, message: JsonObject) -> Answer:
    del request
    deep = '{"a":' * 500 + "1" + "}" * 500
    text = dump_json(result(message, {"content": [], "structuredContent": "X"})).replace('"X"', deep)
    return Response(headers=(("Content-Type", "application/json"),), body=text.encode())


async def _accepted(request: Request, message: JsonObject) -> Answer:
    del request, message
    return Response(status=202)


async def _broken(request: Request, message: JsonObject) -> Answer:
    del request, message
    return Response(status=502, body=b"bad gateway")


async def _huge(request: Request, message: JsonObject) -> Answer:
    del request, message

    async def pieces() -> AsyncGenerator[bytes]:
        yield b'{"jsonrpc": "2.0", "result": "'
        while True:
            yield b"x" * 65536

    return Chunked(chunks=pieces(), headers=(("Content-Type", "application/json"),))


async def _huge_event(request: Request, message: JsonObject) -> Answer:
    del request, message

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"data: "
        while True:
            yield b"x" * 65536

    return Chunked(chunks=pieces(), headers=(("Content-Type", "text/event-stream"),))


@pytest.mark.parametrize(
    "first", [_drop, _garbage, _page, _half_a_stream, _no_result, _nested, _accepted, _broken, _huge, _huge_event]
)
async def test_what_is_no_answer_is_an_error_of_that_call_alone(first: Called) -> None:
    async with opened(first_then_done(first)) as executor:
        with pytest.raises(InvocationError) as caught:
            await ask(executor, "do")
        error = caught.value
        assert (error.not_executed, error.is_unsent) == (None, False)
        assert "\n" not in str(error)
        assert len(str(error)) < 600
        assert (await ask(executor, "do")).payload == "done"


async def test_a_session_that_the_server_has_forgotten_is_begun_anew() -> None:
    sessions: list[str] = []

    async def handle(request: Request) -> Answer:
        if request.method != "POST":
            return Response(status=405)
        message = request.json()
        assert isinstance(message, dict)
        if message["method"] == "initialize":
            sessions.append(f"s{len(sessions)}")
            answer = json_response(result(message, HELLO))
            assert isinstance(answer, Response)
            return Response(headers=(*answer.headers, ("Mcp-Session-Id", sessions[-1])), body=answer.body)
        if message["method"] == "tools/call":
            return done(message) if request.header("Mcp-Session-Id") == "s1" else Response(status=404)
        return Response(status=202 if "id" not in message else 400)

    async with serve(handle) as server:
        spec = spec_of(f"{server.url}/mcp", mcp_tool_description=DESCRIBED)
        async with remote(spec) as executor:
            assert (await ask(executor, "do")).payload == "done"
    assert sessions == ["s0", "s1"]


FLAT: JsonObject = {"type": "object", "properties": {"a": {"type": "string"}}}


def _question(number: int) -> JsonObject:
    return {"method": "elicitation/create", "params": {"message": f"n{number}", "requestedSchema": FLAT}}


async def test_what_a_server_asks_beyond_its_questions_is_declined() -> None:
    asked: list[LiveQuestion] = []
    answers: list[JsonObject] = []

    async def accept(question: LiveQuestion) -> LiveAnswer:
        asked.append(question)
        return LiveAnswer(action="accept", content={"a": "b", "nested": {"c": 1}})

    requests: tuple[JsonObject, ...] = (
        {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}},
        {"method": "roots/list"},
        {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {"type": "object"}}},
        {
            "method": "elicitation/create",
            "params": {"mode": "url", "message": "?", "url": "file:///etc/passwd", "elicitationId": "1"},
        },
        {
            "method": "elicitation/create",
            "params": {"mode": "url", "message": "log in", "url": "https://a.test/", "elicitationId": "1"},
        },
        *(_question(number) for number in range(15)),
    )
    has_all = anyio.Event()

    async def handle(request: Request) -> Answer:
        message = request.json() if request.method == "POST" else {}
        if isinstance(message, dict) and ("result" in message or "error" in message):
            answers.append(message)
            if len(answers) == len(requests):
                has_all.set()
            return Response(status=202)
        return await serving(call)(request)

    async def call(request: Request, message: JsonObject) -> Answer:
        del request

        async def pieces() -> AsyncGenerator[bytes]:
            for number, one in enumerate(requests):
                asking: JsonObject = {"jsonrpc": "2.0", "id": f"q{number}", **one}
                yield b"data: " + dump_json(asking).encode() + b"\n\n"
            await has_all.wait()
            answer = result(message, {"content": [{"type": "text", "text": "done"}]})
            yield b"data: " + dump_json(answer).encode() + b"\n\n"

        return Chunked(chunks=pieces(), headers=(("Content-Type", "text/event-stream"),))

    async with serve(handle) as server, remote(spec_of(f"{server.url}/mcp")) as executor:
        with anyio.fail_after(30):
            assert (await ask(executor, "do", asking=accept)).payload == "done"
    outcome = {answer["id"]: answer.get("result") for answer in answers}
    assert [outcome[f"q{number}"] for number in range(4)] == [None] * 4
    assert outcome["q4"] == {"action": "accept"}
    accepted = [value for value in outcome.values() if value == {"action": "accept", "content": {"a": "b"}}]
    assert len(accepted) + 1 == len(asked)
    assert len(asked) < 10
    assert asked[0].url == "https://a.test/"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(status=404), r"it answered 404 to what MCP begins with; is it the right URL\?"),
        (json_response({"error": "no"}, status=400), r"it answered 400 to what MCP begins with; is it the right URL\?"),
        (Response(status=500), "HTTP status 500"),
        (Response(status=307, headers=(("Location", "https://b.test/"),)), "b.test"),
        (
            json_response({"jsonrpc": "2.0", "id": 1, "result": []}),
            "no answer|something that is no MCP|unreadable|parse",
        ),
        (Response(headers=(("Content-Type", "text/html"),), body=b"<h1>Hello</h1>"), "content type"),
        (Raw(), "cannot be reached|has no usable answer"),
    ],
)
async def test_what_does_not_introduce_itself_as_a_server_is_none(answer: Answer, reason: str) -> None:
    async def handle(request: Request) -> Answer:
        del request
        return answer

    async with serve(handle) as server:
        with pytest.raises(RuntimeUnavailable, match=reason) as caught:
            async with remote(spec_of(f"{server.url}/mcp?key=secret")):
                raise NotImplementedError
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()


async def test_progress_beyond_its_limit_is_dropped() -> None:
    async def call(request: Request, message: JsonObject) -> Answer:
        del request
        token = message["params"]["_meta"]["progressToken"]  # type: ignore[index,call-overload]  # as mcp sends it
        notes: list[Json] = [
            {
                "jsonrpc": "2.0",
                "method": "notifications/progress",
                "params": {"progressToken": token, "progress": n, "message": "x" * 2000},
            }
            for n in range(1000)
        ]
        return events(*notes, result(message, {"content": [{"type": "text", "text": "done"}]}))

    told: list[str] = []
    async with opened(call) as executor:
        assert (await ask(executor, "do", told=told)).payload == "done"
    assert len(told) <= 200
    assert {len(text) for text in told} <= {500}


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ({"tools": "all"}, "something that is no answer"),
        ({"tools": [TOOL], "nextCursor": "again"}, ""),
        ({"tools": [{**TOOL, "name": f"t{n}"} for n in range(MAX_TOOLS + 50)]}, ""),
        ({"tools": [{**TOOL, "description": "x" * 60_000, "name": f"t{n}"} for n in range(80)]}, "lists more than"),
    ],
)
async def test_lists_without_end_are_bounded(listed: Json, reason: str) -> None:
    async def call(request: Request, message: JsonObject) -> Answer:
        raise NotImplementedError

    async with serve(serving(call, listed)) as server:
        if reason:
            with pytest.raises(RuntimeUnavailable, match=reason):
                async with remote(spec_of(f"{server.url}/mcp")):
                    raise NotImplementedError
            return
        async with remote(spec_of(f"{server.url}/mcp")) as executor:
            assert 0 < len(executor.functions) <= MAX_TOOLS


async def test_a_server_that_does_not_read_notices_does_not_hold_up_calls() -> None:
    async def handle(request: Request) -> Answer:
        message = request.json() if request.method == "POST" else {}
        if isinstance(message, dict) and message.get("method") == "notifications/initialized":
            await anyio.sleep_forever()
        return await serving(call)(request)

    async def call(request: Request, message: JsonObject) -> Answer:
        del request
        return done(message)

    async with serve(handle) as server:
        spec = spec_of(f"{server.url}/mcp", mcp_tool_description=DESCRIBED)
        async with remote(spec) as executor:
            assert (await ask(executor, "do")).payload == "done"
