"""A lease lives as long as its turn does, however a program is run, and ends with whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from auth import Secret, SecretsInUse
from orchestrator import MemoryJournal, StoreUnavailable, UsageError
from orchestrator.events import (
    CallDispatched,
    CallUnknown,
    CallWithdrawn,
    Event,
    Fact,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
)
from orchestrator.journal.base import ConversationId, Lease
from orchestrator.model.scripted import Call, Say
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.replies import Emit
from orchestrator.turn.streaming import stream
from orchestrator.turn.tenure import Tenure
from tests.orchestrator.test_at_most_once import answering, host_over, left_in_flight
from tests.servers.loopback import Answer, Request, serve


class Counting(MemoryJournal):
    """A journal that tells when a lease was renewed so many times."""

    def __init__(self, wanted: int) -> None:
        super().__init__(lease_seconds=0.15)
        self.has_renewed = anyio.Event()
        self._left = wanted

    async def renew(self, lease: Lease, /) -> None:
        await super().renew(lease)
        self._left -= 1
        if not self._left:
            self.has_renewed.set()


async def _long_call() -> str:
    journal = Counting(3)

    async def held(request: Request) -> Answer:
        await journal.has_renewed.wait()
        return await answering(request)

    async with serve(held) as served, host_over(served, journal, Call("look", {}), Say("Done.")) as host:
        return (await asyncio.wait_for(host.conversation().ask("go"), 10)).text


@pytest.mark.parametrize(
    "run", [lambda: asyncio.run(_long_call()), lambda: anyio.run(_long_call)], ids=["asyncio", "anyio"]
)
async def test_a_long_call_keeps_its_lease_however_the_program_is_run(run: Callable[[], str]) -> None:
    """With `asyncio.run` nothing of anyio's is around the tasks."""
    assert await anyio.to_thread.run_sync(run) == "Done."


# --- who asked is not there any more


class Slow(MemoryJournal):
    """A journal that says late that it has kept facts of one kind."""

    def __init__(self, kind: type[Fact]) -> None:
        super().__init__()
        self._kind = kind
        self.is_kept = anyio.Event()
        self.may_say = anyio.Event()

    async def _say(self, facts: Sequence[Fact]) -> None:
        if any(isinstance(fact, self._kind) for fact in facts):
            self.is_kept.set()
            await self.may_say.wait()

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        lease = await super().claim(conversation, expected, facts, wake=wake)
        await self._say(facts)
        return lease

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
        number = await super().append(conversation, expected, facts, wake=wake, lease=lease)
        await self._say(facts)
        return number


@pytest.mark.parametrize("kind", [TurnStarted, CallDispatched])
async def test_a_message_that_is_cancelled_while_it_is_kept_ends_and_holds_nothing(kind: type[Fact]) -> None:
    """By `task.cancel()`, as of a web server whose client is gone: shields of anyio do not hold that off."""
    journal = Slow(kind)
    async with serve(answering) as served, host_over(served, journal, Call("look", {}), Say("Done.")) as host:
        chat = host.conversation(id="c")
        asking = asyncio.ensure_future(chat.ask("go"))
        with anyio.fail_after(5):
            await journal.is_kept.wait()
            asking.cancel()
            journal.may_say.set()
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert [kept.standing for kept in await journal.kept()] == ["at rest"]
        facts = await chat.facts()
        assert isinstance(facts[-1], TurnEnded)
        assert not any(isinstance(fact, CallUnknown) for fact in facts)
        assert any(isinstance(fact, CallWithdrawn) for fact in facts) == (kind is CallDispatched)
        assert served.requests == []


