"""Which conversation is gone on with, and with which plugins. Issue 8."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.cli.kept_chats import FIRST_LOOK, find_kept, lasting_sources, newest_kept, sources_of
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import Fact, TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal

ENDED = TurnEnded(reason="answered")


def started(text: str = "hello", person: str = "me", *sources: str) -> TurnStarted:
    return TurnStarted(text=text, person=person, documents={}, sources=sources)


async def filled(*ids: str) -> MemoryJournal:
    journal = MemoryJournal()
    for id in ids:
        await journal.append(id, 0, [started(f"about {id}"), ENDED])
    await journal.append("of-another", 0, [started("hello", "you"), ENDED])
    return journal


async def test_the_newest_is_the_one_of_this_person_that_grew_last() -> None:
    journal = await filled("aa11", "bb22")
    await journal.append("aa11", 2, [started(), ENDED])
    assert (await newest_kept(journal)).conversation == "aa11"
    with pytest.raises(OrchestratorError, match="no conversation is kept there to go on with"):
        await newest_kept(await filled())


@pytest.mark.parametrize(
    ("written", "id"), [("aa11", "aa11"), ("b", "bb22"), ("aa1100", "aa1100"), ("aa110", "aa1100")]
)
async def test_the_beginning_of_an_id_is_enough(written: str, id: str) -> None:
    assert (await find_kept(await filled("aa11", "aa1100", "bb22"), written)).conversation == id


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("a", "2 ids of a conversation begin with 'a': aa1122, aa1133"),
        ("aa1123", "there is no conversation 'aa1123'; did you mean 'aa1133' or 'aa1122'?"),
        ("zzzz", "there is no conversation 'zzzz'; the newest: bb22 (about bb22), aa1133 (about aa1133)"),
        ("of-another", "there is no conversation 'of-another'; the newest: bb22"),
        ("", "there is no conversation ''; the newest: bb22"),
    ],
)
async def test_an_id_that_nothing_has_is_said_with_what_there_is(written: str, message: str) -> None:
    journal = await filled("aa1122", "aa1133", "bb22")
    with pytest.raises(UsageError, match="^" + re.escape(message)):
        await find_kept(journal, written)
    with pytest.raises(UsageError, match="none is kept there"):
        await find_kept(await filled(), written)


async def test_the_plugins_are_those_of_the_last_turn_however_long_it_is() -> None:
    journal = MemoryJournal()
    long: list[Fact] = [ENDED] * (3 * FIRST_LOOK)
    await journal.append("c1", 0, [started("a", "me", "/a.json"), ENDED, started("b", "me", "/b.json"), *long])
    assert await sources_of(journal, await newest_kept(journal)) == ("/b.json",)


def test_plugins_are_named_so_that_any_folder_finds_them() -> None:
    assert lasting_sources(["a/plugin.json", "https://me:secret@a.test/p.json?key=1#x"]) == (
        str(Path.cwd() / "a" / "plugin.json"),
        "https://a.test/p.json",
    )
