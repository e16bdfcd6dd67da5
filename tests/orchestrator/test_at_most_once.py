"""What becomes of a turn whose process died: it goes on, and no effect is had twice."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from orchestrator import Conversation, LeaseLost, MemoryJournal, Orchestrator, StoreUnavailable, load_plugin
from orchestrator.errors import ConversationGone
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallRefused,
    CallReturned,
    CallUnknown,
    Fact,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
    TurnTakenUp,
)
from orchestrator.journal.base import ConversationId, Lease
from orchestrator.model.base import ModelCall
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.machine import MAX_ATTEMPTS, MAX_TAKEN_UP
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.standing import is_safe_to_repeat
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

OPERATIONS: dict[str, JsonObject] = {
    "look": {},
    "pay": {"x-openai-isConsequential": False},
    "order": {"parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}]},
}
"""A GET, a POST, and a POST that says how to repeat it."""


def document(url: str) -> JsonObject:
    paths: JsonObject = {
        f"/{name}": {
            "get" if name == "look" else "post": {
                "operationId": name,
                "responses": {"200": {"description": "ok"}},
                **members,
            }
        }
        for name, members in OPERATIONS.items()
    }
    return {"openapi": "3.0.4", "info": {"title": "shop", "version": "1"}, "servers": [{"url": url}], "paths": paths}


async def answering(request: Request) -> Answer:
    del request
    return json_response({"says": "done"})


@asynccontextmanager
async def host_over(
    served: LoopbackServer, journal: MemoryJournal, *steps: Say | Call, clock: Callable[[], float] = time.time
) -> AsyncGenerator[Orchestrator]:
    functions: list[Json] = [{"name": name, "description": name} for name in OPERATIONS]
    manifest: JsonObject = {
        "schema_version": "v2.4",
        "namespace": "shop",
        "name_for_human": "Shop",
        "description_for_human": "Sells.",
        "functions": functions,
        "runtimes": [
            {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"api_description": dump_json(document(served.url))}}
        ],
    }
    plugin = await load_plugin(manifest, allowed_hosts=["127.0.0.1"])
    model = ScriptedModel(turns=[ScriptTurn(user="go", steps=steps)])
    async with Orchestrator(plugins=[plugin], model=model, store=journal, clock=clock) as host:
        yield host


async def left_in_flight(host: Orchestrator, journal: MemoryJournal, function: str, *, attempts: int = 1) -> None:
    """The facts of a driver that died after it had sent the call; its judgement is the host's own."""
    bound = host.toolbox.find(function)
    call = RequestedCall(call_id="x", request=ModelCall(id="m", tool=bound.tool_name, arguments="{}"))
    ledger, judgement = Ledger("c", journal), judged(host, function)
    asked = CallAsked(call_id="x", fingerprint=judgement.fingerprint, title="", body="", destination="", expires=9e9)
    approved = CallDecided(call_id="x", decision="approve", by="me")
    answered: list[Fact] = [asked, approved] if judgement.verdict == "ask" else []
    await ledger.append(
        TurnStarted(text="go", person="me", documents={plugin.namespace: plugin.digest for plugin in host.plugins}),
        ReplyReceived(text="", calls=(call,)),
        judgement,
        *answered,
        *(CallDispatched(call_id="x", attempt=number + 1, request_hash="h") for number in range(attempts)),
    )


def judged(host: Orchestrator, function: str) -> CallJudged:
    bound = host.toolbox.find(function)
    return CallJudged(
        call_id="x",
        plugin="shop",
        function=function,
        arguments={},
        verdict="allow" if function == "look" else "ask",
        reasons=(Reason(source="method", text="by its method"),),
        repeatable=is_safe_to_repeat(bound),
        changes_something=function != "look",
        fingerprint=fingerprint("x", bound, {}, {}),
    )


def kinds(facts: Sequence[Fact]) -> list[type]:
    told = (CallDispatched, CallInterrupted, CallReturned, CallUnknown, CallFailed, TurnEnded)
    return [type(fact) for fact in facts if isinstance(fact, told)]


async def test_a_get_that_was_in_flight_is_made_again() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "look")
        chat = host.conversation(id="c")
        assert (await chat.resume()).text == "Done."
        assert kinds(await chat.facts()) == [CallDispatched, CallInterrupted, CallDispatched, CallReturned, TurnEnded]
        assert [request.method for request in served.requests] == ["GET"]


