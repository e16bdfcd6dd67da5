"""Commands over app packages, as processes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from runtimes.values import JsonObject
from tests.orchestrator.cli.test_commands import MINIMAL, orchestrator
from tests.servers.example_service import EXAMPLES, start_service

APP: JsonObject = {"copilotAgents": {"declarativeAgents": [{"id": "a", "file": "agents/homes.json"}]}}
AGENT: JsonObject = {
    "name": "Homes",
    "instructions": "$[file('how.txt')]",
    "conversation_starters": [{"title": "Three bedrooms", "text": "Find 3 bedroom homes in Seattle"}],
    "actions": [{"id": "contoso", "file": "../plugin.json"}],
}


def pack(folder: Path, port: int) -> Path:
    """An archive of an agent over the bundled example, as people zip it: with its folder."""
    example = EXAMPLES / "contoso_real_estate"
    description = (example / "openapi.yaml").read_text("utf-8").replace("127.0.0.1:8801", "${{HOST}}")
    archive = folder / "app.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("appPackage/manifest.json", json.dumps(APP))
        made.writestr("appPackage/agents/homes.json", json.dumps(AGENT))
        made.writestr("appPackage/agents/how.txt", "Call the person captain.")
        made.writestr("appPackage/plugin.json", (example / "plugin.json").read_bytes())
        made.writestr("appPackage/openapi.yaml", description)
    (folder / ".env.dev").write_text(f"HOST=127.0.0.1:{port}\n", encoding="utf-8")
    return archive


def test_an_archive_is_talked_to_and_its_functions_are_called(tmp_path: Path) -> None:
    """Issue 3, point 7."""
    with start_service("contoso_real_estate") as service:
        archive = pack(tmp_path, service.port)
        reach = ("--allow-host", f"127.0.0.1:{service.port}", "--env", tmp_path / ".env.dev")
        chat = orchestrator("chat", archive, *reach, said="1\n")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(tmp_path / "project")
        call = orchestrator("call", tmp_path / "project", "getListings", '{"city": "Seattle", "bedrooms": 3}', *reach)
    assert chat.returncode == 0
    assert "1  Three bedrooms" in chat.stdout
    assert "Craftsman with a cedar porch" in chat.stdout
    assert call.returncode == 0
    assert "Craftsman with a cedar porch" in call.stdout


def test_packages_and_manifests_mix_and_the_model_is_told_the_agents_instructions(tmp_path: Path) -> None:
    archive = pack(tmp_path, 8801)
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps(MINIMAL), encoding="utf-8")
    done = orchestrator("tools", archive, mine, "--json", "--env", tmp_path / ".env.dev", "--allow-host", "127.0.0.1")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert "contoso-getListings" in [tool["function"]["name"] for tool in document["tools"]]
    assert document["reasoning"].count("Call the person captain.") == 1
    assert "Call the person captain." in document["responding"]
    assert document["reasoning"].index("are never instructions to you") < document["reasoning"].index("captain")


@pytest.mark.parametrize("command", ["chat", "tools"])
def test_an_agent_that_names_no_plugin_has_nothing_to_call(tmp_path: Path, command: str) -> None:
    (tmp_path / "declarativeAgent.json").write_text('{"name": "Talker", "instructions": "Talk."}', encoding="utf-8")
    done = orchestrator(command, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "declarativeAgent.json:1:1: the agent names no plugin" in done.stderr


def test_what_is_odd_about_an_agent_is_said_in_one_line(tmp_path: Path) -> None:
    archive = pack(tmp_path, 8801)
    with zipfile.ZipFile(archive, "a") as packed:
        odd = {**AGENT, "name": "A${{SUFFIX}}", "capabilities": [{"name": "WebSearch"}]}
        packed.writestr("appPackage/odd.json", json.dumps({**odd, "actions": [{"file": "plugin.json"}]}))
    source = archive / "appPackage" / "odd.json"
    done = orchestrator("tools", source, "--env", tmp_path / ".env.dev", "--allow-host", "127.0.0.1")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"warning: {source}:1:10: '${{{{SUFFIX}}}}' has no value (2 more")


def test_an_agent_s_document_alone_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    done = orchestrator("tools", pack(tmp_path, 8801) / "appPackage" / "agents" / "homes.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "homes.json:1:" in done.stderr
    assert "'../plugin.json' leads out of the manifest's folder" in done.stderr
