"""`orchestrator mock`, and `--mock` of other commands, as people run them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.servers import warm

PLUGIN = str(Path(__file__).parents[3] / "examples/contoso_real_estate/plugin.json")
SECONDS = 60


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator", *arguments]
    return warm.run(command, seconds=SECONDS)


def test_it_serves_until_ctrl_c_and_logs_a_line_a_request() -> None:
    command = [sys.executable, "-m", "orchestrator", "mock", PLUGIN, "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().split()[-1]
        with urlopen(f"{origin}/listings?city=Seattle", timeout=SECONDS) as answer:
            assert {"total", "listings"} == json.loads(answer.read()).keys()
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{origin}/listings?secret=word", timeout=SECONDS)
        with refused.value as error:
            assert error.code == 400
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    first, hint, good, bad = log.splitlines()
    assert first.startswith("mocking 3 operations of 'contoso' (Contoso Real Estate) on http://127.0.0.1:")
    assert hint == "Ctrl-C ends it"
    assert good.startswith("GET /listings 200 getListings ")
    assert bad.startswith("GET /listings 400 getListings ")
    assert "'secret': there is no such parameter" in bad
    assert "word" not in log


def test_a_call_goes_to_the_mock() -> None:
    done = run("call", "--mock", PLUGIN, "getListings", '{"city": "Seattle"}', "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == 200
    assert "mocking 3 operations" in done.stderr


def test_a_chat_goes_to_the_mock() -> None:
    done = run("chat", "--mock", PLUGIN, "--model", "offline", "-m", "homes in Seattle")
    assert done.returncode == 0
    assert "getListings" in done.stdout


def test_a_plugin_without_an_api_cannot_be_mocked() -> None:
    done = run("mock", str(Path(PLUGIN).parents[1] / "windows_settings/plugin.json"))
    assert done.returncode == 1
    assert "there is nothing to mock" in done.stderr


def test_a_credential_that_is_not_needed_is_said(tmp_path: Path) -> None:
    document = json.loads(Path(PLUGIN).read_text(encoding="utf-8"))
    document["runtimes"][0]["auth"] = {"type": "ApiKeyPluginVault", "reference_id": "x"}
    document["runtimes"][0]["spec"] = {"url": "openapi.yaml"}
    (tmp_path / "plugin.json").write_text(json.dumps(document), encoding="utf-8")
    text = Path(PLUGIN).with_name("openapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "openapi.yaml").write_text(text, encoding="utf-8")
    done = run("call", "--mock", str(tmp_path / "plugin.json"), "getListings", "{}")
    assert done.returncode == 0
    assert "is called without its credential: the mock asks for none" in done.stderr
