"""The network as `orchestrator call` uses it: a process of its own, before servers that it trusts and others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from runtimes.values import JsonObject
from tests.servers import warm
from tests.servers.certificates import certificates
from tests.servers.descriptions import api
from tests.servers.http2 import Exchange, serve_http2


def plugin(url: str) -> JsonObject:
    description = api({"/x": {"get": {"operationId": "look"}}}, servers=[{"url": url}])
    return {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "functions": [{"name": "look"}],
        "runtimes": [{"type": "OpenApi", "spec": {"api_description": json.dumps(description)}}],
    }


async def call(folder: Path, url: str, *options: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    await anyio.Path(folder / "plugin.json").write_text(json.dumps(plugin(url)))
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        if name in os.environ
    }
    command = [sys.executable, "-W", "error", "-m", "orchestrator", "call", str(folder / "plugin.json"), "look"]
    return await warm.run_process([*command, "--json", *options], environ={**kept, **environment})


async def greet(exchange: Exchange) -> None:
    await exchange.answer(b"hello", ("content-type", "text/plain"))


async def test_a_call_speaks_http_2_with_a_server_whose_certificate_is_named(tmp_path: Path) -> None:
    """The server speaks nothing else, so an answer came by it."""
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(certificates().authority)
    async with serve_http2(greet) as server:
        done = await call(tmp_path, server.url, "--allow-host", "127.0.0.1", SSL_CERT_FILE=str(trusted))
        refused = await call(tmp_path, server.url, "--allow-host", "127.0.0.1")
    assert json.loads(done.stdout)["payload"] == "hello", done.stderr
    assert refused.returncode == 1
    assert b"CERTIFICATE_VERIFY_FAILED" in refused.stdout + refused.stderr
    assert len(server.requests) == 1


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "[::ffff:a9fe:a9fe]"])
async def test_a_call_of_a_metadata_service_is_refused_whatever_is_allowed(tmp_path: Path, host: str) -> None:
    done = await call(tmp_path, f"http://{host}", "--allow-host", host)
    assert done.returncode == 1
    assert b"cloud metadata service, which is never contacted" in done.stdout + done.stderr
