"""Answers of a person over a real host (issue 7, 2 and 3): what they hold for, and what follows from a no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import anyio
import pytest

from orchestrator import Conversation, Limits, Orchestrator, Policy, UsageError, load_plugin
from orchestrator.errors import ConversationHeld, JournalConflict
from orchestrator.events import (
    CallDecided,
    CallDispatched,
    CallJudged,
    CallUnknown,
    Event,
    Fact,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
)
from orchestrator.model.base import ModelCall
from orchestrator.model.scripted import Call, Calls, Say, ScriptedModel, ScriptTurn
from orchestrator.policy.answers import MemoryAnswers
from orchestrator.policy.rules import Rule
from orchestrator.turn.consent import Consent
from orchestrator.turn.deciding import decision_on
from orchestrator.turn.driver import TurnDriver
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.state import Status
from orchestrator.turn.tenure import Tenure
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject
from tests.orchestrator.journal.slow import SlowJournal

BUY = Call("buy", {"count": 2})


def manifest(**more: Json) -> JsonObject:
    return {
        "schema_version": "v2.2",
        "name_for_human": "Shop",
        "namespace": "shop",
        "description_for_human": "Sells.",
        "runtimes": [{"type": "x-python"}],
        **more,
    }


class Shop:
    """What was bought."""

    def __init__(self) -> None:
        self.bought: list[int] = []

    def runtime(self) -> MemoryRuntime:
        def buy(count: int) -> str:
            """Buys some."""
            self.bought.append(count)
            return f"bought {count}"

        def look(what: str = "") -> str:
            """Looks."""
            return f"saw {what}"

        return MemoryRuntime(buy, look, read_only={"look"})


@asynccontextmanager
async def hosting(
    shop: Shop, *steps: Say | Call | Calls, document: JsonObject | None = None, policy: Policy | None = None
) -> AsyncGenerator[Orchestrator]:
    model = ScriptedModel(turns=[ScriptTurn(user="buy", steps=tuple(steps))])
    plugin = await load_plugin(document or manifest())
    async with Orchestrator(
        plugins=[plugin],
        runtimes={"x-python": shop.runtime()},
        model=model,
        clock=lambda: 0.0,
        policy=policy,
        limits=Limits(questions=3),
    ) as host:
        yield host


async def answered(chat: Conversation, *answers: bool | str) -> list[tuple[str, str]]:
    """Answers the open questions in their order, a text being a no with that word; returns what became of all calls."""
    for question, answer in zip((await chat.resume()).pending, answers, strict=True):
        said = answer if isinstance(answer, str) else ""
        assert await chat.decide(question.call_id, answer is True, note=said) == "accepted"
    return [(call.function, call.status) for call in (await chat.resume()).calls]


async def test_a_declined_call_does_not_stop_those_that_were_asked_with_it() -> None:
    shop = Shop()
    both = Calls((Call("buy", {"count": 1}), Call("buy", {"count": 2})))
    async with hosting(shop, both, Say("Done.")) as host:
        chat = host.conversation()
        await chat.ask("buy")
        assert await answered(chat, False, True) == [("buy", "declined"), ("buy", "returned")]
    assert shop.bought == [2]


async def test_after_a_no_without_a_word_nothing_more_is_asked_in_the_turn() -> None:
    shop = Shop()
    async with hosting(shop, BUY, Call("buy", {"count": 3}), Call("look", {}), Say("As you wish.")) as host:
        chat = host.conversation()
        await chat.ask("buy")
        after = await answered(chat, False)
    assert after == [("buy", "declined"), ("buy", "denied"), ("look", "returned")]
    assert shop.bought == []


async def test_after_a_no_with_a_word_the_model_may_ask_for_something_else() -> None:
    shop = Shop()
    async with hosting(shop, BUY, Call("buy", {"count": 1}), Say("One, then.")) as host:
        chat = host.conversation()
        await chat.ask("buy")
        assert await answered(chat, "fewer") == [("buy", "declined"), ("buy", "asked")]
        assert await answered(chat, True) == [("buy", "declined"), ("buy", "returned")]
    assert shop.bought == [1]


@pytest.mark.parametrize("how", ["declined", "edited"])
async def test_the_same_call_again_is_refused_without_asking(how: str) -> None:
    shop = Shop()
    async with hosting(shop, BUY, BUY, Say("Fine.")) as host:
        chat = host.conversation()
        (question,) = (await chat.ask("buy")).pending
        if how == "edited":
            await chat.decide(question.call_id, True, arguments={"count": 1})
        else:
            await chat.decide(question.call_id, False, note="not these")
        reply = await chat.resume()
    assert [call.status for call in reply.calls if call.status != "returned"] == [how, "refused"]
    assert shop.bought == ([1] if how == "edited" else [])


async def test_a_limit_of_questions_ends_the_turn_in_words() -> None:
    shop = Shop()
    four = Calls(tuple(Call("buy", {"count": count}) for count in range(4)))
    async with hosting(shop, four, Say("Three of them.")) as host:
        chat = host.conversation()
        assert len((await chat.ask("buy")).pending) == 3
        assert (await answered(chat, True, True, True))[-1] == ("buy", "refused")


async def test_nobody_is_asked_in_a_conversation_that_is_not_attended() -> None:
    shop = Shop()
    async with hosting(shop, BUY, Say("I may not.")) as host:
        reply = await host.conversation(attended=False).ask("buy")
    assert ([call.status for call in reply.calls], reply.end, shop.bought) == (["denied"], "answered", [])


WANTS: list[Json] = [{"name": "look", "capabilities": {"confirmation": {"type": "AdaptiveCard", "title": "Look?"}}}]


async def test_always_is_not_offered_for_what_is_no_get_request() -> None:
    shop = Shop()
    async with hosting(shop, BUY, Say("Done.")) as host:
        chat = host.conversation()
        (question,) = (await chat.ask("buy")).pending
        assert not question.may_always
        with pytest.raises(UsageError, match="for always"):
            await chat.decide(question.call_id, True, always=True)
        assert len(chat.pending) == 1


# --- one answer, one call


async def _ignored(event: Event) -> None:
    del event


def services(host: Orchestrator, policy: Policy) -> TurnServices:
    consent = Consent(policy=policy, answers=MemoryAnswers())
    return TurnServices(model=host.model, requests=host.requests, clock=lambda: 0.0, call_timeout=5, consent=consent)


class Process:
    """One process of several that share a journal."""

    def __init__(self, host: Orchestrator, journal: SlowJournal, policy: Policy) -> None:
        self.ledger = Ledger("c", journal)
        self._services = services(host, policy)

    async def drive(self) -> None:
        """Goes on with the turn, unless another process does."""
        await self.ledger.refresh()
        with suppress(ConversationHeld, JournalConflict):
            tenure = await Tenure.begin(self.ledger, on=self.ledger.history.sequence)
            await TurnDriver(tenure, self._services, _ignored, KeptFiles(self.ledger)).run()

    def status(self) -> list[Status]:
        last = self.ledger.history.last
        assert last is not None
        return [call.status for call in last.calls.values()]

    async def approve(self) -> None:
        turn = self.ledger.history.turn
        assert turn is not None
        for call in turn.with_status(Status.ASKED):
            await self.ledger.append(decision_on(call, approve=True, arguments=None, note="", by="ada"))


@asynccontextmanager
async def processes(
    shop: Shop, *documents: JsonObject, policies: Sequence[Policy] = (), steps: Sequence[Say | Call] = (BUY,)
) -> AsyncGenerator[list[Process]]:
    journal = SlowJournal()
    async with AsyncExitStack() as stack:
        made: list[Process] = []
        for index, document in enumerate(documents):
            host = await stack.enter_async_context(hosting(shop, *(steps if not index else ()), document=document))
            made.append(Process(host, journal, policies[index] if policies else Policy()))
        await made[0].ledger.append(TurnStarted(text="buy", person="ada", documents={}))
        yield made


async def test_two_answers_at_once_the_first_counts_and_the_other_is_told() -> None:
    journal, shop, told = SlowJournal(), Shop(), list[str]()
    async with hosting(shop, BUY, Say("Done.")) as host:
        chat = Conversation(
            Ledger("c", journal),
            person="ada",
            locale=None,
            documents={},
            services=lambda _: services(host, Policy()),
            spawn=asyncio.create_task,
        )
        (question,) = (await chat.ask("buy")).pending

        async def answer(approve: bool) -> None:
            told.append(await chat.decide(question.call_id, approve))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for approve in (True, False, True, False):
                    tasks.start_soon(answer, approve)
        assert sorted(told) == ["accepted", *["already_answered"] * 3]
        decided = [fact for fact in await chat.facts() if isinstance(fact, CallDecided)]
        assert len(decided) == 1
        await chat.resume()
    assert shop.bought == ([2] if decided[0].decision == "approve" else [])


async def test_two_processes_that_drive_one_turn_make_its_call_once() -> None:
    shop = Shop()
    async with processes(shop, manifest(), manifest(), steps=(BUY, Say("Done."))) as (one, two):
        await one.drive()
        await one.approve()
        await two.ledger.refresh()
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for process in (one, two):
                    tasks.start_soon(process.drive)
                    for _ in range(20):
                        tasks.start_soon(process.ledger.refresh)
        facts = await one.ledger.facts()
    assert sum(isinstance(fact, CallDispatched) for fact in facts) == 1
    assert [type(fact) for fact in facts if isinstance(fact, CallUnknown | TurnEnded)] == [TurnEnded]
    assert shop.bought == [2]


async def test_a_manifest_that_changed_after_the_approval_makes_a_new_question() -> None:
    shop = Shop()
    async with processes(shop, manifest(), manifest(description_for_human="Sells more.")) as (one, two):
        await one.drive()
        await one.approve()
        await two.drive()
        assert two.status() == [Status.ASKED]
    assert shop.bought == []


async def test_a_manifest_that_changed_before_the_question_is_judged_by_what_it_says_now() -> None:
    """Also a call that needed no question: what was harmless in one version is not in the next."""
    shop = Shop()
    wants = manifest(functions=WANTS)
    async with processes(shop, manifest(), wants, steps=(Call("look", {}),)) as (one, two):
        await one.ledger.append(*_allowed("look"))
        await two.drive()
        assert two.status() == [Status.ASKED]


def _allowed(tool: str) -> tuple[Fact, ...]:
    call = RequestedCall(call_id="x", request=ModelCall(id="m", tool=tool, arguments="{}"))
    allowed = CallJudged(
        call_id="x",
        plugin="shop",
        function=tool,
        arguments={},
        verdict="allow",
        reasons=(Reason(source="runtime", text="it reads"),),
        fingerprint="of another version",
    )
    return ReplyReceived(text="", calls=(call,)), allowed


async def test_a_rule_that_forbids_after_the_approval_stops_the_call() -> None:
    shop = Shop()
    policies = (Policy(), Policy(rules=(Rule(effect="deny", function="buy", reason="closed"),)))
    async with processes(shop, manifest(), manifest(), policies=policies) as (one, two):
        await one.drive()
        await one.approve()
        await two.drive()
        last = two.ledger.history.last
        assert last is not None
        (call,) = last.calls.values()
        assert (call.status, call.refusal, call.message) == (
            Status.REFUSED,
            "forbidden",
            "a rule of the host forbids it: closed",
        )
    assert shop.bought == []


async def test_a_yes_holds_for_the_question_that_was_seen() -> None:
    """Somebody else has approved it by then, and a process with another version of the plugin has asked anew."""
    shop, journal = Shop(), SlowJournal()

    async with hosting(shop, BUY) as one, hosting(shop, document=manifest(description_for_human="Sells more.")) as two:
        first = _over(one, journal)
        (seen,) = (await first.ask("buy")).pending
        await first.decide(seen, True)
        second = _over(two, journal)
        (again,) = (await second.resume()).pending
        assert again.call_id == seen.call_id
        assert await first.decide(seen, True) == "already_answered"
        await second.refresh()
        assert second.pending == (again,)
        assert await first.decide(again, False) == "accepted"
    assert shop.bought == []


def _over(host: Orchestrator, journal: SlowJournal) -> Conversation:
    return Conversation(
        Ledger("c", journal),
        person="ada",
        locale=None,
        documents={},
        services=lambda _: services(host, Policy()),
        spawn=asyncio.create_task,
    )
