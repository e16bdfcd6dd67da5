"""Servers that mean well and are not exact: what is wrong with one thing costs no other."""

from __future__ import annotations

import pytest

from runtimes.errors import InvocationError
from runtimes.mcp.results import MAX_BLOCKS
from runtimes.values import Json, JsonObject
from tests.runtimes.mcp.serving import ask, remote, spec_of
from tests.runtimes.mcp.test_hostile_servers import TOOL, done, opened, result, serving
from tests.servers.loopback import Answer, Request, json_response, serve
from tests.servers.mcp_tools import ServedTool, ToolServer, echo

SCHEMA: JsonObject = {"type": "object"}


async def _done(request: Request, message: JsonObject) -> Answer:
    del request
    return done(message)


async def test_what_is_wrong_with_a_tool_costs_neither_it_nor_the_others() -> None:
    sloppy: list[Json] = [
        {"name": "no type", "inputSchema": {}},
        {"name": "no schema"},
        {"name": "null schema", "inputSchema": None},
        {"name": "number", "inputSchema": SCHEMA, "description": 5},
        {"name": "hints", "inputSchema": SCHEMA, "annotations": {"readOnlyHint": "perhaps"}},
        {"name": "icons", "inputSchema": SCHEMA, "icons": [{}]},
        {"name": "odd properties", "inputSchema": {"type": "object", "properties": {"a": True}, "required": "a"}},
    ]
    unusable: list[Json] = [{"name": "text", "inputSchema": {"type": "string"}}, {"name": "list", "inputSchema": [1]}]
    listed: JsonObject = {"tools": [TOOL, *sloppy, *unusable, "x", 1, {}]}
    async with serve(serving(_done, listed)) as server, remote(spec_of(f"{server.url}/mcp")) as executor:
        names = {str(tool["name"]) for tool in (TOOL, *sloppy) if isinstance(tool, dict)}
        assert set(executor.functions) == names
        assert set(executor.unusable) == {"text", "list"}
        for name in names:
            assert (await ask(executor, name)).payload == "done"


SLOPPY: list[tuple[JsonObject, Json]] = [
    ({"content": [{"type": "text", "text": "a"}, {"type": "widget", "x": 1}]}, "a"),
    ({"structuredContent": {"a": 1}}, {"a": 1}),
    ({"content": None, "structuredContent": {"a": 1}}, {"a": 1}),
    ({"content": [{"type": "text", "text": None}, {"type": "text", "text": "a"}]}, ["", "a"]),
    ({"content": [], "structuredContent": [1]}, [1]),
    ({"content": [{"type": "image", "data": "AAAA"}, {"type": "text", "text": "a"}]}, "a"),
    ({"content": [0, {}, {"type": "text", "text": "a"}]}, "a"),
    ({"content": [{"type": "text", "text": "a"}], "_meta": 1, "resultType": None}, "a"),
]


@pytest.mark.parametrize(("value", "payload"), SLOPPY)
async def test_what_is_wrong_with_an_answer_does_not_hide_the_rest(value: JsonObject, payload: Json) -> None:
    async def called(request: Request, message: JsonObject) -> Answer:
        del request
        return json_response(result(message, value))

    async with opened(called) as executor:
        assert (await ask(executor, "do")).payload == payload


@pytest.mark.parametrize("value", [{}, {"content": "a"}, {"content": None}, {"resultType": "task", "content": []}])
async def test_what_is_no_result_is_no_answer(value: Json) -> None:
    async def called(request: Request, message: JsonObject) -> Answer:
        del request
        return json_response(result(message, value))

    async with opened(called) as executor:
        with pytest.raises(InvocationError, match="something that is no answer to it") as caught:
            await ask(executor, "do")
    assert (caught.value.not_executed, caught.value.is_unsent) == (None, False)


@pytest.mark.parametrize("block", [0, {}, {"type": "text", "text": ""}])
async def test_parts_without_end_are_cut_before_they_are_read(block: Json) -> None:
    async def called(request: Request, message: JsonObject) -> Answer:
        del request
        return json_response(result(message, {"content": [{"type": "text", "text": "a"}, *[block] * 100_000]}))

    async with opened(called) as executor:
        answer = await ask(executor, "do")
    assert answer.is_truncated
    assert answer.payload == "a" or answer.payload == ["a", *[""] * (MAX_BLOCKS - 1)]


async def test_a_schema_that_names_header_fields_wrongly_costs_its_own_tool() -> None:
    def schema(field: str) -> JsonObject:
        return {"type": "object", "properties": {"text": {"type": "string", "x-mcp-header": field}}}

    served = ToolServer(
        ServedTool(name="right", handler=echo, schema=schema("Text")),
        ServedTool(name="wrong", handler=echo, schema=schema("no token")),
        ServedTool(name="plain", handler=echo),
    )
    async with served.over_http("modern") as url, remote(spec_of(url)) as executor:
        assert set(executor.functions) == {"right", "plain"}
        assert "not an RFC 9110 token" in executor.unusable["wrong"]
        assert (await ask(executor, "right", text="hello")).payload == "hello"