async def test_a_turn_that_is_stopped_before_its_first_step_leaves_no_reader_waiting() -> None:
    """As of a host that is closed in the very moment."""
    journal = MemoryJournal()
    ledger = Ledger("c", journal)
    tenure = await Tenure.begin(ledger, TurnStarted(text="go", person="ada", documents={}), on=0)

    async def drive(emit: Emit | None) -> None:
        raise LookupError(emit)

    def spawn(turn: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(turn)
        task.cancel()
        return task

    with anyio.fail_after(5):
        assert [event async for event in stream(drive, tenure, spawn)] == []
    assert [kept.standing for kept in await journal.kept()] == ["at rest"]


async def test_a_deadline_tells_nothing_of_the_turn_before() -> None:
    async with serve(answering) as served, host_over(served, MemoryJournal(), Say("First.")) as host:
        chat = host.conversation(id="c")
        assert (await chat.ask("go")).text == "First."
        reply = await chat.ask("go", deadline=0)
        assert (reply.end, reply.text) == ("cancelled", "")


async def test_who_is_stopped_while_taking_a_turn_over_does_not_say_that_nothing_was_sent() -> None:
    """Another driver may have sent the call, and its outcome is unknown."""

    class Stopping(MemoryJournal):
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
            if lease is not None and any(isinstance(fact, CallUnknown) for fact in facts) and not stopped.is_set():
                stopped.set()
                raise asyncio.CancelledError
            return await super().append(conversation, expected, facts, wake=wake, lease=lease)

    journal, stopped = Stopping(), anyio.Event()
    async with serve(answering) as served, host_over(served, journal, Say("Done.")) as host:
        await left_in_flight(host, journal, "pay")
        chat = host.conversation(id="c")
        await chat.resume()
        assert stopped.is_set()
        facts = await chat.facts()
        assert any(isinstance(fact, CallUnknown) for fact in facts)
        assert not any(isinstance(fact, CallWithdrawn) for fact in facts)


# --- what was kept although the store said no


class Doubtful(MemoryJournal):
    """A journal whose n-th append is kept, and says that it failed."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

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
        number = await super().append(conversation, expected, facts, wake=wake, lease=lease)
        self._left -= 1
        if not self._left:
            raise StoreUnavailable("the connection was lost")
        return number


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_what_was_kept_after_all_is_told_once_and_kept_once(number: int) -> None:
    journal = Doubtful(number)
    async with serve(answering) as served, host_over(served, journal, Call("look", {}), Say("Done.")) as host:
        chat, told = host.conversation(id="c"), list[Event]()
        async for event in chat.send("go"):
            told.append(event)
        facts = await chat.facts()
        assert [event for event in told if isinstance(event, Fact)] == list(facts)
        assert len({repr(fact) for fact in facts}) == len(facts)
        assert len(served.requests) == 1


# --- several conversations, several persons


async def test_a_conversation_that_a_worker_went_on_with_is_its_persons_alone() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Call("pay", {}), Say("Paid.")) as host:
        reply = await host.conversation(id="c", person="ada").ask("go")
        await host.conversation(id="c", person="ada").decide(reply.pending[0].call_id, approve=True)
        async with host_over(served, journal, Say("Paid.")) as worker:
            assert await worker.run_pending() == 1
            with pytest.raises(UsageError, match="'c' is another person's"):
                worker.conversation(id="c", person="eve")


async def test_who_opens_anothers_conversation_keeps_nobody_out_of_it() -> None:
    journal = MemoryJournal()
    async with serve(answering) as served, host_over(served, journal, Call("pay", {}), Say("Paid.")) as host:
        chat = host.conversation(id="c", person="ada")
        await chat.decide((await chat.ask("go")).pending[0].call_id, approve=True)
        async with host_over(served, journal, Say("Paid.")) as worker:
            with pytest.raises(UsageError, match="another person's"):
                await worker.conversation(id="c", person="eve").refresh()
            assert await worker.run_pending() == 1
            theirs = worker.conversation(id="c", person="ada")
            assert (await theirs.resume()).text == "Paid."


@pytest.mark.parametrize("steps", range(6))
async def test_a_turn_that_ends_while_its_lease_is_first_looked_at_waits_for_nothing(steps: int) -> None:
    """Whether the task that renews it is about to be made, has not begun or runs."""
    started = TurnStarted(text="go", person="ada", documents={})
    tenure = await Tenure.begin(Ledger("c", MemoryJournal(lease_seconds=0)), started, on=0)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tenure.keep_alive(tasks)
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            tenure.stop()


async def test_what_was_noted_is_kept_and_told_without_a_secret_that_came_up_since() -> None:
    secrets, journal = SecretsInUse(), MemoryJournal()
    tenure = await Tenure.begin(
        Ledger("c", journal, secrets=secrets), TurnStarted(text="go", person="ada", documents={}), on=0
    )
    tenure.note(ReplyReceived(text="it is hunter2-hunter2"), on=1)
    secrets.learn("key", Secret("hunter2-hunter2"))
    written = await tenure.append(TurnEnded(reason="answered", detail="hunter2-hunter2"), on=2)
    assert written == (
        ReplyReceived(text="it is [secret key]"),
        TurnEnded(reason="answered", detail="[secret key]"),
    )
    assert await journal.read("c", after=1) == written
