"""Conversations that say what the policy is: what is denied, asked and remembered in them."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.stages import Stages
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import PLUGIN, played, write_conversation, write_plugin

GET = """
turns:
  - say: Find home 1
    model:
      - {call: getHome, with: {id: "1"}}
      - So it is.
"""


def asking() -> JsonObject:
    """The plugin, which asks before each GET, too."""
    plugin = copy.deepcopy(PLUGIN)
    functions = plugin["functions"]
    assert isinstance(functions, list)
    first = functions[0]
    assert isinstance(first, dict)
    first["capabilities"] = {"confirmation": {"type": "AdaptiveCard", "title": "Find it?"}}
    return plugin


@pytest.mark.parametrize(
    ("settings", "expect"),
    [
        ("policy: strict", "calls: getHome"),
        (
            "policy: {rules: [{effect: deny, arguments: {id: '1'}, reason: it is sold}]}",
            "calls: [{call: getHome, status: denied, reason: it is sold}]\n      requests: []",
        ),
        ("policy: {rules: [{effect: deny, function: put*}]}", "calls: getHome"),
        ("policy: {rules: [{effect: deny, person: bob}]}", "calls: getHome"),
        ("person: bob\npolicy: {rules: [{effect: deny, person: bob}]}", "calls: [{call: getHome, status: denied}]"),
        (
            "clock: 2027-01-01T00:00:00Z\npolicy: {rules: [{effect: deny, until: 2026-12-31T00:00:00Z}]}",
            "calls: getHome",
        ),
        (
            "clock: 2026-12-30T00:00:00Z\npolicy: {rules: [{effect: deny, until: 2026-12-31T00:00:00Z}]}",
            "calls: [{call: getHome, status: denied}]",
        ),
        (
            "attended: false\ndiscovered: homes",
            "calls: [{call: getHome, status: denied, reason: nobody can be asked}]\n      questions: []",
        ),
        ("attended: false\ndiscovered: homes\npolicy: {rules: [{effect: allow}]}", "calls: getHome"),
    ],
)
async def test_the_policy_decides(tmp_path: Path, settings: str, expect: str) -> None:
    assert await played(tmp_path, f"{settings}\n{GET}    expect:\n      {expect}\n") == ""


async def test_a_discovered_plugin_is_asked_about(tmp_path: Path) -> None:
    text = f"discovered: homes\n{GET}    decide: approve\n    expect: {{questions: getHome, calls: getHome}}\n"
    assert await played(tmp_path, text) == ""


async def test_what_is_remembered_is_not_asked_about(tmp_path: Path) -> None:
    write_plugin(tmp_path, plugin=asking())
    expect = "    expect: {calls: getHome, questions: []}\n"
    assert await played(tmp_path, f"remembered: getHome\n{GET}{expect}") == ""
    assert "a question that nothing expects" in await played(tmp_path, f"{GET}    decide: approve\n{expect}")


async def test_one_conversation_remembers_nothing_for_the_next(tmp_path: Path) -> None:
    """They are played on one host."""
    write_plugin(tmp_path, plugin=asking())
    turn = "say: Find home 1, model: [{call: getHome, with: {id: '1'}}, So it is.]"
    decide = "decide: [{answer: approve, always: true}]"
    expect = "expect: {questions: [{call: getHome, answer: approve}]}"
    first, second = f"{{{turn}, {decide}, {expect}}}", f"{{{turn}, decide: approve, {expect}}}"
    text = f"conversations:\n  - turns: [{first}, {{{turn}, expect: {{questions: []}}}}]\n  - turns: [{second}]\n"
    collected = collect([write_conversation(tmp_path, text)], Choice())
    assert collected.problems == ()
    async with Stages() as stages:
        outcomes = [await stages.play(placed, file) for file, placed in collected.conversations]
    assert [failure.text for outcome in outcomes for failure in outcome.failures] == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("discovered: home", "there is no plugin 'home'; did you mean 'homes'?"),
        ("remembered: getHom", "there is no function 'getHom'; did you mean 'getHome'"),
        ("remembered: [getHome, dropHome]", "'dropHome' cannot be allowed for always"),
        ("policy: {rules: [{effect: deny, plugin: home}]}", "there is none like 'home'; did you mean 'homes'?"),
        ("policy: {rules: [{effect: allow, function: getHom}]}", "like 'getHom'; did you mean 'getHome'?"),
    ],
)
async def test_a_name_that_nothing_has_is_told(tmp_path: Path, settings: str, told: str) -> None:
    assert told in await played(tmp_path, f"{settings}\n{GET}")


def test_the_mode_of_the_command_line_wins(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    path = write_conversation(tmp_path, f"policy: {{mode: strict, together: [[a, b]]}}\n{GET}")

    def conversation(choice: Choice) -> Conversation:
        [(_, placed)] = collect([path], choice).conversations
        return placed.conversation

    assert conversation(Choice()).policy.mode == "strict"
    changed = conversation(Choice(mode="off")).policy
    assert (changed.mode, changed.together) == ("off", (("a", "b"),))
