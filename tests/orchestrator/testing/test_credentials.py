"""The credentials of conversation files go out with requests, and are seen nowhere else (issue 6, line 1; issue 9)."""

from __future__ import annotations

import base64
import logging
import pickle
import re
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Played, outcome_of
from orchestrator.testing.playing.stages import Stages
from runtimes.values import Json, JsonObject, dump_json
from tests.orchestrator.testing.playing import API, FIND, PLUGIN, played, write_conversation, write_plugin
from tests.servers.loopback import Answer, Request, Response, serve

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")
CANARY = "canary+key/zq4fx6wb&2a"
"""A secret that is written in another way in JSON, in URLs and in base64."""


def demanding(scheme: JsonObject, url: str = "https://homes.example/v1") -> JsonObject:
    """The description of homes, with a security scheme."""
    secured: JsonObject = {"components": {"securitySchemes": {"s": scheme}}, "security": [{"s": []}]}
    return {**API, **secured, "servers": [{"url": url}]}


HEADER: JsonObject = {"type": "apiKey", "in": "header", "name": "X-Api-Key"}
QUERY: JsonObject = {"type": "apiKey", "in": "query", "name": "api-key"}
BEARER: JsonObject = {"type": "http", "scheme": "bearer"}
BASIC: JsonObject = {"type": "http", "scheme": "basic"}


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        (HEADER, "test-key", "{path: /homes/1, headers: {X-Api-Key: test-key}}"),
        (QUERY, "test-key", "GET /homes/1?api-key=test-key"),
        ({**HEADER, "in": "cookie"}, "test-key", "{path: /homes/1, headers: {Cookie: X-Api-Key=test-key}}"),
        (BEARER, "test-key", "{path: /homes/1, headers: {authorization: Bearer test-key}}"),
        (BASIC, "ada:test", "{path: /homes/1, headers: {authorization: Basic YWRhOnRlc3Q=}}"),
    ],
)
async def test_a_credential_goes_out_as_the_description_says(
    tmp_path: Path, scheme: JsonObject, value: str, expected: str
) -> None:
    write_plugin(tmp_path, demanding(scheme))
    assert await played(tmp_path, f"credentials: {{key: '{value}'}}{FIND}    expect: {{requests: {expected}}}\n") == ""


async def test_without_a_credential_what_is_mocked_is_called_bare(tmp_path: Path) -> None:
    write_plugin(tmp_path, demanding(HEADER))
    expected = "{requests: {headers: {X-Api-Key: {$absent: true}}}}"
    assert await played(tmp_path, f"{FIND}    expect: {expected}\n") == ""


async def test_a_table_has_a_credential_for_each_row(tmp_path: Path) -> None:
    write_plugin(tmp_path, demanding(HEADER))
    text = FIND.replace("turns:", "parameters: [{k: first-key}, {k: second-key}]\ncredentials: {key: $(k)}\nturns:")
    path = write_conversation(tmp_path, f"{text}    expect: {{requests: {{headers: {{X-Api-Key: $(k)}}}}}}\n")
    assert [one.failures for one in await plays(path)] == [(), ()]


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        ("{kee: test-key}", "no runtime asks for the credential 'kee'; the plugins refer to: 'key'"),
        ("{key: ''}", "the credential 'key' is empty"),
    ],
)
async def test_a_credential_that_nothing_is_done_with_is_a_mistake(
    tmp_path: Path, credentials: str, message: str
) -> None:
    told = await played(tmp_path, f"plugins: plugin.json\ncredentials: {credentials}{FIND}")
    assert told == f"2:14: credentials: {message}"


async def test_a_credential_that_cannot_be_sent_fails_the_call_and_is_not_told(tmp_path: Path) -> None:
    write_plugin(tmp_path, demanding(BASIC))
    told = await played(tmp_path, f"credentials: {{key: {CANARY}}}{FIND}    expect: {{calls: getHome}}\n")
    assert "HTTP basic needs a name and a password" in told
    assert CANARY not in told


async def test_a_failure_says_that_another_credential_went_out_and_not_which(tmp_path: Path) -> None:
    write_plugin(tmp_path, demanding(HEADER))
    expected = "{requests: {headers: {X-Api-Key: other}}}"
    told = await played(tmp_path, f"credentials: {{key: {CANARY}}}{FIND}    expect: {expected}\n")
    assert "the header field 'X-Api-Key' differs" in told
    assert CANARY not in told


async def plays(path: Path) -> list[Played]:
    """All that is known of the conversations of a file."""
    collected = collect([path], Choice())
    assert collected.problems == ()
    async with Stages() as stages:
        return [await stages.play(placed, file) for file, placed in collected.conversations]


