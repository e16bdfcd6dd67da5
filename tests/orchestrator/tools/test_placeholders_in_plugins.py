"""Environment placeholders from a package to the request: filled, or nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.manifest.load import Plugin
from runtimes.placeholders import Environment
from runtimes.values import JsonObject, dump_json, parse_json
from tests.servers.loopback import Request, Response, json_response, serve

DESCRIPTION = """
openapi: 3.0.3
info: {title: T, version: '1'}
servers:
  - url: ${{OPENAPI_SERVER_URL}}/api
paths:
  /tenants/${{TENANT}}/things:
    get:
      operationId: listThings
      parameters:
        - {name: site, in: query, required: true, schema: {type: string, default: '${{SITE}}'}}
      responses: {'200': {description: ok}}
"""
VALUES = {"TENANT": "acme", "SITE": "hq"}


def write_package(folder: Path, url: str = "${{FILE:openapi.yaml}}") -> Path:
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Things ${{SUFFIX:dev}}",
        "namespace": "things",
        "description_for_human": "Things.",
        "functions": [{"name": "listThings"}],
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": url}}],
    }
    path = folder / "plugin.json"
    path.write_text(dump_json(manifest), encoding="utf-8")
    (folder / "openapi.yaml").write_text(DESCRIPTION, encoding="utf-8")
    return path


async def skipped(plugin: Plugin) -> str:
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        assert not host.toolbox.functions
        return host.toolbox.skipped[0].reason


async def test_the_manifest_and_its_description_are_filled_before_anything_is_sent(tmp_path: Path) -> None:
    async def answer(request: Request) -> Response:
        return json_response({"target": request.target})

    async with serve(answer) as server:
        values = VALUES | {"OPENAPI_SERVER_URL": server.url}
        plugin = await load_plugin(write_package(tmp_path), environment=values, allowed_hosts=["127.0.0.1"])
        assert plugin.manifest.name_for_human == "Things dev"
        async with Orchestrator(plugins=[plugin], model="offline") as host:
            assert '"default":"hq"' in dump_json(host.toolbox.functions[0].parameters)
            outcome = await host.call("listThings", {"site": "hq"})
    assert outcome.payload == {"target": "/api/tenants/acme/things?site=hq"}


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (VALUES, "${{OPENAPI_SERVER_URL}}"),
        ({"OPENAPI_SERVER_URL": "https://example.org", "SITE": "hq"}, "${{TENANT}}"),
    ],
)
async def test_a_function_whose_address_stays_half_filled_is_not_offered(
    tmp_path: Path, values: Mapping[str, str], missing: str
) -> None:
    assert missing in await skipped(await load_plugin(write_package(tmp_path), environment=values))


async def test_a_description_whose_own_url_stays_half_filled_is_not_fetched(tmp_path: Path) -> None:
    plugin = await load_plugin(write_package(tmp_path, "https://example.org/${{FOLDER}}/openapi.yaml"), environment={})
    assert "${{FOLDER}}" in await skipped(plugin)
    assert [found.code for found in plugin.problems] == ["unresolved-placeholder"]
    assert plugin.problems[0].pointer == "/runtimes/0/spec/url"


@pytest.mark.parametrize("written", ["${{FOLDER/openapi.yaml", "https://example.org/${{FOLDER}/openapi.yaml"])
async def test_a_placeholder_without_an_end_is_named_and_nothing_is_fetched(tmp_path: Path, written: str) -> None:
    plugin = await load_plugin(write_package(tmp_path, written), environment={"FOLDER": "x"})
    assert "${{FOLDER" in await skipped(plugin)
    (found,) = plugin.problems
    assert (found.code, found.pointer) == ("unresolved-placeholder", "/runtimes/0/spec/url")
    assert "has no end" in found.message


def embedded(folder: Path, description: JsonObject) -> Path:
    """The package, its description in the manifest as a string."""
    path = write_package(folder)
    manifest = parse_json(path.read_text(encoding="utf-8"))
    assert isinstance(manifest, dict)
    spec: JsonObject = {"api_description": dump_json(description)}
    manifest["runtimes"] = [{"type": "OpenApi", "auth": {"type": "None"}, "spec": spec}]
    path.write_text(dump_json(manifest), encoding="utf-8")
    return path


async def test_a_description_in_the_manifest_is_filled_once_and_keeps_its_shape(tmp_path: Path) -> None:
    operation: JsonObject = {"operationId": "listThings", "summary": "${{WORDS}}"}
    description: JsonObject = {
        "openapi": "3.0.3",
        "servers": [{"url": "https://${{HOST}}"}],
        "paths": {"/things": {"get": operation}},
    }
    hostile = '"}}, "/evil": {"get": {"operationId": "evil"}}, "x": {"y": {"z": "'
    values = {"HOST": "example.org", "WORDS": hostile}
    plugin = await load_plugin(embedded(tmp_path, description), environment=values)
    assert plugin.problems == ()
    assert plugin.manifest.runtimes[0].spec["api_description"] == dump_json(description)
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        (function,) = host.toolbox.functions
        assert (function.name, function.description) == ("listThings", hostile.strip())


async def test_a_description_in_the_manifest_is_not_filled_twice(tmp_path: Path) -> None:
    description: JsonObject = {
        "openapi": "3.0.3",
        "servers": [{"url": "https://example.org/${{NOPE:$}}{{HOME}}"}],
        "paths": {"/things": {"get": {"operationId": "listThings"}}},
    }
    plugin = await load_plugin(embedded(tmp_path, description), environment={"HOME": "x"})
    assert "${{HOME}}" in await skipped(plugin)


async def test_names_of_a_manifests_members_are_not_filled(tmp_path: Path) -> None:
    path = write_package(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("{", '{"${{KEY_NAME}}": 1, ', 1), encoding="utf-8")
    plugin = await load_plugin(path, environment={"KEY_NAME": "x-k"})
    assert "x-k" not in plugin.document
    assert ("unresolved-placeholder", "/${{KEY_NAME}}") in [(found.code, found.pointer) for found in plugin.problems]


async def test_a_default_that_stays_a_placeholder_is_neither_offered_nor_sent(tmp_path: Path) -> None:
    values = {"TENANT": "acme", "OPENAPI_SERVER_URL": "https://example.org"}
    plugin = await load_plugin(write_package(tmp_path), environment=values)
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        assert "${{" not in dump_json(host.toolbox.functions[0].parameters)


async def test_the_process_fills_a_local_manifest_but_no_secret_of_it_does(tmp_path: Path) -> None:
    process = {"OPENAPI_SERVER_URL": "https://example.org", "TENANT": "acme", "API_KEY": "k-123"}
    path = write_package(tmp_path, "${{API_KEY}}")
    plugin = await load_plugin(path, environment=Environment(ambient=process))
    assert "k-123" not in dump_json(plugin.document)
    assert "${{API_KEY}}" in await skipped(plugin)


async def test_a_manifest_from_a_url_gets_no_secret_that_somebody_gave(tmp_path: Path) -> None:
    body = write_package(tmp_path).read_bytes().replace(b"SUFFIX:dev", b"API_KEY")

    async def answer(request: Request) -> Response:
        return Response(body=body)

    async with serve(answer) as server:
        given = {"API_KEY": "k-123"}
        plugin = await load_plugin(f"{server.url}/plugin.json", environment=given, allowed_hosts=["127.0.0.1"])
    assert plugin.manifest.name_for_human == "Things ${{API_KEY}}"


async def test_the_process_fills_nothing_of_a_manifest_from_a_url(tmp_path: Path) -> None:
    body = write_package(tmp_path).read_bytes().replace(b"SUFFIX:dev", b"HOME")

    async def answer(request: Request) -> Response:
        return Response(body=body)

    async with serve(answer) as server:
        plugin = await load_plugin(
            f"{server.url}/plugin.json", environment=Environment(ambient={"HOME": "x"}), allowed_hosts=["127.0.0.1"]
        )
    assert plugin.manifest.name_for_human == "Things ${{HOME}}"
