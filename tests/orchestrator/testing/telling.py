"""Conversations that are played for what is told of them."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Outcome, Wanted, outcome_of
from orchestrator.testing.playing.stages import Stages
from runtimes.values import Json, JsonObject, parse_json
from tests.orchestrator.testing.playing import API, PLUGIN, write_plugin

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations" / "told"
EVERYTHING = Wanted(explain=True, coverage=True)


def _copy(value: JsonObject) -> JsonObject:
    return _object(parse_json(json.dumps(value)))


def _object(value: Json, *names: str) -> JsonObject:
    """The object that these members lead to."""
    for name in names:
        value = _object(value)[name]
    assert isinstance(value, dict)
    return value


def write_told_plugin(folder: Path) -> None:
    """The plugin of `playing`, with instructions for a withdrawal, and errors that its description declares."""
    plugin, api = _copy(PLUGIN), _copy(API)
    functions = plugin["functions"]
    assert isinstance(functions, list)
    _object(functions[0])["states"] = {"disengaging": {"instructions": ["Say goodbye."]}}
    responses = _object(api, "paths", "/homes/{id}", "get", "responses")
    responses |= {"404": {"description": "No such home"}, "5XX": {"description": "Broken"}}
    write_plugin(folder, api, plugin)


async def told(path: Path, wanted: Wanted | None = EVERYTHING) -> tuple[Outcome, ...]:
    """How the conversations of a file went, with what is wanted."""
    collected = collect([path], Choice())
    assert collected.problems == ()
    async with Stages() as stages:
        played = [(await stages.play(placed, file), file) for file, placed in collected.conversations]
    return tuple(outcome_of(one, file, wanted) for one, file in played)


async def told_everything(folder: Path, change: tuple[str, str] = ("", "")) -> Outcome:
    """What is told of `everything.conversation.yaml`, with a change of its text."""
    write_told_plugin(folder)
    path = folder / "everything.conversation.yaml"
    path.write_text((CASES / path.name).read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    [outcome] = await told(path)
    return outcome
