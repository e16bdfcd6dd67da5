"""The first conversation for a plugin: what is said, what is called with, and that it holds (issue 6, item 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.testing.chats.first import First, first_conversation
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.format.writing import write_conversations
from orchestrator.testing.playing.stage import Unplayable
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, PLUGIN, play, write_plugin

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations"
STARTERS: JsonObject = {
    "conversation_starters": [
        {"text": "What can you do?"},
        {"text": "Please keep a home for me"},
        {"text": "Which home would one find, or two?"},
    ]
}


async def first(folder: Path, **settings: object) -> First:
    return await first_conversation(Settings.model_validate({"plugins": "plugin.json", **settings}), folder)


async def test_every_function_has_a_turn_that_holds(tmp_path: Path) -> None:
    write_plugin(tmp_path, plugin={**PLUGIN, "capabilities": STARTERS})
    made = await first(tmp_path)
    assert made.conversation is not None
    path = tmp_path / "first.conversation.yaml"
    path.write_bytes(write_conversations([made.conversation]))
    assert path.read_text() == (CASES / "first.txt").read_text()
    assert [outcome.failures for outcome in await play(path)] == [()]
    assert made.left_out == ()


async def test_a_function_that_nothing_fits_has_no_turn(tmp_path: Path) -> None:
    impossible: JsonObject = {"type": "string", "minLength": 5, "maxLength": 2}
    query: JsonObject = {"name": "q", "in": "query", "required": True, "schema": impossible}
    done: JsonObject = {"204": {"description": "Done"}}
    homes: JsonObject = {
        "get": {"operationId": "getHome", "parameters": [query], "responses": done},
        "post": {"operationId": "putHome", "responses": done},
    }
    write_plugin(tmp_path, api={**API, "paths": {"/homes": homes}})
    made = await first(tmp_path)
    assert made.conversation is not None
    assert [turn.expect.calls.items[0].call for turn in made.conversation.turns if turn.expect.calls] == ["putHome"]
    assert [reason.partition(": ")[::2] for reason in made.left_out[:1]] == [
        ("dropHome", "the OpenAPI description has no operation 'dropHome'; did you mean 'putHome'?")
    ]
    assert [reason.partition(": q")[0] for reason in made.left_out[1:]] == ["getHome: no arguments were found for it"]


async def test_only_so_many_functions_have_one(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    settings = Settings.model_validate({"plugins": "plugin.json"})
    made = await first_conversation(settings, tmp_path, max_turns=2)
    assert made.conversation is not None
    assert len(made.conversation.turns) == 2


async def test_a_plugin_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unplayable, match=r"plugin\.json"):
        await first(tmp_path)
