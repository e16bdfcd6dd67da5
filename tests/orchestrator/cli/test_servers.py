"""`--server` and `[servers]`: which server of which plugin is called."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from orchestrator import Plugin, UsageError, load_plugin
from orchestrator.cli.servers import servers_of
from runtimes.values import JsonObject
from tests.servers import warm

DESCRIPTION: JsonObject = {
    "openapi": "3.0.4",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://api.example"}, {"url": "https://{stage}.example/v1", "variables": {}}],
    "paths": {
        "/look": {
            "get": {
                "operationId": "look",
                "parameters": [
                    {
                        "name": "area",
                        "in": "query",
                        "style": "spaceDelimited",
                        "schema": {"type": "object", "properties": {"x": {"type": "object"}}},
                    }
                ],
            }
        }
    },
}


def manifest(namespace: str, kind: str = "OpenApi") -> JsonObject:
    return {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": namespace,
        "description_for_human": "A plugin.",
        "functions": [{"name": "look"}],
        "runtimes": [{"type": kind, "spec": {"url": "api.json"}, "run_for_functions": ["look"]}],
    }


async def plugins(*kinds: tuple[str, str]) -> Sequence[Plugin]:
    return [await load_plugin(manifest(namespace, kind)) for namespace, kind in kinds]


CHOICES: Mapping[str, tuple[list[str], dict[str, str], dict[str, str]]] = {
    "none": ([], {}, {}),
    "by-name": (["b=https://x.example/?a=b"], {}, {"b": "https://x.example/?a=b"}),
    "without-a-name": (["https://x.example"], {}, {"b": "https://x.example"}),
    "without-a-name-and-with-an-equals-sign": (["https://x.example/a=b"], {}, {"b": "https://x.example/a=b"}),
    "configured": ([], {"b": "1", "elsewhere": "2"}, {"b": "1"}),
    "an-option-wins": (["2"], {"b": "1"}, {"b": "2"}),
}


@pytest.mark.parametrize(("given", "configured", "meant"), CHOICES.values(), ids=CHOICES)
async def test_the_plugin_that_a_server_is_for(
    given: list[str], configured: dict[str, str], meant: dict[str, str]
) -> None:
    loaded = await plugins(("a", "LocalPlugin"), ("b", "OpenApi"))
    assert servers_of(given, configured, loaded) == meant


WRONG: Mapping[str, tuple[list[str], str]] = {
    "unknown": (["aa=1"], "there is no plugin 'aa'; did you mean"),
    "which": (["https://x.example"], "wants NAMESPACE=URL, of these plugins: a, a_2"),
    "twice": (["a=1", "a=2"], "given twice for plugin 'a'"),
    "empty": (["a_2="], "names no server for plugin 'a_2'"),
}


@pytest.mark.parametrize(("given", "words"), WRONG.values(), ids=WRONG)
async def test_an_option_that_means_no_plugin_is_wrong_use(given: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        servers_of(given, {}, await plugins(("a", "OpenApi"), ("a", "OpenApi")))
    assert words in str(caught.value)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "plugin.json").write_text(json.dumps(manifest("mine")), encoding="utf-8")
    (folder / "api.json").write_text(json.dumps(DESCRIPTION), encoding="utf-8")
    command = [sys.executable, "-m", "orchestrator", *arguments]
    return warm.run(command, folder=folder)


def test_a_call_goes_to_the_server_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(DESCRIPTION), encoding="utf-8")
    plain = run(tmp_path, "call", "plugin.json", "look", "--dry-run")
    assert plain.stdout.startswith("GET https://api.example/look\n")
    unknown = run(tmp_path, "call", "plugin.json", "look", "--dry-run", "--server", "https://evil.example")
    assert unknown.returncode == 2
    assert "there is no server 'https://evil.example'; there is: 1 'https://api.example', 2" in unknown.stderr
    unusable = run(tmp_path, "call", "plugin.json", "look", "--dry-run", "--server", "mine=2")
    assert unusable.returncode == 1
    assert "the server variable 'stage' has no default" in unusable.stderr
    mocked = run(tmp_path, "call", "plugin.json", "look", "--mock", "--server", "2")
    assert mocked.returncode == 2
    assert "--server goes without --mock" in mocked.stderr


def test_the_configuration_chooses_too_and_the_tools_say_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text('[servers]\nmine = "https://api.example/"\nother = "9"\n')
    told = json.loads(run(tmp_path, "tools", "plugin.json", "--json").stdout)
    assert told["left_out"] == [
        {"function": "mine-look", "argument": "area", "reason": told["left_out"][0]["reason"]},
    ]
    assert "spaceDelimited" in told["left_out"][0]["reason"]
    shown = run(tmp_path, "tools", "plugin.json").stdout
    assert f"# Arguments left out\n\nmine-look, argument 'area': {told['left_out'][0]['reason']}" in shown
    (tmp_path / "orchestrator.toml").write_text('[servers]\nmine = "9"\n')
    wrong = run(tmp_path, "tools", "plugin.json")
    assert (wrong.returncode, "there is no server '9'" in wrong.stderr) == (2, True)
    (tmp_path / "orchestrator.toml").write_text("[servers]\nmine = 1\n")
    assert run(tmp_path, "tools", "plugin.json").returncode == 0
    (tmp_path / "orchestrator.toml").write_text("[servers]\nmine = true\n")
    assert "servers must be a table of strings and numbers" in run(tmp_path, "tools", "plugin.json").stderr
