"""`orchestrator mcp`, by the official client: over the standard streams and over HTTP, and what strangers get."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from orchestrator.cli.main import WRONG_USE, main
from orchestrator.cli.mcp import MIN_TOKEN_CHARS, TOKEN_VARIABLE
from runtimes.values import Json, JsonObject, dump_json
from tests.canaries import canary, found_in
from tests.orchestrator.mcp_server.commands import COMMAND, START_SECONDS, Running, environment, started
from tests.orchestrator.mcp_server.programs import ERAS, Asked, content_of, text_of
from tests.servers.example_service import EXAMPLES, RunningService, start_service
from tests.servers.loopback import Request, Response, json_response, serve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

HELLO: JsonObject = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
TOOLS = ["contoso-getListings", "contoso-saveSearch", "contoso-deleteSavedSearch"]


@pytest.fixture(scope="module")
def service() -> Generator[RunningService]:
    with start_service("contoso_real_estate") as running:
        yield running


@pytest.fixture
def plugin(service: RunningService, tmp_path: Path) -> list[str]:
    """The arguments that name the example, whose API is at the service."""
    description = (EXAMPLES / "contoso_real_estate" / "openapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "openapi.yaml").write_text(description.replace("http://127.0.0.1:8801", service.url), encoding="utf-8")
    manifest = (EXAMPLES / "contoso_real_estate" / "plugin.json").read_bytes()
    (tmp_path / "plugin.json").write_bytes(manifest)
    return [str(tmp_path / "plugin.json"), "--allow-host", "127.0.0.1"]


def request(number: int, method: str, **params: Json) -> JsonObject:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


async def used(client: Client, person: Asked) -> None:
    """Uses all that there is once."""
    assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
    homes = await client.call_tool("contoso-getListings", {"city": "Seattle", "bedrooms": 4})
    (home,) = content_of(homes).values()
    assert isinstance(home, list)
    assert [one["title"] for one in home if isinstance(one, dict)] == ["Lake house with a dock"]
    assert "[sources: [1] Lake house with a dock" in text_of(homes)
    saved = await client.call_tool("contoso-saveSearch", {"city": "Seattle"})
    assert not saved.is_error, text_of(saved)
    assert [message.split("\n")[0] for message in person.messages] == ["Contoso Real Estate wants to run saveSearch"]
    assert 'with: {"city":"Seattle"}' in person.messages[0]
    assert (await client.list_prompts()).prompts[0].name == "homes-in-a-city"


async def test_the_official_client_uses_it_over_the_standard_streams(plugin: list[str], tmp_path: Path) -> None:
    person = Asked()
    parameters = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], *plugin], env=environment(tmp_path), cwd=tmp_path
    )
    with anyio.fail_after(START_SECONDS):
        async with Client(parameters, elicitation_callback=person) as client:
            await used(client, person)


async def test_nothing_but_messages_is_on_the_standard_output_and_it_ends_with_its_client(
    plugin: list[str], tmp_path: Path
) -> None:
    with anyio.fail_after(START_SECONDS):
        async with started([*plugin, "--policy", "off"], tmp_path) as running:
            await running.say(request(1, "initialize", **HELLO))
            assert (await running.hear())["id"] == 1
            assert running.process.stdin is not None
            await running.process.stdin.send(b'{"jsonrpc":"2.0","id":9,"method":"ping","params":NaN}\n' * 2)
            for _ in range(2):
                assert (await running.hear())["id"] == 9
            await running.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
            await running.say(request(2, "tools/call", name="contoso-getListings", arguments={"city": "Seattle"}))
            assert (await running.hear())["id"] == 2
            await running.process.stdin.aclose()
            assert await running.rest() == b""
            assert await running.process.wait() == 0
            errors = await running.errors()
            assert "data flow is not watched" in errors
            assert errors.count("a message of the client was refused: this is no JSON") == 1


async def test_a_signal_ends_it_while_it_waits_for_its_client(plugin: list[str], tmp_path: Path) -> None:
    with anyio.fail_after(START_SECONDS):
        async with started(plugin, tmp_path) as running:
            await running.say(request(1, "initialize", **HELLO))
            assert (await running.hear())["id"] == 1
            running.process.send_signal(signal.SIGTERM)
            assert await running.process.wait() == 0


async def test_it_ends_when_nobody_reads_what_it_says(plugin: list[str], tmp_path: Path) -> None:
    with anyio.fail_after(START_SECONDS):
        reading, writing = os.pipe()
        async with await anyio.open_process(
            [*COMMAND, *plugin], cwd=tmp_path, env=environment(tmp_path), stdout=writing
        ) as process:
            os.close(writing)
            os.close(reading)
            try:
                assert await process.wait() == 0
            finally:
                if process.returncode is None:
                    process.kill()


async def test_a_token_that_was_made_is_told_also_where_the_variable_is_empty(
    plugin: list[str], tmp_path: Path
) -> None:
    with anyio.fail_after(START_SECONDS):
        async with started([*plugin, "--http", "0"], tmp_path, {TOKEN_VARIABLE: ""}) as running:
            url = (await running.line()).removeprefix("listening on ").strip()
            async with await anyio.connect_tcp("127.0.0.1", urlsplit(url).port or 0):
                running.process.send_signal(signal.SIGTERM)
                assert await running.process.wait() == 0
            token, ends = (await running.errors()).splitlines()
    assert (token[:7], ends) == ("token: ", "Ctrl-C ends it")
    assert len(token) > MIN_TOKEN_CHARS


@asynccontextmanager
async def http_client(url: str, token: str, era: str, person: Asked) -> AsyncGenerator[Client]:
    async with httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {token}"}, timeout=START_SECONDS, trust_env=False
    ) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=era, elicitation_callback=person) as client:
            yield client


async def refused(url: str, token: str) -> None:
    """Strangers get nowhere, whatever they say."""
    good = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    hello = request(1, "initialize", **HELLO)
    async with httpx2.AsyncClient(timeout=START_SECONDS, trust_env=False) as http:
        for changed, status in (
            ({"Authorization": "Bearer x"}, 401),
            ({"Host": "evil.example"}, 421),
            ({"Origin": "http://evil.example"}, 403),
        ):
            assert (await http.post(url, json=hello, headers={**good, **changed})).status_code == status
        missing = await http.post(url, json=hello, headers={"Accept": good["Accept"]})
        assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Bearer")
        assert (await http.get(url.removesuffix("mcp"), headers=good)).status_code == 404
        assert (await http.post(url, json=hello, headers=good)).status_code == 200


async def test_the_official_client_uses_it_over_http_and_strangers_do_not(plugin: list[str], tmp_path: Path) -> None:
    with anyio.fail_after(2 * START_SECONDS):
        async with started([*plugin, "--http", "0", "--json"], tmp_path) as running:
            told = await running.hear()
            url, token = str(told["url"]), str(told["token"])
            await refused(url, token)
            for era in ERAS:
                person = Asked()
                async with http_client(url, token, era, person) as client:
                    await used(client, person)
            running.process.send_signal(signal.SIGINT)
            assert await running.process.wait() == 0
            assert await running.errors() == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["p.json", "--no-token"], "--no-token goes with --http"),
        (["p.json", "--json"], "--json goes with --http"),
        (["p.json", "--http", "x"], "--http wants [HOST:]PORT"),
        ([], "name a plugin"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mcp", *arguments]) == WRONG_USE
    told = capsys.readouterr()
    assert complaint in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


async def test_a_credential_that_an_api_echoes_reaches_no_client(tmp_path: Path) -> None:
    """The API gives back every header field that it was sent, in its answers and in its errors."""
    secret = canary()

    async def echo(received: Request) -> Response:
        fields: JsonObject = dict(received.headers)
        return json_response({"sent": fields}, status=400 if received.path == "/fail" else 200)

    async with serve(echo) as api:
        (tmp_path / "plugin.json").write_text(_echoing(api.url), encoding="utf-8")
        variables = {"ORCHESTRATOR_AUTH_ECHO": secret, "ORCHESTRATOR_AUTH_ECHO_ORIGINS": api.url}
        arguments = [str(tmp_path / "plugin.json"), "--allow-host", "127.0.0.1"]
        with anyio.fail_after(START_SECONDS):
            async with started(arguments, tmp_path, variables) as running:
                written = await _spoken(running)
                errors = await running.errors()
    assert [one.header("authorization") for one in api.requests] == [f"Bearer {secret}"] * 2
    assert '"sent"' in written
    assert found_in(written + errors, {"credential": secret}) == []


async def _spoken(running: Running) -> str:
    """All that it says while both functions are called."""
    heard: list[str] = []
    await running.say(request(1, "initialize", **HELLO))
    heard.append(await running.line())
    await running.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for number, name in enumerate(("tools/list", "echo-ok", "echo-fail"), start=2):
        call = request(number, "tools/call", name=name, arguments={})
        await running.say(request(number, name) if "/" in name else call)
        heard.append(await running.line())
    assert running.process.stdin is not None
    await running.process.stdin.aclose()
    heard.append((await running.rest()).decode())
    assert await running.process.wait() == 0
    return "".join(heard).replace("\\", "")


def _echoing(url: str) -> str:
    done: JsonObject = {"200": {"description": "done"}}
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "Echo", "version": "1"},
        "servers": [{"url": url}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": {f"/{name}": {"get": {"operationId": name, "responses": done}} for name in ("ok", "fail")},
    }
    runtime: JsonObject = {
        "type": "OpenApi",
        "auth": {"type": "ApiKeyPluginVault", "reference_id": "echo"},
        "spec": {"api_description": dump_json(description)},
    }
    manifest: JsonObject = {
        "schema_version": "v2.4",
        "namespace": "echo",
        "name_for_human": "Echo",
        "description_for_human": "Echoes",
        "functions": [{"name": name, "description": name} for name in ("ok", "fail")],
        "runtimes": [runtime],
    }
    return dump_json(manifest)
