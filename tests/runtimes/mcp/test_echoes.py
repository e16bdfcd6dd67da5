"""A server that repeats the token it is sent, wherever it can. Issue 10."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import anyio
import pytest

from auth import ANYWHERE, MappingVault
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject
from tests.runtimes.mcp.lines import LOGIN, TOKEN, opened
from tests.runtimes.mcp.serving import ask, remote, spec_of
from tests.servers.loopback import Answer, Chunked, Request, Response, json_response, serve

TOOLS: JsonObject = {"tools": [{"name": "do", "inputSchema": {"type": "object"}}]}
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in TOKEN)
WITHIN = json.dumps(f'{{"a": "{ESCAPED}"}}')[1:-1]


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=401, headers=(("WWW-Authenticate", f'Bearer error_description="is {TOKEN}"'),)),
        Response(status=403, headers=(("WWW-Authenticate", f'Bearer error="insufficient_scope", scope="a {TOKEN}"'),)),
        Response(status=302, headers=(("Location", f"https://{TOKEN}.example/?{TOKEN}"),)),
        Response(headers=(("Content-Type", f"x/{TOKEN}"),), body=b"x"),
        Response(
            headers=(("Content-Type", "application/json"),), body=b'{"jsonrpc": "2.0", "x": "%s"}' % TOKEN.encode()
        ),
        json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": TOKEN}}),
        Response(
            headers=(("Content-Type", "application/json"),),
            body=b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "%s"}}' % ESCAPED.encode(),
        ),
    ],
)
async def test_a_line_tells_no_token(answer: Answer) -> None:
    async def handler(request: Request) -> Answer:
        return answer

    async with serve(handler) as server, opened(f"{server.url}/mcp") as one:
        response = await one.ask()
        told = f"{response.text} {response.headers} {one.line.failure}"
        if response.status_code < 300:
            told += json.dumps(response.json() if response.text != "x" else "", ensure_ascii=False)
    assert TOKEN not in told


async def test_a_call_shows_no_token() -> None:
    """Escaped in JSON, and so in none of the ways in which it was sent."""

    async def called(request: Request) -> AsyncGenerator[bytes]:
        message = json.loads(request.body)
        number, token = message["id"], message["params"]["_meta"]["progressToken"]
        said = f'"method": "notifications/progress", "params": {{"progressToken": {token}, "progress": 1, "message": "'
        yield f'data: {{"jsonrpc": "2.0", {said}{ESCAPED}"}}}}\n\n'.encode()
        form = '"requestedSchema": {"type": "object", "properties": {}}'
        question = f'"method": "elicitation/create", "params": {{"message": "{ESCAPED}", {form}}}'
        yield f'data: {{"jsonrpc": "2.0", "id": "q", {question}}}\n\n'.encode()
        await answered.wait()
        texts = [f'{{"type": "text", "text": "{text}"}}' for text in (ESCAPED, WITHIN)]
        yield f'data: {{"jsonrpc": "2.0", "id": {number}, "result": {{"content": [{", ".join(texts)}]}}}}\n\n'.encode()

    async def handler(request: Request) -> Answer:
        message: Json = request.json()
        assert isinstance(message, dict)
        if "method" not in message:
            answered.set()
            return Response(status=202)
        if message["method"] == "initialize":
            about: JsonObject = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
            about["serverInfo"] = {"name": "s", "version": "1"}
            return json_response({"jsonrpc": "2.0", "id": message["id"], "result": about})
        if message["method"] == "tools/call":
            return Chunked(chunks=called(request), headers=(("Content-Type", "text/event-stream"),))
        if "id" not in message:
            return Response(status=202)
        error: JsonObject = {"code": -32601, "message": "none"}
        return json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})

    async def asking(question: LiveQuestion) -> LiveAnswer:
        told.append(question.text)
        return LiveAnswer(action="decline")

    answered = anyio.Event()
    told: list[str] = []
    vault = MappingVault({"desk": TOKEN}, origins=ANYWHERE)
    async with serve(handler) as server:
        spec = replace(spec_of(f"{server.url}/mcp", mcp_tool_description=TOOLS), auth=LOGIN)
        async with remote(spec, vault=vault) as executor:
            result = await ask(executor, "do", told=told, asking=asking)
    assert [TOKEN in text for text in (*told, repr(result.payload))] == [False] * 3
    assert repr((told, result.payload)).count("[secret") == 4