async def test_a_post_with_an_idempotency_key_is_made_again_with_the_same_key() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "order")
        await host.conversation(id="c").resume()
        assert [request.header("Idempotency-Key") for request in served.requests] == ["x"]


async def test_a_post_that_was_in_flight_is_never_made_again() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("I cannot tell.")) as host:
        await left_in_flight(host, journal, "pay")
        chat = host.conversation(id="c")
        reply = await chat.resume()
        assert [call.status for call in reply.calls] == ["unknown"]
        assert kinds(await chat.facts()) == [CallDispatched, CallUnknown, TurnEnded]
        assert served.requests == []


async def test_a_call_whose_process_always_dies_is_given_up() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("It failed.")) as host:
        await left_in_flight(host, journal, "look", attempts=MAX_ATTEMPTS)
        chat = host.conversation(id="c")
        reply = await chat.resume()
        assert [call.status for call in reply.calls] == ["failed"]
        assert served.requests == []


async def test_a_turn_that_was_left_is_carried_on_by_whoever_runs_what_is_pending() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "look")
        assert [kept.standing for kept in await journal.kept()] == ["left"]
        assert await host.run_pending() == 1
        assert await host.run_pending() == 0
        assert [kept.standing for kept in await journal.kept()] == ["at rest"]
        assert (await host.conversation(id="c").resume()).text == "Done."


async def test_an_answer_wakes_a_turn_and_a_worker_makes_its_call() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served:
        async with host_over(served, journal, Call("pay", {}), Say("Paid.")) as host:
            (question,) = (await host.conversation(id="c").ask("go")).pending
            assert await host.run_pending() == 0
            assert await host.conversation(id="c").decide(question.call_id, True) == "accepted"
        async with host_over(served, journal, Say("Paid.")) as worker:
            assert await worker.run_pending() == 1
            assert (await worker.conversation(id="c").resume()).text == "Paid."
        assert len(served.requests) == 1


async def test_a_worker_that_is_stopped_leaves_its_turn_to_another() -> None:
    journal, waits = MemoryJournal(), anyio.Event()

    async def held(request: Request) -> Answer:
        if not waits.is_set():
            waits.set()
            await anyio.sleep_forever()
        return await answering(request)

    async with serve(held) as served, host_over(served, journal, Say("Done.")) as one:
        await left_in_flight(one, journal, "look")
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.run_pending)
                await waits.wait()
                tasks.cancel_scope.cancel()
        assert [kept.standing for kept in await journal.kept()] == ["left"]
        async with host_over(served, journal, Say("Done.")) as two:
            assert await two.run_pending() == 1
            assert (await two.conversation(id="c").resume()).text == "Done."


# --- leases


class Paused(MemoryJournal):
    """A journal whose clock jumps before a fact of one kind is kept, as it does for a process that was stopped."""

    def __init__(self, before: type[Fact]) -> None:
        super().__init__(clock=lambda: self.now)
        self.now = 1000.0
        self._before = before
        self.wakes = anyio.Event()
        self.may_wake = anyio.Event()

    async def append(
        self,
        conversation: ConversationId,
        expected: int,
        facts: Sequence[Fact],
        /,
        *,
        wake: float | None = None,
        lease: Lease | None = None,
    ) -> int:
        if any(isinstance(fact, self._before) for fact in facts) and not self.wakes.is_set():
            self.wakes.set()
            await self.may_wake.wait()
        return await super().append(conversation, expected, facts, wake=wake, lease=lease)


@pytest.mark.parametrize(("before", "sent"), [(CallDispatched, 1), (CallReturned, 2)])
async def test_a_process_that_was_paused_for_too_long_neither_writes_nor_sends(before: type[Fact], sent: int) -> None:
    journal = Paused(before)
    async with (
        serve(answering) as served,
        host_over(served, journal, Call("look", {}), Say("Mine.")) as one,
        host_over(served, journal, *([Call("look", {})] if sent == 1 else []), Say("Theirs.")) as two,
    ):
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:

                async def is_paused() -> None:
                    with pytest.raises(LeaseLost, match="taken over"):
                        await one.conversation(id="c").ask("go")

                tasks.start_soon(is_paused)
                await journal.wakes.wait()
                journal.now += 60
                assert await two.run_pending() == 1
                journal.may_wake.set()
        chat: Conversation = two.conversation(id="c")
        assert (await chat.resume()).text == "Theirs."
        assert len(served.requests) == sent
        assert sum(isinstance(fact, CallReturned) for fact in await chat.facts()) == 1


