"""Plugins whose functions are the tools of an MCP server, in a host. Issue 10, line 5."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp_types import CallToolRequestParams, CallToolResult, ToolAnnotations

from orchestrator import Orchestrator, UsageError, load_plugin
from orchestrator.policy.evidence import effects
from orchestrator.turn.standing import evidence_of
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.servers import mcp_program
from tests.servers.mcp_tools import Context, ServedTool, ToolServer, echo, said

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
LOOPBACK = ["127.0.0.1"]
TEXT: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def manifest(url: str, *, functions: list[Json] | None, runs: Sequence[str] = ("*",), **spec: Json) -> JsonObject:
    document: JsonObject = {
        "schema_version": "v2.4",
        "name_for_human": "Box",
        "namespace": "box",
        "description_for_human": "Tools in a box.",
        "runtimes": [{"type": "RemoteMCPServer", "spec": {"url": url, **spec}, "run_for_functions": [*runs]}],
    }
    return document if functions is None else {**document, "functions": functions}


@asynccontextmanager
async def hosting(document: JsonObject) -> AsyncGenerator[Orchestrator]:
    plugin = await load_plugin(document, allowed_hosts=LOOPBACK)
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        yield host


def offered(host: Orchestrator) -> list[str]:
    return [function.name for function in host.toolbox.functions]


def served() -> ToolServer:
    return ToolServer(
        ServedTool(name="get_text", handler=echo, description="Says it again.", schema=TEXT),
        ServedTool(name="files/put-one.v2", handler=echo, annotations=ToolAnnotations(destructive_hint=True)),
        ServedTool(name="get_all", handler=echo, annotations=ToolAnnotations(read_only_hint=True)),
    )


@pytest.mark.parametrize("functions", [[], None])
async def test_without_functions_in_the_manifest_all_tools_that_match_are_offered(functions: list[Json] | None) -> None:
    async with served().over_http() as url:
        async with hosting(manifest(url, functions=functions)) as host:
            assert offered(host) == ["get_text", "files/put-one.v2", "get_all"]
            assert (await host.call("get_text", {"text": "hello"})).payload == "hello"
            assert (await host.call("files/put-one.v2", {"text": "hello"})).payload == "hello"
        async with hosting(manifest(url, functions=functions, runs=["get_*"])) as host:
            assert offered(host) == ["get_text", "get_all"]


async def test_a_declared_function_has_its_own_texts_and_else_those_of_its_tool() -> None:
    own: JsonObject = {"type": "object", "properties": {"text": {"type": "string", "description": "What."}}}
    functions: list[Json] = [
        {"name": "get_text", "description": "The manifest's words.", "parameters": own},
        {"name": "get_all"},
        {"name": "absent"},
    ]
    async with served().over_http() as url, hosting(manifest(url, functions=functions)) as host:
        text, everything = host.toolbox.functions
        assert (text.description, text.parameters["properties"]) == ("The manifest's words.", own["properties"])
        assert (everything.name, everything.parameters) == ("get_all", {"type": "object", "properties": {}})
        (skipped,) = host.toolbox.skipped
        assert skipped.function == "absent"
        assert "its MCP server has no tool of this name; it has: files/put-one.v2, get_all, get_text" in skipped.reason


async def test_arguments_are_held_to_the_schema_of_the_tool() -> None:
    server = served()
    async with server.over_http() as url, hosting(manifest(url, functions=[])) as host:
        with pytest.raises(UsageError, match="text"):
            await host.call("get_text", {})
    assert "tools/call get_text" not in server.asked


async def test_hints_of_a_server_only_tighten() -> None:
    async with served().over_http() as url, hosting(manifest(url, functions=[])) as host:
        plain, destructive, reading = (evidence_of(function) for function in host.toolbox.functions)
    assert [reason.source for reason in effects(destructive)] == ["server"]
    assert list(effects(plain)) == list(effects(reading)) == []
    assert not reading.repeatable
    assert not reading.reads_safely


async def test_what_would_be_sent_is_shown_without_connecting() -> None:
    tools: JsonObject = {"tools": [{"name": "get_text", "inputSchema": TEXT}]}
    document = manifest("https://mcp.invalid/box?key=1", functions=[], mcp_tool_description=tools)
    async with hosting(document) as host:
        (message,) = host.preview("get_text", {"text": "hello"})
    assert (message.method, message.url) == ("JSON-RPC", "https://mcp.invalid/box")
    assert parse_json(message.body or "") == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "get_text", "arguments": {"text": "hello"}},
    }


async def test_changed_tools_are_offered_when_the_next_turn_begins() -> None:
    server = served()

    async def change(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del params
        await server.change(
            context,
            ServedTool(name="get_text", handler=echo, description="Deletes it.", schema=TEXT),
            ServedTool(name="more", handler=echo),
        )
        return said("changed")

    server.tools = {**server.tools, "change": ServedTool(name="change", handler=change)}
    async with server.over_http("legacy") as url, hosting(manifest(url, functions=[])) as host:
        before = host.toolbox
        old = before.find("get_text")
        await host.call("change")
        with anyio.fail_after(20):
            while offered(host) != ["get_text", "more"]:
                await anyio.lowlevel.checkpoint()
        assert host.toolbox.find("get_text").description == "Deletes it."
        assert host.toolbox.find("get_text").signature.fingerprint != old.signature.fingerprint
        assert (await host.call("get_text", {"text": "on"})).payload == "on"
        assert [function.name for function in before.functions][-1] == "change"


async def test_a_file_with_tools_lies_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "tools.json").write_text('{"tools": [{"name": "get_text", "description": "From a file."}]}')
    document = manifest("https://mcp.invalid/", functions=[], mcp_tool_description={"file": "tools.json"})
    (tmp_path / "plugin.json").write_bytes(dump(document))
    async with Orchestrator(plugins=[await load_plugin(tmp_path / "plugin.json")], model="offline") as host:
        assert [function.description for function in host.toolbox.functions] == ["From a file."]
    (tmp_path / "tools.json").write_text('{"tool": []}')
    async with Orchestrator(plugins=[await load_plugin(tmp_path / "plugin.json")], model="offline") as host:
        (skipped,) = host.toolbox.skipped
    assert skipped.reason == "its list of tools 'tools.json' has no array 'tools'"


def dump(document: JsonObject) -> bytes:
    return dump_json(document).encode()


async def test_a_local_server_is_a_program_of_the_table() -> None:
    document = manifest("", functions=[])
    document["runtimes"] = [{"type": "x-McpServer", "spec": {"local_endpoint": "box"}, "run_for_functions": ["echo"]}]
    endpoint = LocalEndpoint(command=(sys.executable, "-S", str(Path(mcp_program.__file__))))
    plugin = await load_plugin(document)
    async with Orchestrator(plugins=[plugin], model="offline", local={"box": endpoint}) as host:
        assert offered(host) == ["echo"]
        assert (await host.call("echo", {"text": "hello"})).payload == "hello"


async def test_a_failing_tool_is_a_failed_answer_and_not_an_exception() -> None:
    async def fail(context: Context, params: CallToolRequestParams) -> CallToolResult:
        del context, params
        return said("out of paper", is_error=True)

    server = ToolServer(ServedTool(name="print", handler=fail))
    async with server.over_http() as url, hosting(manifest(url, functions=[])) as host:
        outcome = await host.call("print")
    assert outcome.is_error


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of plugins does not lie beside the checkout")
async def test_real_manifests_with_described_tools_offer_them_and_others_say_why_not() -> None:
    found = 0
    for path in sorted(CORPUS.glob("**/*.json")):
        if b"RemoteMCPServer" not in path.read_bytes() or b"mcp_tool_description" not in path.read_bytes():
            continue
        document = parse_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(document, dict) or not isinstance(document.get("runtimes"), list):
            continue
        runtimes = document["runtimes"]
        assert isinstance(runtimes, list)
        servers: list[Json] = [
            one for one in runtimes if isinstance(one, dict) and one.get("type") == "RemoteMCPServer"
        ]
        plugin = await load_plugin({**document, "runtimes": servers})
        async with Orchestrator(plugins=[plugin], model="offline") as host:
            assert host.toolbox.functions, path
            found += 1
    assert found


def test_without_the_extra_the_reason_says_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['mcp'] = None\n"
        "from runtimes.errors import RuntimeUnavailable\n"
        "from runtimes.mcp.executor import require_mcp\n"
        "try:\n    require_mcp()\nexcept RuntimeUnavailable as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "MCP servers need the extra 'mcp': pip install 'plugin-orchestrator[mcp]'\n"


def test_the_package_is_imported_when_a_server_is_first_asked() -> None:
    program = (
        "import sys, orchestrator, runtimes.mcp\n"
        "print([name for name in ('mcp', 'mcp_types', 'starlette', 'httpx2') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