def spelled(secret: str) -> list[str]:
    """The secret in the ways in which a service may repeat it, and so that pieces of it would be found too."""
    encoded = (base64.b64encode(f"{' ' * before}{secret}".encode()).decode() for before in range(3))
    return [secret, "canary", "zq4fx6wb", "%2Fkey", *(text[4:20] for text in encoded)]


ECHO = """
turns:
  - say: Find home 1
    model:
      - {call: getHome, with: {id: "1"}}
      - {call: putHome, with: {name: Elm Road}}
      - {call: dropHome, with: {id: "1"}}
      - It did not work.
    decide: {answer: approve, every: true}
    expect: {text: something else}
"""


async def echo(request: Request) -> Answer:
    """Repeats a request in its error, in its headers, and in base64."""
    fields: dict[str, Json] = dict(request.headers)
    encoded = base64.b64encode(dump_json(fields).encode()).decode()
    body: Json = {"error": "denied", "asked": request.target, "fields": fields, "encoded": encoded}
    headers = (("Content-Type", "application/json"), ("Link", f"<{request.target}>; rel=next"))
    return Response(status=200 if request.method == "GET" else 403, headers=headers, body=dump_json(body).encode())


@pytest.mark.parametrize("scheme", [HEADER, QUERY, BEARER, BASIC], ids=["header", "query", "bearer", "basic"])
async def test_a_secret_is_nowhere_but_in_the_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scheme: JsonObject
) -> None:
    """The canary of issue 9: a real service that echoes, with every log on."""
    caplog.set_level(1)
    value = f"ada:{CANARY}" if scheme is BASIC else CANARY
    async with serve(echo) as server:
        write_plugin(tmp_path, demanding(scheme, server.url))
        settings = (
            f"plugins: {{source: plugin.json, allow_hosts: 127.0.0.1}}\ncredentials: {{key: '{value}'}}\napi: real"
        )
        [played] = await plays(write_conversation(tmp_path, settings + ECHO))
    arrived = " ".join(f"{request.target} {request.headers}" for request in server.requests)
    assert len(server.requests) == 3
    assert any(
        text in arrived for text in (CANARY, "canary%2Bkey%2Fzq4fx6wb%262a", base64.b64encode(value.encode()).decode())
    )
    [turn] = played.turns
    assert "[secret" in repr(turn.observed.events)
    seen = {
        "played": repr(turn.observed) + repr(played.failures),
        "prompts": "\n".join(request.prompt for request in turn.observed.model_requests),
        "outcome": pickle.dumps(outcome_of(played, "one")).decode("latin-1"),
        "logs": "\n".join(record.getMessage() for record in caplog.records) + caplog.text,
    }
    found = {place: text for place, content in seen.items() for text in spelled(value) if text in content}
    assert found == {}


def test_a_secret_is_on_no_stream_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The same with a stub that repeats it, whatever the command is asked to tell."""
    caplog.set_level(logging.DEBUG)
    write_plugin(tmp_path, demanding(HEADER), PLUGIN)
    stub = f"{{path: '/homes/{{id}}', answer: {{status: 403, json: {{error: '{CANARY}'}}}}}}"
    settings = f"credentials: {{key: '{CANARY}'}}\napi: {{stubs: [{stub}]}}"
    path = str(write_conversation(tmp_path, settings + FIND + "    expect: {text: something else}\n"))
    for options in ([], ["--json"], ["--explain"], ["--junit", str(tmp_path / "junit.xml")], ["--github"]):
        assert main(["test", path, *options]) == 1
        told = capsys.readouterr()
        assert not [text for text in spelled(CANARY) if text in told.out + told.err], options
    assert CANARY not in (tmp_path / "junit.xml").read_text(encoding="utf-8") + caplog.text


async def test_the_file_in_the_document_passes(tmp_path: Path) -> None:
    [block] = [one for one in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if "contoso_key" in one]
    [runtime] = PLUGIN["runtimes"] if isinstance(PLUGIN["runtimes"], list) else []
    auth: JsonObject = {"type": "ApiKeyPluginVault", "reference_id": "contoso_key"}
    parameters: JsonObject = {"type": "object", "properties": {"city": {"type": "string"}}}
    functions: list[Json] = [{"name": "getListings", "description": "Finds homes", "parameters": parameters}]
    assert isinstance(runtime, dict)
    members: JsonObject = {"functions": functions, "runtimes": [{**runtime, "auth": auth, "run_for_functions": ["*"]}]}
    city: JsonObject = {"name": "city", "in": "query", "schema": {"type": "string"}}
    listings: JsonObject = {"get": {"operationId": "getListings", "parameters": [city], "responses": {}}}
    write_plugin(tmp_path, {**demanding(HEADER), "paths": {"/listings": listings}}, {**PLUGIN, **members})
    assert await played(tmp_path, block) == ""
