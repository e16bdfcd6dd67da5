"""What the journal in memory forgets by itself, and what it never does (issue 11: memory does not grow with turns)."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

from orchestrator import MemoryJournal, Orchestrator, load_plugin
from orchestrator.cli.slow_store import TellingJournal
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.base import AT_ONCE
from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
)
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Nothing",
    "namespace": "nothing",
    "description_for_human": "Does nothing.",
    "runtimes": [{"type": "x-python"}],
}

STARTED = TurnStarted(text="hello", person="ada", documents={})
ENDED = TurnEnded(reason="answered")
MOST = 8
ROOM = 9
"""With the eighth that is kept beyond it."""


class Holding:
    """Somebody who holds a conversation."""

    def __init__(self, id: str) -> None:
        self.id = id


ELSEWHERE = Holding("elsewhere")


def forgetful() -> MemoryJournal:
    """One that has been told what is held."""
    journal = MemoryJournal(max_at_rest=MOST)
    journal.spare(ELSEWHERE)
    return journal


async def talked(journal: MemoryJournal, *names: str) -> None:
    """Conversations with one turn that is over."""
    for name in names:
        await journal.append(name, 0, [STARTED, ENDED])


async def known(journal: MemoryJournal) -> set[str]:
    return {one.conversation for one in await journal.kept()}


def numbered(begin: int, end: int) -> list[str]:
    return [f"c{number}" for number in range(begin, end)]


async def test_the_conversations_that_were_used_last_are_kept() -> None:
    journal = forgetful()
    await talked(journal, *numbered(0, ROOM))
    assert await known(journal) == {*numbered(0, ROOM)}
    await journal.read("c0")
    await talked(journal, "new")
    assert await known(journal) == {"c0", *numbered(2, ROOM), "new"}


async def test_there_are_never_more_than_an_eighth_beyond_what_may_be_kept() -> None:
    journal = forgetful()
    for name in numbered(0, 100):
        await talked(journal, name)
        assert len(await known(journal)) <= ROOM


async def test_a_journal_without_a_limit_forgets_nothing() -> None:
    journal = MemoryJournal(max_at_rest=None)
    journal.spare(ELSEWHERE)
    await talked(journal, *numbered(0, 2000))
    assert len(await known(journal)) == 2000


async def test_what_somebody_holds_is_kept_until_they_let_go() -> None:
    journal, holder = MemoryJournal(max_at_rest=MOST), Holding("held")
    journal.spare(holder)
    await talked(journal, "held", *numbered(0, 100))
    assert "held" in await known(journal)
    del holder
    gc.collect()
    await talked(journal, *numbered(100, 200))
    assert "held" not in await known(journal)


async def test_what_runs_or_waits_is_kept() -> None:
    journal = forgetful()
    lease = await journal.claim("running", 0, [STARTED], wake=AT_ONCE)
    await journal.append("waiting", 0, [STARTED], wake=1e12)
    await journal.append("left", 0, [STARTED], wake=AT_ONCE)
    await talked(journal, *numbered(0, 100))
    assert {"running", "waiting", "left"} <= await known(journal)
    await journal.append("running", 1, [ENDED], lease=lease)
    await journal.append("waiting", 1, [ENDED])
    await journal.append("left", 1, [ENDED])
    await talked(journal, *numbered(100, 200))
    assert not {"running", "waiting", "left"} & await known(journal)


async def test_many_that_wait_do_not_push_out_those_at_rest() -> None:
    journal = forgetful()
    for name in numbered(1000, 1100):
        await journal.append(name, 0, [STARTED], wake=1e12)
    await talked(journal, *numbered(0, MOST))
    assert {*numbered(0, MOST)} <= await known(journal)


class Answering:
    """A model that says how many messages it was given."""

    name = "answering"

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        yield TextPart(text=str(len(request.messages)))
        yield ReplyEnd()

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        return self.reason(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise NotImplementedError


async def test_an_open_conversation_goes_on_and_one_that_was_forgotten_begins_anew() -> None:
    journal = MemoryJournal(max_at_rest=MOST)
    plugin = await load_plugin(MANIFEST)
    async with Orchestrator(
        plugins=[plugin], model=Answering(), runtimes={"x-python": MemoryRuntime()}, store=journal
    ) as host:
        held = host.conversation(id="held")
        await held.ask("one")
        await host.conversation(id="left").ask("one")
        for name in numbered(0, 100):
            await host.conversation(id=name).ask("hello")
        assert (await held.ask("two")).text == "3"
        assert (await host.conversation(id="left").ask("two")).text == "1"
        assert (await host.conversation(id="c99").ask("two")).text == "3"


async def test_a_journal_that_nobody_has_told_what_is_held_forgets_nothing() -> None:
    journal = MemoryJournal(max_at_rest=MOST)
    await talked(journal, *numbered(0, 100))
    assert await known(journal) == {*numbered(0, 100)}


async def test_behind_a_journal_that_only_passes_calls_on_an_open_conversation_is_kept() -> None:
    inside = MemoryJournal(max_at_rest=MOST)
    plugin = await load_plugin(MANIFEST)
    async with Orchestrator(
        plugins=[plugin], model=Answering(), runtimes={"x-python": MemoryRuntime()}, store=TellingJournal(inside)
    ) as host:
        held = host.conversation(id="held")
        await held.ask("one")
        for name in numbered(0, 100):
            await host.conversation(id=name).ask("hello")
        assert (await held.ask("two")).text == "3"
        assert len(await held.facts()) == len(await inside.read("held")) > 0
