"""Going on with a conversation that is kept, without a terminal. Issue 8."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO

import anyio
import pytest

from orchestrator.events import (
    CallAsked,
    CallDispatched,
    CallReturned,
    Fact,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.host import Orchestrator
from orchestrator.journal.base import AT_ONCE, Journal, Kept
from orchestrator.journal.memory import MemoryJournal
from orchestrator.manifest.load import load_plugin
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.dialogue import LEFT_OPEN, Dialogue, labels_of
from orchestrator.repl.going_on import ANSWERED, MAX_ANSWER_AGAIN, WAITING, Revisit, is_over, last_turn, turns_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.message import run_message
from orchestrator.repl.session import converse
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject
from tests.servers.keyboard import PROMPT
from tests.servers.person import WrittenPerson
from tests.servers.talking import MANIFEST, WordModel, find_homes

INTERRUPTED = "going on with the turn that was interrupted; the last sign of it is from 2"
UNKNOWN = "sent, but whether it was carried out is unknown"
STARTED = TurnStarted(text="hello", person="me", documents={})
ENDED = TurnEnded(reason="answered")
SHORT = 0.2
"""Seconds that a lease lasts here."""


class Saves:
    """Counts how often a search was saved."""

    def __init__(self) -> None:
        self.count = 0

    def save_search(self, city: str) -> JsonObject:
        """Keeps a search."""
        self.count += 1
        return {"saved": city}


async def host_over(journal: Journal, saves: Saves) -> Orchestrator:
    functions = MemoryRuntime(find_homes, saves.save_search, read_only=("find_homes",))
    return Orchestrator(
        plugins=[await load_plugin(MANIFEST)], model=WordModel(), runtimes={"x-functions": functions}, store=journal
    )


async def talked(
    journal: Journal, person: WrittenPerson, resumed: Kept | None = None, saves: Saves | None = None
) -> tuple[str, Dialogue]:
    """What a session looks like that goes on with a conversation, or begins one."""
    file = StringIO()
    async with await host_over(journal, saves or Saves()) as host:
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts, revisit=Revisit(store="", resumed=resumed))
        assert await converse(dialogue, person, interrupts) == 0
        dialogue.view.console.print(f"[{len(dialogue.chat.pending)} open]")
    return file.getvalue(), dialogue


async def the_one(journal: Journal) -> Kept:
    [kept] = await journal.kept()
    return kept


async def left_after(said: str, answers: Sequence[str], is_last: Callable[[Fact], bool]) -> MemoryJournal:
    """The journal of a process that has died right after such a fact was kept."""
    whole, cut = MemoryJournal(), MemoryJournal(lease_seconds=SHORT)
    await talked(whole, WrittenPerson([said], answers=answers))
    id = (await the_one(whole)).conversation
    facts = await whole.read(id)
    count = next(index for index, fact in enumerate(facts, start=1) if is_last(fact))
    await cut.claim(id, 0, facts[:count], wake=AT_ONCE)
    return cut


async def test_what_was_said_last_is_shown_again_before_the_next_word() -> None:
    journal = MemoryJournal()
    await talked(journal, WrittenPerson([f"word {number}" for number in range(4)] + ["find homes"]))
    text, _ = await talked(journal, WrittenPerson(["again"]), await the_one(journal))
    assert "“word 0”" in text
    assert f"the last 3 of 5 turns:\n\n{PROMPT} word 2\nyou said word 2\n" in text
    assert f"{PROMPT} word 1" not in text
    assert "find_homes(city=" in text
    assert text.count("There are **three homes**") == 1
    assert text.endswith("you said again\n\n10 tokens in, 2 out\n\n[0 open]\n")
    assert (await the_one(journal)).turns == 6


async def test_a_long_answer_is_shown_again_only_in_part() -> None:
    journal = MemoryJournal()
    long = ReplyReceived(text="x" * (MAX_ANSWER_AGAIN + 100))
    await journal.append("c1", 0, [STARTED, long, ENDED])
    text, _ = await talked(journal, WrittenPerson([]), await the_one(journal))
    assert "x" * (MAX_ANSWER_AGAIN - 1) + "…\n" in text
    assert "x" * MAX_ANSWER_AGAIN not in text


async def test_an_open_question_is_asked_at_once() -> None:
    journal, saves = MemoryJournal(), Saves()
    text, _ = await talked(journal, WrittenPerson(["save it"], answers=[None]), saves=saves)
    assert LEFT_OPEN in text
    assert "[1 open]" in text
    kept = await the_one(journal)
    assert kept.standing == "waiting"
    text, _ = await talked(journal, WrittenPerson([], answers=["y"]), kept, saves)
    assert "wants to run save_search" in text
    assert "interrupted" not in text
    assert 'I got: {"saved":"Seattle"}' in text
    assert saves.count == 1


async def test_a_question_that_was_answered_elsewhere_is_gone_on_with() -> None:
    journal, saves = MemoryJournal(), Saves()
    await talked(journal, WrittenPerson(["save it"], answers=[None]), saves=saves)
    kept = await the_one(journal)
    async with await host_over(journal, saves) as host:
        chat = host.conversation(id=kept.conversation)
        asked = next(fact for fact in await journal.read(kept.conversation) if isinstance(fact, CallAsked))
        assert await chat.decide(asked.call_id, approve=True) == "accepted"
    text, _ = await talked(journal, WrittenPerson([]), await the_one(journal), saves)
    assert ANSWERED in text
    assert 'I got: {"saved":"Seattle"}' in text
    assert saves.count == 1


async def test_what_is_harmless_is_sent_once_more_after_the_process_died() -> None:
    journal = await left_after("find homes", [], lambda fact: isinstance(fact, CallDispatched))
    text, _ = await talked(journal, WrittenPerson([]), await the_one(journal))
    assert f"{PROMPT} find homes\n{WAITING}\n{INTERRUPTED}" in text
    assert "broke off before an answer came, and is sent once more: that does no harm\n" in text
    assert "There are **three homes**" in text


async def test_what_is_not_harmless_is_told_with_what_was_sent_and_not_repeated() -> None:
    """Issue 8, item 3."""
    saves = Saves()
    journal = await left_after("save it", ["y"], lambda fact: isinstance(fact, CallDispatched))
    text, dialogue = await talked(journal, WrittenPerson([]), await the_one(journal), saves)
    assert f"Home Finder · save_search {UNKNOWN}\n  it was sent, and the process ended" in text
    assert 'with city="Seattle". It is not sent again by itself' in text
    assert "I got: error: the outcome is unknown, what was sent may or may not have happened" in text
    assert saves.count == 0
    assert is_over(last_turn(await dialogue.chat.facts()))


async def test_a_turn_that_broke_off_between_two_facts_is_carried_on() -> None:
    journal = await left_after("save it", ["y"], lambda fact: isinstance(fact, CallReturned))
    text, _ = await talked(journal, WrittenPerson([]), await the_one(journal))
    assert INTERRUPTED in text
    assert 'I got: {"saved":"Seattle"}' in text


async def test_where_nobody_can_be_asked_an_open_question_stays_open() -> None:
    journal = MemoryJournal()
    await talked(journal, WrittenPerson(["save it"], answers=[None]))
    kept = await the_one(journal)
    text, _ = await talked(journal, WrittenPerson(["hello"], is_interactive=False), kept)
    assert "a question is open, and nobody is here to ask; `orchestrator pending` lists what is asked" in text
    assert "you said hello" not in text
    assert (await the_one(journal)).standing == "waiting"


async def test_a_conversation_that_the_model_has_ended_is_followed_by_a_new_one() -> None:
    journal = MemoryJournal()
    await talked(journal, WrittenPerson(["goodbye"]))
    text, _ = await talked(journal, WrittenPerson(["hello"]), await the_one(journal))
    assert "the assistant has ended this conversation" in text
    assert "you said hello" in text
    assert len(await journal.kept()) == 2


async def test_a_new_conversation_is_kept_too_and_is_the_one_to_come_back_to() -> None:
    journal = MemoryJournal()
    _, dialogue = await talked(journal, WrittenPerson(["one", "/new", "two", "/new"]))
    newest, first = await journal.kept()
    assert (first.title, newest.title) == ("one", "two")
    assert dialogue.talked is not None
    assert dialogue.talked.id == newest.conversation
    _, dialogue = await talked(journal, WrittenPerson([]))
    assert dialogue.talked is None


async def test_a_question_stays_open_in_the_conversation_before() -> None:
    journal = MemoryJournal()
    text, _ = await talked(journal, WrittenPerson(["save it", "/new", "hello"], answers=[None]))
    assert "a new conversation; the last one's question stays open: `orchestrator pending` lists" in text
    assert {one.standing for one in await journal.kept()} == {"waiting", "at rest"}


async def test_a_message_goes_on_with_a_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    journal = MemoryJournal()
    await talked(journal, WrittenPerson(["one"]))
    async with await host_over(journal, Saves()) as host:
        revisit = Revisit(store="", resumed=await the_one(journal))
        assert await run_message(host, "two", revisit=revisit) == 0
    assert capsys.readouterr().out == "you said two\n\n10 tokens in, 2 out\n"
    assert (await the_one(journal)).turns == 2


async def test_a_message_does_not_put_an_open_question_aside(capsys: pytest.CaptureFixture[str]) -> None:
    journal, saves = MemoryJournal(), Saves()
    await talked(journal, WrittenPerson(["save it"], answers=[None]))
    for approve_all, code in ((False, 1), (True, 0)):
        async with await host_over(journal, saves) as host:
            revisit = Revisit(store="--store x.db", resumed=await the_one(journal))
            assert await run_message(host, "hello", approve_all=approve_all, revisit=revisit) == code
        assert saves.count == (1 if approve_all else 0)
    shown = capsys.readouterr()
    assert "nobody is here to ask; `orchestrator pending --store x.db` lists" in shown.err
    assert shown.out.count("you said hello") == 1


async def test_a_program_is_given_the_whole_turn_that_was_left(capsys: pytest.CaptureFixture[str]) -> None:
    journal = await left_after("save it", ["y"], lambda fact: isinstance(fact, CallDispatched))
    async with await host_over(journal, Saves()) as host:
        revisit = Revisit(store="", resumed=await the_one(journal))
        assert await run_message(host, "hello", json_lines=True, revisit=revisit) == 0
    shown = capsys.readouterr()
    events = [json.loads(line) for line in shown.out.splitlines()]
    [judged] = [event for event in events if event["kind"] == "call_judged"]
    [unknown] = [event for event in events if event["kind"] == "call_unknown"]
    assert judged["call_id"] == unknown["call_id"]
    assert judged["arguments"] == {"city": "Seattle"}
    assert [event["text"] for event in events if event["kind"] == "turn_started"] == ["save it", "hello"]
    assert INTERRUPTED in shown.err


async def test_a_turn_of_another_process_is_waited_for_and_shown() -> None:
    """The other one is alive, and ends its turn while it is waited for."""
    journal = await left_after("save it", ["y"], lambda fact: isinstance(fact, CallReturned))
    kept = await the_one(journal)
    facts = await journal.read(kept.conversation)
    other = MemoryJournal()
    lease = await other.claim(kept.conversation, 0, facts, wake=AT_ONCE)

    async def end() -> None:
        await anyio.sleep(0.1)
        await other.append(
            kept.conversation, len(facts), [ReplyReceived(text="from elsewhere"), ENDED], wake=None, lease=lease
        )

    ending = asyncio.create_task(end())
    text, _ = await talked(other, WrittenPerson([]), kept)
    await ending
    assert WAITING in text
    assert "from elsewhere" in text
    assert "interrupted" not in text


def test_a_turn_that_was_taken_back_is_none() -> None:
    again = replace(STARTED, text="again")
    assert turns_of([STARTED, ENDED, again, ENDED, TurnUndone()]) == [[STARTED, ENDED]]
    assert last_turn([TurnUndone(), STARTED, ENDED, TurnUndone()]) == ()
