"""`orchestrator history`: listed, read, deleted. Issue 8."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from orchestrator.event_json import decode
from orchestrator.events import TurnStarted
from orchestrator.journal.open import open_journal
from tests.orchestrator.cli.kept_facts import Done, Run, asked, command_line, keep, said
from tests.orchestrator.cli.kept_shop import ORDER, Shop, open_shop
from tests.orchestrator.cli.test_chat_kept import STORED, orchestrator
from tests.orchestrator.journal.written import TURN


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(tmp_path, capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def test_the_list_is_a_plain_table_and_newest_first(shop: Shop, run: Run) -> None:
    shop.say("hello", person="anna")
    waiting, _ = shop.say(ORDER, f"a first message that is much longer than {'any title ' * 30}")
    done = run("history")
    assert (done.code, done.err) == (0, "")
    head, *rows = done.out.splitlines()
    assert head.split() == ["id", "last", "said", "turns", "standing", "person", "title"]
    assert [row[head.index("standing") : head.index("title")].split() for row in rows] == [
        ["at", "rest", "me"],
        ["1", "question", "me"],
        ["at", "rest", "anna"],
    ]
    assert rows[1].startswith(waiting[:8])
    assert waiting not in rows[1]
    assert rows[0].endswith("…")
    assert max(map(len, done.out.splitlines())) <= 80


def test_nothing_kept_is_said(tmp_path: Path, run: Run) -> None:
    keep(tmp_path)
    assert run("history") == Done(0, "no conversation is kept\n", "")
    assert run("pending") == Done(0, "nothing waits for an answer\n", "")
    assert json.loads(run("history", "--json").out) == {"conversations": []}
    assert json.loads(run("pending", "--json").out) == {"questions": [], "sign_ins": []}


@pytest.mark.parametrize(
    "command", [("history",), ("history", "--delete", "x", "--yes"), ("pending",), ("approve", "x"), ("decline", "x")]
)
def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path: Path, run: Run, command: Sequence[str]) -> None:
    done = run(*command, store="mistyped.db")
    assert (done.code, done.out) == (2, "")
    assert f"'{tmp_path / 'mistyped.db'}': no conversations are kept there" in done.err
    assert not (tmp_path / "mistyped.db").exists()


def test_without_a_store_of_their_own_nothing_is_kept_for_the_person(tmp_path: Path) -> None:
    told = {
        ("history",): (0, "no conversation is kept\n"),
        ("pending",): (0, "nothing waits for an answer\n"),
        ("approve", "x"): (2, ""),
        ("chat", "--continue"): (1, ""),
    }
    for command, expected in told.items():
        done = orchestrator(*command, home=tmp_path, folder=tmp_path)
        assert (done.returncode, done.stdout) == expected
    assert not (tmp_path / STORED).exists()


def test_a_long_list_is_cut_and_says_so(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, *((f"{number:02d}", said(f"message {number}")) for number in range(25)))
    done = run("history")
    assert (len(done.out.splitlines()), done.err) == (21, "and 5 older ones; --all lists them too\n")
    whole = run("history", "--all")
    assert (len(whole.out.splitlines()), whole.err) == (26, "")
    assert len(json.loads(run("history", "--json").out)["conversations"]) == 25


def test_a_conversation_is_read_as_markdown_or_as_its_facts(shop: Shop, run: Run) -> None:
    [conversation] = shop.say(ORDER)
    done = run("history", conversation[:6])
    assert done.code == 0
    assert done.out.startswith('# Conversation\n\n> order {"item": "tea"}\n')
    assert "asked: the plugin asks for a confirmation before this function" in done.out
    facts = [decode(line) for line in run("history", conversation, "--json").out.splitlines()]
    assert isinstance(facts[0], TurnStarted)
    assert facts[0].text == ORDER


def test_deleting_needs_a_yes_and_deletes_all_of_it(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("one", said("hello")), ("two", said("good bye")), ("three", said("again")))
    done = run("history", "--delete", "one")
    assert (done.code, done.err) == (2, "orchestrator: nobody is here to ask; --yes deletes without asking\n")
    assert run("history", "--delete", "one", "none", "--yes").code == 2
    assert run("history", "--delete", "one", "tw", "one", "--yes") == Done(0, "deleted: one\ndeleted: two\n", "")
    assert json.loads(run("history", "--delete", "three", "--yes", "--json").out) == {"deleted": ["three"], "held": []}
    assert run("history").out == "no conversation is kept\n"


def test_a_conversation_whose_turn_runs_is_not_deleted(tmp_path: Path, run: Run) -> None:
    async def hold() -> None:
        async with open_journal(f"sqlite:///{tmp_path}/chats.db") as journal:
            await journal.claim("held", 0, TURN[:1], wake=0.0)

    anyio.run(hold)
    keep(tmp_path, ("free", said("hello")))
    done = run("history", "--delete", "held", "free", "--yes")
    assert done.code == 1
    assert "not deleted: held: a turn of it is running, or was until a moment ago" in done.out
    assert [one["id"] for one in json.loads(run("history", "--json").out)["conversations"]] == ["held"]


def test_what_is_old_and_at_rest_is_forgotten(tmp_path: Path, run: Run) -> None:
    keep(tmp_path, ("old", said("hello")), ("new", said("hello")))
    keep(tmp_path, ("asks", asked("call1", expires=4e9)), wake=4e9)
    with closing(sqlite3.connect(tmp_path / "chats.db")) as store, store:
        changed = store.execute(
            "UPDATE orchestrator_conversation SET updated = updated - 86400 * 8 WHERE conversation <> 'new'"
        )
        assert changed.rowcount == 2
    assert run("history", "--forget-older", "7").out == "forgotten: 1 conversation, at rest for more than 7 days\n"
    assert json.loads(run("history", "--forget-older", "7", "--json").out) == {"forgotten": 0}
    assert {one["id"] for one in json.loads(run("history", "--json").out)["conversations"]} == {"new", "asks"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["one", "--import", "f"], "--import takes all conversations of its file, and no ID"),
        (["one", "--forget-older", "3"], "--forget-older goes by age, and takes no ID"),
        (["--delete"], "--delete needs the IDs"),
        (["--yes"], "--yes goes with --delete"),
        (["--json", "--export"], "--json goes without --export"),
        (["one", "--all"], "--all goes with the list only"),
        (["one", "two"], "one conversation is shown at a time"),
        (["--forget-older", "0"], "--forget-older wants more than 0"),
        (["--forget-older", "nan"], "--forget-older wants more than 0"),
        (["--import", "none.jsonl"], "--import: cannot read 'none.jsonl'"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(run: Run, arguments: Sequence[str], complaint: str) -> None:
    done = run("history", *arguments)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err


def test_a_store_that_is_none_is_said_in_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "chats.db").write_text("no database, but a text that is long enough to be looked at" * 20)
    for command in (("history",), ("pending",), ("approve", "x", "--yes")):
        done = run(*command)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert "chats.db" in done.err
