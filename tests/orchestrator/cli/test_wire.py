"""What is printed of a request: the curl command sends the same bytes, and no secret is shown (issue 4)."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.wire import as_lines, curl_command, masked, sent_bytes
from orchestrator.errors import UsageError
from runtimes.base import WireMessage
from runtimes.http import Headers
from runtimes.values import JsonObject
from tests.servers.loopback import Answer, Request, json_response, serve

JSON: Headers = (("Content-Type", "application/json"),)
BINARY = "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode()

REQUESTS: Mapping[str, tuple[str, str, Headers, str | None]] = {
    "query": ("GET", "/a%20b?c=%5Bx%5D&d=~!$'()*,;=:@/?", (("Accept", "*/*"),), None),
    "dots": ("GET", "/a..b/%2E", (), None),
    "head": ("HEAD", "/x", (), None),
    "delete": ("DELETE", "/x", (("X-A", 'it\'s "q" $HOME `x` \\ !'),), None),
    "latin": ("GET", "/x", (("X-A", "café \xa0\x85'\\"), ("X-Empty", ""), ("X-Tab", "a\tb")), None),
    "cookie": ("GET", "/x", (("Cookie", "a=1; b=2"),), None),
    "json": ("POST", "/x", JSON, '{"a":"it\'s\\n$x @b \u202e é 😀"}'),
    "lines": ("PUT", "/x", (("Content-Type", "text/plain"),), "@a\nb\n"),
    "text-like-data": ("PUT", "/x", (("Content-Type", "text/plain"),), "data:,x"),
    "binary": ("POST", "/x", (("Content-Type", "image/png"),), BINARY),
    "empty": ("POST", "/x", JSON, ""),
    "no-type": ("POST", "/x", (), "a=b"),
}


async def accept(request: Request) -> Answer:
    del request
    return json_response({})


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(("method", "target", "headers", "body"), REQUESTS.values(), ids=REQUESTS)
async def test_the_curl_command_sends_the_same_request(
    method: str, target: str, headers: Headers, body: str | None, shell: str
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is missing")
    async with serve(accept) as server:
        message = WireMessage(method=method, url=server.url + target, headers=headers, body=body)
        with anyio.fail_after(10):
            done = await anyio.run_process([shell, "-c", curl_command(message)], check=False)
    assert done.returncode == 0, done.stderr
    (request,) = server.requests
    assert (request.method, request.target, request.body) == (method, target, sent_bytes(message))
    assert set(headers) <= set(request.headers)
    assert request.header("Content-Type") == dict(headers).get("Content-Type")


def test_a_frame_that_is_no_http_request_is_no_curl_command() -> None:
    with pytest.raises(UsageError, match="this one is JSON-RPC: use --dry-run"):
        curl_command(WireMessage(method="JSON-RPC", url="local-plugin", body="{}"))


def test_credentials_are_masked_wherever_they_stand() -> None:
    secrets = frozenset({"x-key", "api_key"})
    headers: Headers = (
        ("authorization", "Bearer s3cret"),
        ("Proxy-Authorization", "s3cret"),
        ("X-KEY", "s3cret"),
        ("Cookie", "sid=s3cret; b=s3cret"),
        ("X-Fine", "shown"),
    )
    message = WireMessage(
        method="GET", url="https://a.example/x?Api%5FKey=s3cret&q=shown&flag", headers=headers, secrets=secrets
    )
    shown = masked(message)
    assert shown.url == "https://a.example/x?Api%5FKey=***&q=shown&flag"
    assert shown.headers == (
        ("authorization", "Bearer ***"),
        ("Proxy-Authorization", "***"),
        ("X-KEY", "***"),
        ("Cookie", "sid=***; b=***"),
        ("X-Fine", "shown"),
    )
    assert "s3cret" not in curl_command(shown) + "\n".join(as_lines(shown))


def write_plugin(folder: Path) -> None:
    parameters: list[JsonObject] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
    ]
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {"/x/{id}?key=s3cret": {"get": {"operationId": "look", "parameters": [*parameters]}}},
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "query", "name": "KEY"}}},
    }
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "openapi.json"}}],
    }
    (folder / "openapi.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")


def called(folder: Path, *options: str) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "orchestrator",
            "call",
            "plugin.json",
            "look",
            '{"id": "a b", "sid": "s3cret"}',
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_call_prints_a_curl_command_instead_of_sending(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    line = called(tmp_path, "--curl").strip()
    assert line == (
        "curl --globoff --path-as-is --request GET --url 'https://api.example/x/a%20b?key=***'"
        " --header 'Accept: application/json, text/plain;q=0.9, */*;q=0.5' --header 'Cookie: sid=***'"
    )
    told = json.loads(called(tmp_path, "--curl", "--json"))
    assert told["commands"] == [line]
    assert [name for name, _ in told["requests"][0]["headers"]] == ["Accept", "Cookie"]
    assert "s3cret" not in called(tmp_path, "--dry-run")