# --- a store that fails


class Failing(MemoryJournal):
    """A journal that cannot be written to while `is_broken`."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken = False
        self.breaks_with: type[Fact] | None = None
        self.appends = 0

    async def append(
        self,
        conversation: ConversationId,
        expected: int,
        facts: Sequence[Fact],
        /,
        *,
        wake: float | None = None,
        lease: Lease | None = None,
    ) -> int:
        if self.breaks_with is not None and any(isinstance(fact, self.breaks_with) for fact in facts):
            self.is_broken = True
        if self.is_broken:
            raise StoreUnavailable("the disk is full")
        self.appends += 1
        return await super().append(conversation, expected, facts, wake=wake, lease=lease)


async def test_a_turn_goes_on_when_the_store_is_back_soon() -> None:
    journal = Failing()
    journal.breaks_with = CallReturned

    async def repair() -> None:
        while not journal.is_broken:
            await anyio.lowlevel.checkpoint()
        journal.breaks_with, journal.is_broken = None, False

    async with serve(answering) as served, host_over(served, journal, Call("look", {}), Say("Done.")) as host:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(repair)
            assert (await host.conversation(id="c").ask("go")).text == "Done."
        assert len(served.requests) == 1


async def test_a_turn_takes_few_appends() -> None:
    """One claim with the message, then one append each for what is dispatched, what came of it, and the end."""
    journal = Failing()
    async with serve(answering) as served, host_over(served, journal, Call("look", {}), Say("Done.")) as host:
        await host.conversation(id="c").ask("go")
        assert journal.appends == 3


async def test_a_message_that_cannot_be_kept_is_an_error_and_begins_nothing() -> None:
    class Full(MemoryJournal):
        async def claim(
            self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
        ) -> Lease:
            raise StoreUnavailable("the disk is full")

    async with serve(answering) as served, host_over(served, Full(), Say("Done.")) as host:
        chat = host.conversation(id="c")
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            await chat.ask("go")
        assert (await chat.facts(), chat.pending) == ((), ())


async def test_a_turn_that_ends_every_process_is_given_up() -> None:
    """Otherwise it would take one worker after the other with it, and the turns of others that run there."""
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "look")
        await Ledger("c", journal).record(*[TurnTakenUp()] * MAX_TAKEN_UP)
        assert await host.run_pending() == 1
        reply = await host.conversation(id="c").resume()
        assert (reply.end, served.requests) == ("error", [])
        assert "each ended before anything came of it" in reply.detail


async def test_what_comes_of_a_turn_gives_it_new_tries() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "look")
        await Ledger("c", journal).record(*[TurnTakenUp()] * MAX_TAKEN_UP, CallFailed(call_id="x", message="no"))
        await host.run_pending()
        assert (await host.conversation(id="c").resume()).text == "Done."


async def test_a_conversation_that_was_deleted_meanwhile_is_gone() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        chat = host.conversation(id="c")
        await chat.ask("go")
        await journal.forget("c")
        with pytest.raises(ConversationGone, match="'c' was deleted"):
            await chat.ask("go")


async def test_a_question_that_only_the_clock_of_the_store_takes_for_expired_is_left_as_it_is() -> None:
    now = 0.0
    journal = MemoryJournal(clock=lambda: now + 30 * 24 * 3600)
    async with serve(answering) as served, host_over(served, journal, Call("pay", {}), clock=lambda: now) as host:
        chat = host.conversation(id="c")
        await chat.ask("go")
        known = await chat.facts()
        for _ in range(MAX_TAKEN_UP + 1):
            assert await host.run_pending() == 0
        assert await chat.facts() == known
        assert len(chat.pending) == 1


async def test_a_call_that_may_have_happened_is_not_told_of_as_declined() -> None:
    """Sent with its key, interrupted, asked about once more because the plugin had changed, and declined."""
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Say("I cannot tell.")) as host:
        await left_in_flight(host, journal, "order")
        ledger = Ledger("c", journal)
        refused = CallRefused(call_id="x", code="forbidden", message="a rule of the host forbids it")
        await ledger.record(CallInterrupted(call_id="x"), refused)
        reply = await host.conversation(id="c").resume()
        assert [(call.status, call.is_error) for call in reply.calls] == [("unknown", True)]
        assert served.requests == []
