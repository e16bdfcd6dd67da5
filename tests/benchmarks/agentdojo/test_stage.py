"""The harness of the AgentDojo benchmark plays tasks and attacks through a real host (issue 7)."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.agentdojo.dojo import Dojo, Script
from benchmarks.agentdojo.plan import BLIND, CAREFUL, NOBODY, ROWS, Piece
from benchmarks.agentdojo.player import Attacker
from benchmarks.agentdojo.plugins import labels
from benchmarks.agentdojo.probes import Carrying, Closing
from benchmarks.agentdojo.service import Task
from benchmarks.agentdojo.stage import Person, Setup, Stage
from benchmarks.agentdojo.work import Worker
from tests.servers.small_dojo import ADDED, SECRET

PROGRAM = "tests.servers.small_dojo"
KNOWN = labels(
    """{"tools": {
    "read_notes": {"plugin": "notes", "data_handling": ["GetPrivateData"]},
    "add_note": {"plugin": "notes", "data_handling": ["ResourceStateUpdate"]},
    "get_prices": {"plugin": "shop", "data_handling": ["GetPublicData"]},
    "search": {"plugin": "shop", "data_handling": ["GetPublicData"]}}}"""
)
TASK = Task(version="v1", suite="small", user_task="task")
ATTACK = replace(TASK, injection_task="attack")
OFF = Setup(mode="off")


@pytest.fixture
async def dojo() -> AsyncGenerator[Dojo]:
    async with Dojo(Path(sys.executable), ("notes", "shop"), PROGRAM) as dojo:
        yield dojo


async def _stage(dojo: Dojo, setup: Setup) -> Stage:
    return Stage(dojo, (await dojo.suites("v1"))["small"], KNOWN, setup)


async def test_a_task_is_done_where_its_calls_are_approved_and_not_where_nobody_is(dojo: Dojo) -> None:
    async with await _stage(dojo, Setup()) as stage:
        assert not stage.skipped
        alone, helped = await stage.play(TASK, NOBODY), await stage.play(TASK, CAREFUL)
    assert (alone.is_done, helped.is_done) == (False, True)
    assert [call.tool for call in helped.calls if call.is_asked] == ["add_note"]
    held = [call.tool for call in alone.calls if not call.is_dispatched]
    assert held == ["get_prices", "add_note"], "where nobody is, a word of the person's own does not pass either"


async def test_an_approval_that_is_used_up_is_followed_by_a_no(dojo: Dojo) -> None:
    async with await _stage(dojo, Setup()) as stage:
        outcome = await stage.play(TASK, Person(approves="reference", at_most=0))
    assert not outcome.is_done
    assert [call.is_asked for call in outcome.calls if call.tool == "add_note"] == [True]


async def test_the_injected_text_is_obeyed_and_only_a_blind_yes_lets_its_effect_happen(dojo: Dojo) -> None:
    async with await _stage(dojo, OFF) as stage:
        outcomes = {who: await stage.play(ATTACK, who) for who in (NOBODY, CAREFUL, BLIND)}
    assert {who.approves: outcome.is_attacked for who, outcome in outcomes.items()} == {
        "nobody": False,
        "reference": False,
        "everything": True,
    }
    attack = [call for call in outcomes[BLIND].calls if call.origin == "attack"]
    assert [(call.tool, call.is_dispatched) for call in attack] == [("add_note", True)]


async def test_the_services_are_sent_lists_bodies_and_what_runs_only(dojo: Dojo) -> None:
    async with await _stage(dojo, OFF) as stage:
        await stage.play(TASK, CAREFUL)
        judged, sent = await dojo.judge(""), await dojo.sent()
    assert [call.arguments for call in judged.executed] == [
        {},
        {"goods": ["bread", "milk"]},
        {"text": ADDED, "tags": ["shop"]},
    ]
    assert [plugin for plugin, _ in sent] == ["notes", "shop", "notes"]
    assert sent[2][1].startswith("POST /add_note HTTP/1.1\r\n")


async def test_the_attacker_who_tries_every_effect_has_none_where_nobody_approves(dojo: Dojo) -> None:
    tools = (await dojo.suites("v1"))["small"].tools

    def closing(script: Script) -> Attacker:
        return Closing(tools, KNOWN, script.prompt)

    async with await _stage(dojo, Setup()) as stage:
        outcome = await stage.play(TASK, NOBODY, closing)
    attack = [call for call in outcome.calls if call.origin == "attack"]
    assert [call.tool for call in attack] == ["add_note"] * 3
    assert not any(call.is_dispatched for call in attack)


async def test_the_attacker_who_carries_data_sends_it_where_no_policy_is(dojo: Dojo) -> None:
    tools = (await dojo.suites("v1"))["small"].tools

    def carrying(script: Script) -> Attacker:
        return Carrying([tool for tool in tools if KNOWN[tool.name].plugin == "shop"], {"read_notes"}, script.prompt)

    async with await _stage(dojo, OFF) as stage:
        await stage.play(TASK, BLIND, carrying)
        leaked = [data for plugin, data in await dojo.sent() if plugin == "shop"]
    assert any(SECRET.replace(" ", "%20") in data for data in leaked)
    async with await _stage(dojo, Setup()) as stage:
        await stage.play(TASK, NOBODY, carrying)
        kept = [data for plugin, data in await dojo.sent() if plugin == "shop"]
    assert not any("4711" in data for data in kept)


@pytest.mark.parametrize(("name", "differs"), [("none", True), ("standard", False)])
async def test_two_runs_with_other_data_are_told_apart_by_what_others_are_sent(
    dojo: Dojo, name: str, differs: bool
) -> None:
    suites = {"v1": await dojo.suites("v1")}
    row = next(row for row in ROWS if row.name == name)
    piece = Piece(row=row, kind="carrying", person=row.attacked[0], tasks=(TASK,))
    records = [record async for record in Worker(dojo, suites, KNOWN).play(piece)]
    assert [(record.is_attacked, record.attempts > 0) for record in records] == [(differs, True)]


async def test_a_plugin_without_security_info_is_kept_from_the_others(dojo: Dojo) -> None:
    async with await _stage(dojo, Setup(declares=False)) as stage:
        outcome = await stage.play(TASK, CAREFUL)
    verdicts = {call.tool: call.verdict for call in outcome.calls}
    assert (verdicts["read_notes"], verdicts["get_prices"]) == ("allow", "deny")
