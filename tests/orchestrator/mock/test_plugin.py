"""A plugin over a mock of its APIs is called as any other, without credentials, and reaches nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin, load_plugin
from orchestrator.mock.exchange import Request
from orchestrator.mock.plugin import load_mock, mocked, needs_credential
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject, dump_json

EXAMPLES = Path(__file__).parents[3] / "examples"


def description(name: str, server: str = "https://api.example") -> str:
    operation: JsonObject = {
        "operationId": name,
        "parameters": [{"name": "id", "in": "query", "required": True, "schema": {"type": "integer"}}],
        "responses": {
            "200": {
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["id", "name"],
                            "properties": {"id": {"type": "integer"}, "name": {"const": name}},
                        }
                    }
                }
            }
        },
    }
    return dump_json({"openapi": "3.0.3", "servers": [{"url": server}], "paths": {"/x": {"get": operation}}})


def manifest(*runtimes: Json) -> JsonObject:
    return {
        "schema_version": "v2.2",
        "namespace": "things",
        "name_for_human": "Things",
        "description_for_human": "Things",
        "functions": [{"name": name, "description": name} for name in ("one", "two")],
        "runtimes": [*runtimes],
    }


def runtime(name: str, **members: Json) -> JsonObject:
    spec: JsonObject = {"api_description": description(name)}
    return {"type": "OpenApi", "auth": {"type": "None"}, "run_for_functions": [name], "spec": spec, **members}


@asynccontextmanager
async def hosted(*plugins: Plugin) -> AsyncGenerator[Orchestrator]:
    client = SharedClient()
    lent = [(plugin, client.allowing(plugin.allowed_hosts)) for plugin in plugins]
    try:
        async with (
            mocked(lent) as found,
            Orchestrator(plugins=found.plugins, model="offline", runtimes=found.runtimes, http=client) as host,
        ):
            yield host
    finally:
        await client.aclose()


async def served(plugins: Sequence[Plugin]) -> tuple[list[str], Sequence[str]]:
    """The prefixes of what is served, and what is not."""
    client = SharedClient()
    try:
        mock = await load_mock([(plugin, client.allowing(())) for plugin in plugins])
    finally:
        await client.aclose()
    return [one.prefix for one in mock.apis], mock.problems


async def test_functions_are_answered_by_the_mock() -> None:
    plugin = await load_plugin(EXAMPLES / "contoso_real_estate/plugin.json")
    async with hosted(plugin) as host:
        outcome = await host.call("getListings", {"city": "Seattle"})
        assert (outcome.status, outcome.is_error) == (200, False)
        assert outcome.citations


async def test_every_api_of_a_plugin_has_its_own_place() -> None:
    plugin = await load_plugin(manifest(runtime("one"), runtime("two")))
    assert await served([plugin]) == (["/1", "/2"], ())
    async with hosted(plugin) as host:
        assert (await host.call("one", {"id": 4})).payload == {"id": 4, "name": "one"}
        assert (await host.call("two", {"id": 5})).payload == {"id": 5, "name": "two"}


async def test_a_function_that_needs_a_credential_is_called_without_one() -> None:
    auth: JsonObject = {"type": "OAuthPluginVault", "reference_id": "x"}
    plugin = await load_plugin(manifest(runtime("one", auth=auth), runtime("two")))
    assert needs_credential(plugin)
    async with hosted(plugin) as host:
        assert (await host.call("one", {"id": 4})).payload == {"id": 4, "name": "one"}
    assert not needs_credential(await load_plugin(manifest(runtime("one"), runtime("two"))))


async def test_the_type_of_a_runtime_is_known_in_any_spelling() -> None:
    plugin = await load_plugin(manifest(runtime("one", type="openapi"), runtime("two")))
    async with hosted(plugin) as host:
        assert (await host.call("one", {"id": 4})).status == 200


async def test_a_server_that_cannot_be_used_is_not_looked_at() -> None:
    spec: JsonObject = {"api_description": description("one", server="/relative/${{NOWHERE}}")}
    plugin = await load_plugin(manifest(runtime("one", spec=spec)), environment={})
    async with hosted(plugin) as host:
        assert (await host.call("one", {"id": 4})).status == 200


async def test_only_the_address_of_the_mock_is_open_to_the_plugin() -> None:
    plugin = await load_plugin(manifest(runtime("one")), allowed_hosts=["10.0.0.1"])
    async with hosted(plugin) as host:
        first, address = host.plugins[0].allowed_hosts
    assert first == "10.0.0.1"
    assert address.startswith("127.0.0.1:")


async def test_a_description_that_cannot_be_had_leaves_the_others() -> None:
    plugin = await load_plugin(manifest(runtime("one", spec={"url": "nowhere.yaml"}), runtime("two")))
    prefixes, problems = await served([plugin])
    assert prefixes == [""]
    assert len(problems) == 1
    assert "nowhere.yaml" in problems[0]
    async with hosted(plugin) as host:
        assert (await host.call("two", {"id": 5})).status == 200
        assert [one.function for one in host.toolbox.skipped] == ["one"]


async def test_nothing_to_mock_is_said() -> None:
    plugin = await load_plugin(EXAMPLES / "windows_settings/plugin.json")
    with pytest.raises(OrchestratorError, match="there is nothing to mock"):
        await served([plugin])
    with pytest.raises(OrchestratorError, match=r"nowhere\.yaml"):
        await served([await load_plugin(manifest(runtime("one", spec={"url": "nowhere.yaml"})))])


async def test_a_path_of_no_api_is_nowhere() -> None:
    plugin = await load_plugin(manifest(runtime("one"), runtime("two")))
    client = SharedClient()
    try:
        mock = await load_mock([(plugin, client.allowing(()))])
    finally:
        await client.aclose()
    statuses = [mock.answer(Request(method="GET", target=target)).status for target in ("/x?id=1", "/1/x?id=1", "/1")]
    assert statuses == [404, 200, 404]
    assert mock.answer(Request(method="GET", target="/12/x?id=1")).status == 404
