"""A local plugin at an address is reached through the host because its table says so, and other plugins are not."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from orchestrator import Orchestrator, load_plugin
from runtimes.errors import InvocationError
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import JsonObject, dump_json
from tests.servers.local_peers import post_server
from tests.servers.talking_plugin import TalkingPlugin

pytestmark = pytest.mark.requirement("issue:10")


def manifest(runtime: JsonObject) -> str:
    parameters: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}}
    return dump_json(
        {
            "schema_version": "v2.2",
            "name_for_human": "Echo",
            "namespace": "echoes",
            "description_for_human": "Says it again.",
            "functions": [{"name": "echo", "description": "Says it again.", "parameters": parameters}],
            "runtimes": [{"auth": {"type": "None"}, "run_for_functions": ["echo"], **runtime}],
        }
    )


async def test_the_url_of_a_local_plugin_needs_no_other_allowance(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    path.write_text(manifest({"type": "LocalPlugin", "spec": {"local_endpoint": "Echo"}}))
    with anyio.fail_after(30):
        async with post_server(TalkingPlugin()) as url:
            plugin = await load_plugin(str(path))
            async with Orchestrator(plugins=[plugin], local={"Echo": LocalEndpoint(address=url)}) as host:
                outcome = await host.call("echoes-echo", {"text": "hello"})
    assert outcome.payload == {"text": "hello"}


async def test_it_allows_no_other_runtime_to_go_there(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    with anyio.fail_after(30):
        async with post_server(TalkingPlugin()) as url:
            description: JsonObject = {
                "openapi": "3.0.4",
                "servers": [{"url": url}],
                "paths": {"/echo": {"get": {"operationId": "echo", "parameters": []}}},
            }
            (tmp_path / "openapi.json").write_text(dump_json(description))
            path.write_text(manifest({"type": "OpenApi", "spec": {"url": "openapi.json"}}))
            plugin = await load_plugin(str(path))
            async with Orchestrator(plugins=[plugin], local={"Echo": LocalEndpoint(address=url)}) as host:
                with pytest.raises(InvocationError, match="nothing was sent"):
                    await host.call("echoes-echo", {"text": "hello"})
