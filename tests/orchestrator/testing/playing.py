"""Conversation files over a small plugin, written into a folder and played."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.run import run_conversation
from runtimes.values import Json, JsonObject

CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "${name}"}],
    "actions": [{"type": "Action.Execute", "title": "Rename it", "verb": "putHome", "data": {"name": "Elm Road"}}],
}


def _function(name: str, description: str, **members: Json) -> JsonObject:
    return {"name": name, "description": description, **members}


PLUGIN: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Homes",
    "namespace": "homes",
    "description_for_human": "Homes",
    "functions": [
        _function(
            "getHome",
            "Finds a home",
            capabilities={
                "response_semantics": {"data_path": "$", "properties": {"title": "$.name"}, "static_template": CARD}
            },
        ),
        _function("putHome", "Keeps a home", states={"responding": {"instructions": ["Say that it is kept."]}}),
        _function(
            "dropHome",
            "Drops a home",
            capabilities={
                "confirmation": {
                    "type": "AdaptiveCard",
                    "title": "Drop it?",
                    "body": "{{ ''|model_generated }}",
                }
            },
        ),
    ],
    "runtimes": [
        {
            "type": "OpenApi",
            "auth": {"type": "ApiKeyPluginVault", "reference_id": "key"},
            "spec": {"url": "openapi.json"},
            "run_for_functions": ["getHome", "putHome", "dropHome"],
        }
    ],
}
_HOME: JsonObject = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "example": "Oak Street"}},
}
_ANSWER: JsonObject = {"200": {"description": "The home", "content": {"application/json": {"schema": _HOME}}}}
_ID: JsonObject = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
API: JsonObject = {
    "openapi": "3.1.0",
    "info": {"title": "Homes", "version": "1"},
    "servers": [{"url": "https://homes.example/v1"}],
    "paths": {
        "/homes/{id}": {
            "get": {
                "operationId": "getHome",
                "parameters": [_ID, {"name": "view", "in": "query", "schema": {"type": "string"}}],
                "responses": _ANSWER,
            },
            "delete": {"operationId": "dropHome", "parameters": [_ID], "responses": {"204": {"description": "Gone"}}},
        },
        "/homes": {
            "post": {
                "operationId": "putHome",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _HOME}}},
                "responses": _ANSWER,
            },
        },
    },
}
FIND = """
turns:
  - say: Find home 1
    model:
      - {call: getHome, with: {id: "1"}}
      - It is in Oak Street.
"""
DROP = """
turns:
  - say: Drop home 1
    model:
      - {call: dropHome, with: {id: "1"}}
      - {phrase: Shall I drop it?}
      - Done.
"""


def write_plugin(folder: Path, api: JsonObject = API, plugin: JsonObject = PLUGIN) -> None:
    """Writes `plugin.json`, and the description that it refers to."""
    (folder / "plugin.json").write_text(json.dumps(plugin), encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(api), encoding="utf-8")


def write_conversation(folder: Path, text: str, name: str = "one") -> Path:
    """Writes a conversation file; its plugin is that of the folder unless it names another."""
    path = folder / f"{name}.conversation.yaml"
    own = text if "plugins:" in text else f"plugins: plugin.json\n{text}"
    path.write_text(own, encoding="utf-8")
    return path


async def play(path: Path, *, update: bool = False) -> tuple[Outcome, ...]:
    """How the conversations of a file went."""
    collected = collect([path], Choice())
    assert collected.problems == ()
    return tuple([await run_conversation(placed, file, update=update) for file, placed in collected.conversations])


async def played(folder: Path, text: str, *, update: bool = False) -> str:
    """What the only conversation of a file says of itself, over the plugin; empty where all is well."""
    if not (folder / "plugin.json").exists():
        write_plugin(folder)
    [outcome] = await play(write_conversation(folder, text), update=update)
    return "\n".join(failure.text for failure in outcome.failures)
