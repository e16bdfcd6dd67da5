"""`--inline-schemas`: the model is told schemas without references, and arguments are held to the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import Orchestrator, UsageError, load_plugin
from runtimes.values import JsonObject, dump_json

WITHOUT_PRANCE = (
    "import sys; sys.modules['prance'] = None; sys.modules['openapi_spec_validator'] = None\n"
    "from orchestrator.cli.main import run; sys.argv[0] = 'orchestrator'; sys.exit(run())"
)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    node: JsonObject = {
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": {"type": "string"},
            "replies": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    description: JsonObject = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {
            "/post": {
                "post": {
                    "operationId": "post",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}},
                    "responses": {},
                }
            }
        },
        "components": {"schemas": {"Node": node}},
    }
    document: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Mine",
        "namespace": "mine",
        "description_for_human": "A plugin.",
        "functions": [{"name": "post"}],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "spec": {"api_description": dump_json(description)},
                "run_for_functions": ["post"],
            }
        ],
    }
    path = tmp_path / "plugin.json"
    path.write_text(dump_json(document), encoding="utf-8")
    return path


def orchestrate(
    folder: Path, *arguments: str, program: tuple[str, ...] = ("-m", "orchestrator")
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def parameters(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return json.dumps(json.loads(done.stdout)["tools"][0]["function"]["parameters"])


def test_tools_are_shown_as_the_model_is_told_of_them(plugin: Path) -> None:
    assert "$ref" in parameters(orchestrate(plugin.parent, "tools", plugin.name, "--json"))
    told = parameters(orchestrate(plugin.parent, "tools", plugin.name, "--json", "--inline-schemas"))
    assert "$ref" not in told
    assert "$defs" not in told
    assert "not listed here" in told


def test_the_configuration_can_ask_for_it(plugin: Path) -> None:
    (plugin.parent / "orchestrator.toml").write_text("inline_schemas = true\n", encoding="utf-8")
    assert "$ref" not in parameters(orchestrate(plugin.parent, "tools", plugin.name, "--json"))


def test_without_the_extra_it_says_how_to_install_it(plugin: Path) -> None:
    program = ("-c", WITHOUT_PRANCE)
    done = orchestrate(plugin.parent, "tools", plugin.name, "--inline-schemas", program=program)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'plugin-orchestrator[prance]'" in done.stderr
    assert orchestrate(plugin.parent, "tools", plugin.name, program=program).returncode == 0


async def test_arguments_are_held_to_the_schema_with_references(plugin: Path) -> None:
    async with Orchestrator(plugins=[await load_plugin(str(plugin))], model="offline", inline_schemas=True) as host:
        (definition, *_) = host.toolbox.tools.definitions
        assert "$ref" not in dump_json(definition.parameters)
        deep: JsonObject = {"text": "a", "replies": [{"text": "b", "replies": [{"text": "c", "replies": [{}]}]}]}
        with pytest.raises(UsageError, match="text"):
            host.preview("post", deep)
