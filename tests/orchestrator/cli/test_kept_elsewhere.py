"""Conversations that outlive their process: asked in one, answered in another, gone on with in a third. Issue 8."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from itertools import islice, takewhile
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # its stubs are not among the development tools
import pytest

from tests.orchestrator.cli.kept_shop import ORDER, Shop, open_shop
from tests.orchestrator.journal.stores import store_url
from tests.servers.keyboard import say, terminal

WAIT = 30
"""Seconds a process may take."""
SHORT_LEASE = "1.0"
"""Seconds that a turn stays with a driver that is gone."""

SCRIPT = """
turns:
  - user: Order tea
    model:
      - call: {name: order, arguments: {item: tea}}
"""

DRIVER = """
import sys
import anyio
from orchestrator.host import Orchestrator
from orchestrator.journal.open import open_journal
from orchestrator.manifest.load import load_plugin
from tests.servers.asking import ObedientModel

async def main():
    plugin = await load_plugin("plugin.json", allowed_hosts=["127.0.0.1"])
    async with open_journal("sqlite:///chats.db", lease_seconds=float(sys.argv[1])) as journal:
        async with Orchestrator(plugins=[plugin], model=ObedientModel(), store=journal) as host:
            await host.run_pending()

anyio.run(main)
"""
"""A worker whose leases are as short as it is told."""


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def test_a_question_of_a_chat_is_answered_elsewhere_and_the_call_runs_once(shop: Shop) -> None:
    (shop.folder / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    model = f"scripted:{shop.folder / 'script.yaml'}"
    chat = ("-m", "orchestrator", "chat", str(shop.plugin), "--model", model, "--allow-host", "127.0.0.1")
    with terminal(shop.folder, *chat, "--store", str(shop.folder / shop.store)) as child:
        say(child, "Order tea")
        child.expect("run it\\?")
        child.sendeof()
        child.sendeof()
        child.expect(pexpect.EOF)
    [question] = shop.asked()
    assert (question["plugin"], question["function"], question["arguments"]) == ("shop", "order", {"item": "tea"})
    assert [one["standing"] for one in shop.listed()] == ["waiting"]
    approved = shop.run("approve", str(question["call_id"])[:6], "--yes")
    assert approved.returncode == 0
    assert "? shop wants to run order" in approved.stderr
    assert (
        f"order of shop is run by `orchestrator worker` where one runs, else "
        f"`orchestrator chat --store chats.db --resume {question['conversation']}`" in approved.stdout
    )
    assert shop.orders == 0
    done = shop.run(*shop.worker("--once"))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{question['conversation']}: answered: order of shop returned" in done.stderr
    assert shop.orders == 1
    assert shop.run(*shop.worker("--once")).stderr.startswith("0 turns gone on with")
    assert shop.orders == 1
    assert "Done: order." in shop.run("history", str(question["conversation"])).stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_shop(shop: Shop, request: pytest.FixtureRequest) -> Generator[Shop]:
    """The same, with a store of either kind."""
    with store_url(request.param, shop.folder) as url:
        shop.store = url
        yield shop


def test_of_two_answers_at_once_one_counts(shared_shop: Shop) -> None:
    shop = shared_shop
    shop.say(ORDER)
    [question] = shop.asked()
    answers = [shop.begin(word, str(question["call_id"]), "--yes", "--json") for word in ("approve", "decline")]
    told = [json.loads(answer.communicate(timeout=WAIT)[0]) for answer in answers]
    assert sorted(one["result"] for one in told) == ["accepted", "already_answered"]
    assert [answer.returncode for answer in answers] == [0 if one["result"] == "accepted" else 1 for one in told]
    shop.run(*shop.worker("--once"))
    [counts] = [one["answer"] for one in told if one["result"] == "accepted"]
    assert shop.orders == (1 if counts == "approve" else 0)


def test_the_next_answer_is_told_who_was_first(shop: Shop) -> None:
    shop.say(ORDER)
    [question] = shop.asked()
    call_id = str(question["call_id"])
    declined = shop.run("decline", call_id, "--yes", "--note", "not this week")
    assert (declined.returncode, "declined: order of shop does not run" in declined.stdout) == (0, True)
    late = shop.run("approve", call_id, "--yes")
    assert late.returncode == 1
    assert "too late, your answer does not count: you declined it" in late.stdout
    shop.run(*shop.worker("--once"))
    late = shop.run("approve", call_id, "--yes")
    assert (late.returncode, "does not count: you declined it" in late.stdout) == (1, True)
    assert shop.orders == 0
    [decision] = [one for one in shop.facts_of(str(question["conversation"])) if one["kind"] == "call_decided"]
    assert decision["note"] == "not this week"


def test_at_a_terminal_the_last_word_is_asked_for(shop: Shop) -> None:
    shop.say(ORDER)
    [question] = shop.asked()
    command = ("-m", "orchestrator", "approve", str(question["call_id"]), "--store", str(shop.folder / shop.store))
    with terminal(shop.folder, *command, prompt="Run it\\? \\[y/N\\] ") as child:
        child.sendline("")
        child.expect("the question stays open")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 1
    assert len(shop.asked()) == 1
    with terminal(shop.folder, *command, prompt="Run it\\? \\[y/N\\] ") as child:
        child.sendline("y")
        child.expect("approved: order of shop is run by")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert shop.asked() == []


def test_own_arguments_run_in_the_place_of_the_models(shop: Shop) -> None:
    shop.say(ORDER)
    (shop.folder / "own.json").write_text('{"item": "cake", "count": 2}', encoding="utf-8")
    [question] = shop.asked()
    done = shop.run("approve", str(question["call_id"]), "--yes", "--arguments", "@own.json")
    assert done.returncode == 0
    assert 'with these arguments instead: {"item":"cake","count":2}' in done.stderr
    shop.run(*shop.worker("--once"))
    [request] = shop.server.requests
    assert request.json() == {"item": "cake", "count": 2}


def test_a_worker_that_waits_takes_what_is_answered_and_ends_politely(shared_shop: Shop) -> None:
    shop = shared_shop
    [conversation] = shop.say(ORDER)
    [question] = shop.asked()
    worker = shop.begin(*shop.worker("--json", "--at-once", "2"))
    assert worker.stderr is not None
    assert worker.stdout is not None
    told_first = next(shop.lines(worker.stderr))
    assert told_first == "waiting for turns of shop, with the model offline; Ctrl-C ends it\n"
    assert shop.run("approve", str(question["call_id"]), "--yes").returncode == 0
    told = json.loads(worker.stdout.readline())
    assert (told["conversation"], told["end"], told["pending"]) == (conversation, "answered", [])
    assert [(call["function"], call["status"]) for call in told["calls"]] == [("order", "returned")]
    worker.send_signal(signal.SIGTERM)
    output, errors = worker.communicate(timeout=WAIT)
    assert (output, [*shop.lines(errors.splitlines(keepends=True))]) == ("", [])
    assert (worker.returncode, shop.orders) == (0, 1)


def test_a_worker_that_is_stopped_leaves_its_turn_to_another(shop: Shop) -> None:
    """What was sent by then is not sent again, since nobody knows what has become of it."""
    shop.is_held = True
    [conversation] = shop.say(ORDER)
    [question] = shop.asked()
    shop.run("approve", str(question["call_id"]), "--yes")
    worker = shop.begin(*shop.worker())
    assert shop.has_order.wait(WAIT)
    worker.send_signal(signal.SIGINT)
    output, _ = worker.communicate(timeout=WAIT)
    assert (worker.returncode, output) == (0, "")
    assert [one["standing"] for one in shop.listed()] == ["left"]
    shop.is_held = False
    done = shop.run(*shop.worker("--once"))
    assert f"{conversation}: answered: order of shop unknown" in done.stderr
    assert f"{conversation}: order of shop sent, but whether it was carried out is unknown: it went to" in done.stderr
    assert f'it went to {shop.server.url} with item="tea"; ' in done.stderr
    assert f"`orchestrator history --store chats.db {conversation}` has all of it" in done.stderr
    assert f"it went to {shop.server.url} with item=" in shop.run("history", conversation).stdout
    assert shop.orders == 1


def test_a_killed_worker_is_followed_by_another_once_its_lease_is_over(shop: Shop) -> None:
    shop.is_held = True
    [conversation] = shop.say(ORDER)
    [question] = shop.asked()
    shop.run("approve", str(question["call_id"]), "--yes")
    root = Path(__file__).resolve().parents[3]
    killed = subprocess.Popen(
        [sys.executable, "-c", DRIVER, SHORT_LEASE],
        env={**shop.surroundings, "PYTHONPATH": str(root)},
        cwd=shop.folder,
    )
    assert shop.has_order.wait(WAIT)
    killed.send_signal(signal.SIGKILL)
    killed.wait(WAIT)
    assert [one["standing"] for one in shop.listed()] in (["running"], ["left"])
    shop.is_held = False
    next_one = shop.begin(*shop.worker("--json"))
    assert next_one.stdout is not None
    told = json.loads(next_one.stdout.readline())
    next_one.send_signal(signal.SIGTERM)
    next_one.communicate(timeout=WAIT)
    assert (told["conversation"], told["end"], told["calls"][0]["status"]) == (conversation, "answered", "unknown")
    assert told["history"] == f"orchestrator history --store chats.db {conversation}"
    assert (told["calls"][0]["destination"], told["calls"][0]["arguments"]) == (shop.server.url, {"item": "tea"})
    assert shop.orders == 1


def test_a_worker_says_whose_turns_it_cannot_go_on_with(shop: Shop) -> None:
    shop.say(ORDER)
    [question] = shop.asked()
    shop.run("approve", str(question["call_id"]), "--yes")
    other = json.loads(shop.plugin.read_text(encoding="utf-8"))
    other["namespace"] = "bakery"
    shop.plugin.write_text(json.dumps(other), encoding="utf-8")
    done = shop.run(*shop.worker("--once"))
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "1 turn waits for a worker with other plugins: shop",
        "0 turns gone on with; nothing is left to do with these plugins",
    ]


def test_a_worker_waits_for_a_store_that_is_not_there(shop: Shop) -> None:
    shop.store = "postgresql://me:secret@127.0.0.1:1/none"
    once = shop.run(*shop.worker("--once"))
    assert (once.returncode, once.stdout) == (1, "")
    worker = shop.begin(*shop.worker())
    assert worker.stderr is not None
    told = [*islice(shop.lines(worker.stderr), 2)]
    assert [line.rpartition("; ")[2] for line in told] == ["trying again in 0.5 s\n", "trying again in 1 s\n"]
    assert "cannot be reached" in told[0]
    assert "secret" not in told[0]
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=WAIT)
    assert worker.returncode == 0


def test_a_worker_goes_on_when_its_store_is_back(shop: Shop) -> None:
    [conversation] = shop.say(ORDER)
    [question] = shop.asked()
    shop.run("approve", str(question["call_id"]), "--yes")
    with closing(sqlite3.connect(shop.folder / shop.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        worker = shop.begin(*shop.worker("--json"))
        assert worker.stderr is not None
        assert worker.stdout is not None
        told = [*takewhile(lambda line: not line.endswith("; trying again in 0.5 s\n"), worker.stderr)]
        assert sorted(set(told)) == [  # on a slow machine the store is waited for before the worker is ready, too
            "waiting for the store, which is slow or locked by another program\n",
            "waiting for turns of shop, with the model offline; Ctrl-C ends it\n",
        ]
        other.execute("ROLLBACK")
    answer = json.loads(worker.stdout.readline())
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=WAIT)
    assert (answer["conversation"], answer["end"], worker.returncode, shop.orders) == (conversation, "answered", 0, 1)
