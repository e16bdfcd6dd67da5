"""What conversations are told, and what is said of them, when a credential comes that they wait for. Issue 9."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from orchestrator.events import SignInDone
from orchestrator.journal.open import open_journal
from tests.orchestrator.cli.auth.commands import API, CANARY, Done, Home
from tests.orchestrator.cli.kept_facts import keep
from tests.orchestrator.cli.test_sign_ins_kept import unsigned

NEWER = """UPDATE orchestrator_fact SET body = replace(body, '"v":3', '"v":99') WHERE conversation = ?"""
DAMAGED = "UPDATE orchestrator_fact SET body = '{' WHERE conversation = ?"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def added(home: Home, name: str = "mail") -> Done:
    """A key is given, of which the conversations of the store are told."""
    options = ("--kind", "key", "--origin", API, "--yes", "--secret-env", "SECRET")
    return home.auth("add", name, *options, "--store", str(home.folder / "chats.db"), SECRET=CANARY)


def change(home: Home, statement: str, conversation: str) -> None:
    with closing(sqlite3.connect(home.folder / "chats.db", isolation_level=None)) as other:
        assert other.execute(statement, (conversation,)).rowcount


async def _is_told(home: Home, conversation: str) -> bool:
    async with open_journal(f"sqlite:///{home.folder}/chats.db") as journal:
        return any(isinstance(fact, SignInDone) for fact in await journal.read(conversation))


def is_told(home: Home, conversation: str) -> bool:
    return anyio.run(_is_told, home, conversation)


def test_one_that_cannot_be_read_keeps_no_other_from_being_told(home: Home) -> None:
    keep(home.folder, *((name, unsigned(f"call-{name}")) for name in ("one", "two", "three", "four")), wake=4e9)
    change(home, NEWER, "two")
    change(home, DAMAGED, "four")
    done = added(home)
    assert done.code == 0
    assert "2 conversations waited for it; a worker goes on with them, or `orchestrator chat --store " in done.out
    notes = sorted(line for line in done.out.splitlines() if line.startswith("note: "))
    start = f"note: conversations that may wait for it were not told: the store '{home.folder}/chats.db': "
    assert [note.startswith(start) for note in notes] == [True, True]
    assert [("'two'" in note, "'four'" in note) for note in notes] == [(True, False), (False, True)]
    assert "a newer version of this program has written to conversation 'two'" in done.out
    assert (is_told(home, "one"), is_told(home, "three")) == (True, True)


def test_a_store_that_cannot_be_had_is_told_of(home: Home) -> None:
    (home.folder / "chats.db").write_text("these are my notes")
    done = added(home)
    assert done.code == 0
    assert "note: conversations that may wait for it were not told: the store '" in done.out
    assert "it is not a database" in done.out


def test_those_of_others_and_those_that_wait_for_something_else_are_left_alone(home: Home) -> None:
    other = ("other", unsigned("c1", person="ada"))
    keep(home.folder, other, ("else", unsigned("c2", name="mail/part")), wake=4e9)
    done = added(home)
    assert (done.code, done.out.splitlines()[1:]) == (0, [])
    assert (is_told(home, "other"), is_told(home, "else")) == (False, False)
