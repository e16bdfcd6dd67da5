"""Who answers the calls of a conversation: stubs at any server, redirects, mocks without examples (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, FIND, PLUGIN, played, write_plugin
from tests.servers.loopback import Answer, Request, json_response, serve

ANONYMOUS: JsonObject = {**PLUGIN, "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}}]}


async def _unasked(request: Request) -> Answer:
    raise NotImplementedError(request.path)


@pytest.mark.parametrize(
    "stub", ["operation: getHome", "path: '/homes/{id}'", "path: /v1/homes/1", "method: get, path: /v1/homes/1"]
)
async def test_stubs_come_before_the_real_service_wherever_its_paths_start(tmp_path: Path, stub: str) -> None:
    async with serve(_unasked) as server:
        write_plugin(tmp_path, {**API, "servers": [{"url": f"{server.url}/v1"}]}, ANONYMOUS)
        settings = f"""
plugins: {{source: plugin.json, allow_hosts: '{server.url.removeprefix("http://")}'}}
api: {{real: true, stubs: [{{{stub}, answer: {{json: {{name: A stub}}}}}}]}}
"""
        assert await played(tmp_path, settings + FIND + "    expect: {citations: A stub}\n") == ""


async def test_what_no_stub_fits_is_asked_of_the_real_service(tmp_path: Path) -> None:
    async def handler(request: Request) -> Answer:
        return json_response({"name": request.path})

    async with serve(handler) as server:
        own: JsonObject = {"servers": [{"url": f"{server.url}/own"}]}
        paths = API["paths"]
        assert isinstance(paths, dict)
        one = paths["/homes/{id}"]
        assert isinstance(one, dict)
        api: JsonObject = {**API, "servers": [{"url": f"{server.url}/v1"}], "paths": {"/homes/{id}": {**one, **own}}}
        write_plugin(tmp_path, api, ANONYMOUS)
        settings = f"""
plugins: {{source: plugin.json, allow_hosts: '{server.url.removeprefix("http://")}'}}
api: {{real: true, stubs: [{{operation: getHome, times: 1, answer: {{json: {{name: A stub}}}}}}]}}
"""
        again = "  - {say: Again, model: [{call: getHome, with: {id: '2'}}, Yes.], expect: {citations: /own/homes/2}}\n"
        assert await played(tmp_path, settings + FIND + "    expect: {citations: A stub}\n" + again) == ""


async def test_a_stub_may_redirect(tmp_path: Path) -> None:
    api = """
api:
  stubs:
    - {operation: getHome, query: {}, answer: {status: 307, headers: {Location: "/homes/2?view=all"}}}
    - {path: /homes/2, answer: {json: {name: The other}}}
"""
    expect = "    expect: {requests: [GET /homes/1, GET /homes/2?view=all], citations: The other}\n"
    assert await played(tmp_path, api + FIND + expect) == ""


async def test_a_redirect_to_elsewhere_leads_nowhere_in_a_mock(tmp_path: Path) -> None:
    api = "api: {stubs: [{operation: getHome, answer: {status: 302, headers: {Location: 'https://else.example/'}}}]}"
    expect = "    expect: {calls: {call: getHome, status: error, result: only the mock is called here}}\n"
    assert await played(tmp_path, api + FIND + expect) == ""


@pytest.mark.parametrize(
    ("examples", "citations"), [("true", "Oak Street"), ("false", "{title: {$regex: '^(?!Oak Street)'}}")]
)
async def test_a_mock_makes_answers_up_where_examples_are_not_wanted(
    tmp_path: Path, examples: str, citations: str
) -> None:
    api = f"api: {{mock: openapi, examples: {examples}}}"
    assert await played(tmp_path, f"{api}{FIND}    expect: {{citations: {citations}}}\n") == ""
