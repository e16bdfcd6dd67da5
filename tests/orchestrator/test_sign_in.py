"""A call that needs a sign-in waits for it, whoever goes on with the turn, and goes out once. Issue 9, line 2."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from auth import (
    CredentialMissing,
    CredentialRefused,
    CredentialUse,
    Flow,
    ProviderError,
    Secret,
    SignIn,
    SignInNeeded,
    VaultError,
)
from auth.errors import KeyMissing
from orchestrator import Conversation, MemoryJournal, Orchestrator, QuestionsPending, UnknownName, UsageError
from orchestrator.cli.conversations.worker import as_json, standing_of
from orchestrator.events import (
    CallDecided,
    CallDispatched,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    Fact,
    QuestionExpired,
    SignInAsked,
    SignInDone,
    TurnEnded,
)
from orchestrator.journal.base import Journal
from orchestrator.journal.open import open_journal
from orchestrator.model.base import ToolMessage
from orchestrator.reply import SignInQuestion
from orchestrator.testing.chats.chat_said import Unrepeatable
from orchestrator.testing.chats.chat_turns import refuse_unrepeatable, turns_of
from orchestrator.turn.history import History, advanced
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.prompts import turn_messages
from orchestrator.turn.questions import QUESTION_LIFETIME
from orchestrator.turn.signing_in import MAX_LOOKS, done_by_now
from tests.servers.guarded import GOOD, NAME, STALE, TestVault, answer, mail_host
from tests.servers.loopback import LoopbackServer, serve

TOLD = (SignInAsked, SignInDone, CallDispatched, CallNotExecuted, CallRefused, CallReturned, QuestionExpired, TurnEnded)


def kinds(facts: Sequence[Fact]) -> list[type]:
    return [type(fact) for fact in facts if isinstance(fact, TOLD)]


def paths(served: LoopbackServer) -> list[str]:
    return [request.path for request in served.requests]


@pytest.fixture(params=["memory", "sqlite"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    async with open_journal(f"sqlite:///{tmp_path}/kept.db") as opened:
        yield opened


@asynccontextmanager
async def mail(vault: TestVault, journal: Journal | None = None) -> AsyncGenerator[tuple[Conversation, LoopbackServer]]:
    async with serve(answer) as served, mail_host(served, vault, journal) as host:
        yield host.conversation(id="c"), served


async def test_a_call_without_its_credential_waits_and_goes_out_after_the_sign_in(journal: Journal) -> None:
    vault = TestVault()
    async with mail(vault, journal) as (chat, served):
        reply = await chat.ask("read {}")
        (asked,) = reply.sign_ins
        assert asked == SignInQuestion(
            call_id=asked.call_id,
            name=NAME,
            kind="login",
            reason="you have not signed in yet",
            plugin="mail",
            function="read",
            destination=served.url,
            expires=asked.expires,
            scopes=("mail.send",),
        )
        assert (reply.end, reply.pending, chat.sign_ins, paths(served)) == (None, (), (asked,), [])
        assert [(call.status, call.destination) for call in reply.calls] == [("sign_in", served.url)]
        assert (await chat.resume()).sign_ins == (asked,), "nothing has changed"
        vault.tokens["me"] = GOOD
        reply = await chat.resume()
        assert (reply.end, reply.text, reply.sign_ins, paths(served)) == ("answered", "DONE WITH 1", (), ["/read"])
        assert kinds(await chat.facts()) == [SignInAsked, SignInDone, CallDispatched, CallReturned, TurnEnded]


async def test_whoever_has_signed_in_before_is_asked_nothing() -> None:
    vault = TestVault(tokens={"me": GOOD})
    async with mail(vault) as (chat, _):
        assert (await chat.ask("read {}")).end == "answered"
        assert kinds(await chat.facts()) == [CallDispatched, CallReturned, TurnEnded]


async def test_functions_without_a_credential_cost_no_vault() -> None:
    vault = TestVault()
    async with mail(vault) as (chat, _):
        assert (await chat.ask("weather {}")).end == "answered"
        assert vault.looks == 0


async def test_a_sign_in_holds_up_no_sibling() -> None:
    async with mail(TestVault()) as (chat, served):
        reply = await chat.ask("read {} & weather {} & read {}")
        assert [call.status for call in reply.calls] == ["sign_in", "returned", "sign_in"]
        assert paths(served) == ["/weather"]


async def test_the_calls_of_one_function_are_looked_at_together() -> None:
    vault = TestVault(tokens={"me": GOOD})
    async with mail(vault) as (chat, served):
        await chat.ask("read {} & read {} & read {}")
        assert (len(served.requests), vault.looks) == (3, 1)


async def test_one_sign_in_is_for_all_that_wait_for_it(journal: Journal) -> None:
    vault = TestVault()
    async with mail(vault, journal) as (chat, served):
        await chat.ask("read {} & read {}")
        vault.tokens["me"] = GOOD
        assert await chat.signed_in(NAME)
        assert not await chat.signed_in(NAME)
        assert [call.status for call in (await chat.resume()).calls] == ["returned", "returned"]
        assert (len(served.requests), kinds(await chat.facts()).count(SignInDone)) == (2, 1)


async def test_a_sign_in_that_nobody_waits_for_is_none() -> None:
    async with mail(TestVault()) as (chat, _):
        assert not await chat.signed_in(NAME)
        await chat.ask("read {}")
        assert not await chat.signed_in("another")
        assert len(chat.sign_ins) == 1


async def test_another_process_says_that_it_is_done_and_a_worker_goes_on(journal: Journal) -> None:
    vault = TestVault()
    async with serve(answer) as served:
        async with mail_host(served, vault, journal) as host:
            await host.conversation(id="c").ask("read {}")
            assert await host.run_pending() == 0
            assert [kept.standing for kept in await journal.kept()] == ["waiting"]
        async with Orchestrator(plugins=[], model="offline", store=journal) as elsewhere:
            vault.tokens["me"] = GOOD
            assert await elsewhere.conversation(id="c").signed_in(NAME)
        async with mail_host(served, vault, journal) as worker:
            assert await worker.run_pending() == 1
            assert await worker.run_pending() == 0
            assert (await worker.conversation(id="c").resume()).text == "DONE WITH 1"
        assert paths(served) == ["/read"]


async def test_a_sign_in_that_was_none_is_asked_for_again_and_keeps_nobody_busy() -> None:
    vault = TestVault()
    async with mail(vault) as (chat, served):
        await chat.ask("read {}")
        assert await chat.signed_in(NAME)
        reply = await chat.resume()
        assert (len(reply.sign_ins), served.requests) == (1, [])
        assert kinds(await chat.facts()) == [SignInAsked, SignInDone, SignInAsked]


async def test_another_host_goes_on_once_the_credential_is_there(journal: Journal) -> None:
    vault = TestVault()
    async with serve(answer) as served:
        async with mail_host(served, vault, journal) as one:
            await one.conversation(id="c").ask("read {}")
        vault.tokens["me"] = GOOD
        async with mail_host(served, vault, journal) as two:
            chat = two.conversation(id="c")
            events = [event async for event in chat.resume_stream()]
            assert isinstance(events[0], SignInDone)
            assert (await chat.resume()).text == "DONE WITH 1"


async def test_a_host_without_the_plugin_leaves_it_waiting(journal: Journal) -> None:
    vault = TestVault()
    async with mail(vault, journal) as (chat, _):
        await chat.ask("read {}")
    async with Orchestrator(plugins=[], model="offline", store=journal) as other:
        assert len((await other.conversation(id="c").resume()).sign_ins) == 1


async def test_a_sign_in_while_it_was_being_asked_for_is_not_missed() -> None:
    """It was done after the vault was asked, and before it was kept that it is waited for."""
    vault = TestVault()
    vault.after_look = lambda: vault.tokens.update(me=GOOD)
    async with mail(vault) as (chat, _):
        assert (await chat.ask("read {}")).text == "DONE WITH 1"
        assert kinds(await chat.facts())[:3] == [SignInAsked, SignInDone, CallDispatched]


class Fickle(TestVault):
    """Has the credential every second time that it is asked."""

    async def ready(self, use: CredentialUse, /) -> None:
        self.looks += 1
        if self.looks % 2:
            raise SignInNeeded(SignIn(name=use.name, kind="login", reason="it has expired"))


async def test_who_follows_the_stream_may_sign_in_while_it_lasts() -> None:
    vault = TestVault()
    async with mail(vault) as (chat, _):
        async for event in chat.send("read {}"):
            if isinstance(event, SignInAsked):
                vault.tokens["me"] = GOOD
                await chat.signed_in(event.name)
        assert (await chat.resume()).text == "DONE WITH 1"
        assert kinds(await chat.facts()) == [SignInAsked, SignInDone, CallDispatched, CallReturned, TurnEnded]


async def test_a_worker_that_was_quicker_keeps_the_turn() -> None:
    """The turn was taken over while its driver looked once more if the person has signed in."""
    journal = MemoryJournal()
    vault = TestVault()

    async with serve(answer) as served, mail_host(served, vault, journal) as one:

        class Slow(TestVault):
            async def ready(self, use: CredentialUse, /) -> None:
                self.looks += 1
                if self.looks == 1:
                    self.token(use)
                vault.tokens["me"] = GOOD
                await Ledger("c", journal).record(SignInDone(name=NAME, by="me"))
                assert await one.run_pending() == 1

        async with mail_host(served, Slow(), journal) as two:
            with anyio.fail_after(5):
                await two.conversation(id="c").ask("read {}")
        assert paths(served) == ["/read"]
        assert (await one.conversation(id="c").resume()).text == "DONE WITH 1"


async def test_a_vault_that_changes_its_mind_keeps_no_driver_busy() -> None:
    async with mail(Fickle()) as (chat, served):
        reply = await chat.ask("read {}")
        assert (reply.end, len(reply.sign_ins), served.requests) == (None, 1, [])
        assert kinds(await chat.facts()).count(SignInDone) == MAX_LOOKS


async def test_a_vault_that_does_not_answer_is_no_sign_in() -> None:
    class Silent(TestVault):
        is_silent = False

        async def ready(self, use: CredentialUse, /) -> None:
            if self.is_silent:
                await anyio.sleep_forever()
            await TestVault.ready(self, use)

    vault = Silent()
    async with serve(answer) as served, mail_host(served, vault) as host:
        chat = host.conversation()
        await chat.ask("read {}")
        [turn] = advanced(History(), await chat.facts()).turns
        vault.is_silent = True
        assert await done_by_now(turn, host.toolbox, timeout=0.01) == ()
        vault.is_silent, vault.tokens = False, {"me": GOOD}
        assert await done_by_now(turn, host.toolbox, timeout=5.0) == (SignInDone(name=NAME, by="me"),)


TROUBLES = [
    VaultError("the vault cannot be read"),
    KeyMissing("it is sealed with a key that is not at hand"),
    ProviderError("the provider is down", may_pass=True),
    CredentialRefused("it is for another origin"),
    CredentialMissing("it is not registered any more"),
    RuntimeError("what a stranger's vault raises"),
]


class Troubled(TestVault):
    """Says nothing while it is in trouble."""

    trouble: Exception | None = None

    async def ready(self, use: CredentialUse, /) -> None:
        self._check()
        await TestVault.ready(self, use)

    async def flow(self, use: CredentialUse, /) -> Flow:
        self._check()
        status = yield Secret(self.token(use))
        if status == 401:
            self.token(use)

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("carries_on", ["resume", "worker"])
async def test_trouble_with_the_vault_is_no_sign_in(trouble: Exception, carries_on: str) -> None:
    """The call waits until the vault can say again that the person has signed in, and goes out then."""
    vault, journal = Troubled(), MemoryJournal()
    async with serve(answer) as served, mail_host(served, vault, journal) as host:
        chat = host.conversation(id="c")
        (asked,) = (await chat.ask("read {}")).sign_ins
        vault.trouble = trouble
        if carries_on == "worker":
            assert await host.run_pending() == 0
        reply = await chat.resume()
        assert (reply.sign_ins, served.requests, kinds(await chat.facts())) == ((asked,), [], [SignInAsked])
        vault.trouble, vault.tokens = None, {"me": GOOD}
        assert ((await chat.resume()).text, paths(served)) == ("DONE WITH 1", ["/read"])


async def test_a_call_that_waits_for_a_vault_in_trouble_does_so_no_longer_than_any() -> None:
    now, vault = 1000.0, Troubled()
    async with serve(answer) as served, mail_host(served, vault, clock=lambda: now) as host:
        chat = host.conversation(id="c")
        await chat.ask("read {}")
        now += QUESTION_LIFETIME + 1
        vault.trouble = CredentialMissing("it is not registered any more")
        assert [call.status for call in (await chat.resume()).calls] == ["expired"]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda error: type(error).__name__)
async def test_a_call_that_has_not_waited_tells_what_is_wrong_with_the_vault(trouble: Exception) -> None:
    vault = Troubled(tokens={"me": GOOD})
    vault.trouble = trouble
    async with mail(vault) as (chat, served):
        (call,) = (await chat.ask("read {}")).calls
        assert (call.status, served.requests) == ("failed", [])
        assert "nothing was sent" in chat.explain()


# --- with an answer


async def test_an_approval_is_given_first_and_holds_after_the_sign_in(journal: Journal) -> None:
    vault = TestVault()
    async with mail(vault, journal) as (chat, served):
        reply = await chat.ask("send {}")
        assert (len(reply.pending), reply.sign_ins, vault.looks) == (1, (), 0)
        await chat.decide(reply.pending[0], True)
        reply = await chat.resume()
        assert (reply.pending, [one.function for one in reply.sign_ins]) == ((), ["send"])
        vault.tokens["me"] = GOOD
        reply = await chat.resume()
        assert (reply.text, paths(served)) == ("DONE WITH 1", ["/send"])


async def test_questions_and_sign_ins_wait_beside_each_other() -> None:
    vault = TestVault()
    async with mail(vault) as (chat, served):
        reply = await chat.ask("read {} & send {}")
        assert ([one.function for one in reply.sign_ins], [one.function for one in reply.pending]) == (
            ["read"],
            ["send"],
        )
        vault.tokens["me"] = GOOD
        assert [call.status for call in (await chat.resume()).calls] == ["returned", "asked"]
        await chat.decide(reply.pending[0], False)
        assert (await chat.resume()).end == "answered"
        assert paths(served) == ["/read"]


async def test_who_declines_needs_not_sign_in() -> None:
    async with mail(TestVault()) as (chat, served):
        (asked,) = (await chat.ask("read {}")).sign_ins
        assert await chat.decide(asked.call_id, False, note="not today") == "accepted"
        assert await chat.decide(asked.call_id, False) == "already_answered"
        assert not await chat.signed_in(NAME)
        reply = await chat.resume()
        assert ([call.status for call in reply.calls], served.requests) == (["declined"], [])


async def test_a_yes_is_no_sign_in() -> None:
    async with mail(TestVault()) as (chat, _):
        (asked,) = (await chat.ask("read {}")).sign_ins
        with pytest.raises(UsageError, match=f"needs you to sign in for .*: `orchestrator auth login {NAME}`"):
            await chat.decide(asked.call_id, True)
        with pytest.raises(UnknownName):
            await chat.decide("nothing", False)
        assert len(chat.sign_ins) == 1


async def test_an_old_question_about_a_call_that_waits_for_a_sign_in_is_answered_already() -> None:
    async with mail(TestVault()) as (chat, _):
        (question,) = (await chat.ask("send {}")).pending
        await chat.decide(question, True)
        await chat.resume()
        assert await chat.decide(question, False) == "already_answered"
        assert len(chat.sign_ins) == 1


async def test_a_new_message_waits_for_an_open_sign_in_or_puts_it_aside() -> None:
    vault = TestVault()
    async with mail(vault) as (chat, served):
        await chat.ask("read {}")
        with pytest.raises(QuestionsPending, match="a sign-in for read is open"):
            await chat.ask("hello")
        await chat.signed_in(NAME)
        with pytest.raises(QuestionsPending, match="resume the turn"):
            await chat.ask("hello")
        assert (await chat.ask("weather {}", supersede=True)).end == "answered"
        assert paths(served) == ["/weather"]


async def test_a_turn_that_waits_can_be_taken_back() -> None:
    async with mail(TestVault()) as (chat, _):
        await chat.ask("read {}")
        assert await chat.undo() == "read {}"
        facts = await chat.facts()
        assert [fact.left_open for fact in facts if isinstance(fact, CallDecided)] == [True]
        assert chat.sign_ins == ()


@pytest.mark.parametrize("carries_on", ["resume", "worker"])
async def test_nobody_waits_for_ever(carries_on: str) -> None:
    now = 1000.0
    journal, vault = MemoryJournal(clock=lambda: now), TestVault()
    async with serve(answer) as served, mail_host(served, vault, journal, clock=lambda: now) as host:
        chat = host.conversation(id="c")
        (asked,) = (await chat.ask("read {}")).sign_ins
        assert asked.expires == now + QUESTION_LIFETIME
        now += QUESTION_LIFETIME + 1
        vault.tokens["me"] = GOOD
        assert not await chat.signed_in(NAME), "a sign-in of today allows nothing of last week"
        assert await chat.decide(asked.call_id, False) == "expired"
        if carries_on == "worker":
            assert await host.run_pending() == 1
        reply = await chat.resume()
        assert ([call.status for call in reply.calls], reply.end, served.requests) == (["expired"], "answered", [])


# --- where nobody can be asked


async def test_where_nobody_can_be_asked_the_model_is_told_what_is_missing() -> None:
    vault = TestVault()
    async with serve(answer) as served, mail_host(served, vault) as host:
        chat = host.conversation(attended=False)
        reply = await chat.ask("read {} & weather {}")
        assert (reply.end, reply.sign_ins, paths(served)) == ("answered", (), ["/weather"])
        (refused,) = [fact for fact in await chat.facts() if isinstance(fact, CallRefused)]
        assert (refused.code, f"`orchestrator auth login {NAME}`" in refused.message) == ("sign_in", True)
        assert [call.status for call in reply.calls] == ["refused", "returned"]


# --- a credential that is not accepted


async def test_a_refused_credential_is_a_call_that_was_not_made(journal: Journal) -> None:
    """A POST behind a 401 is made once more after the sign-in, and never of unknown outcome."""
    vault = TestVault(tokens={"me": STALE})
    async with mail(vault, journal) as (chat, served):
        (question,) = (await chat.ask("send {}")).pending
        await chat.decide(question, True)
        reply = await chat.resume()
        assert [(one.reason, one.function) for one in reply.sign_ins] == [("it is not accepted any more", "send")]
        vault.tokens["me"] = GOOD
        reply = await chat.resume()
        assert (reply.end, [call.status for call in reply.calls]) == ("answered", ["returned"])
        assert paths(served) == ["/send", "/send"]
        told = [CallDispatched, CallNotExecuted, SignInAsked, SignInDone, CallDispatched, CallReturned, TurnEnded]
        assert kinds(await chat.facts()) == told


async def test_a_credential_that_is_refused_twice_ends_the_call() -> None:
    vault = TestVault(tokens={"me": STALE})
    async with mail(vault) as (chat, served):
        (question,) = (await chat.ask("send {}")).pending
        await chat.decide(question, True)
        await chat.resume()
        vault.tokens["me"] = "token-wrong-too"
        reply = await chat.resume()
        assert ([call.status for call in reply.calls], len(served.requests)) == (["failed"], 2)
        assert "does not accept the credential" in chat.explain()
        assert "after the sign-in" in chat.explain()


async def test_who_is_stopped_while_the_vault_is_asked_leaves_a_consistent_turn() -> None:
    class Slow(TestVault):
        async def ready(self, use: CredentialUse, /) -> None:
            del use
            self.looked.set()
            await anyio.sleep_forever()

    vault = Slow()
    async with mail(vault) as (chat, served):
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(chat.ask, "read {}")
                await vault.looked.wait()
                tasks.cancel_scope.cancel()
        reply = await chat.resume()
        assert (reply.end, [call.status for call in reply.calls], served.requests) == ("cancelled", ["withdrawn"], [])


# --- what is said of it


async def test_a_worker_tells_persons_and_programs_what_a_turn_waits_for() -> None:
    async with mail(TestVault()) as (chat, _):
        reply = await chat.ask("read {} & read {} & send {}")
        command = f"orchestrator auth login {NAME}"
        assert standing_of(reply) == f"waits for 1 answer and a sign-in by `{command}`"
        told = as_json("c", reply)["sign_ins"]
        assert told == [
            {
                "call_id": asked.call_id,
                "name": NAME,
                "kind": "login",
                "reason": "you have not signed in yet",
                "command": command,
                "expires": asked.expires,
            }
            for asked in reply.sign_ins
        ]


async def test_what_waits_is_explained() -> None:
    async with mail(TestVault()) as (chat, _):
        await chat.ask("read {}")
        assert f"It needs you to sign in: `orchestrator auth login {NAME}`" in chat.explain()
        await chat.ask("weather {}", supersede=True)
        facts = await chat.facts()
        assert any(isinstance(fact, CallDecided) and fact.left_open for fact in facts)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("declined", "not called: the person declined: too late. "),
        ("superseded", "not called: the person has to sign in first, and had not: superseded by a new message. "),
        ("expired", "not called: the person has to sign in first, and did not in time"),
    ],
)
async def test_the_model_is_told_why_there_is_no_result(what: str, words: str) -> None:
    now = 1000.0
    async with serve(answer) as served, mail_host(served, TestVault(), clock=lambda: now) as host:
        chat = host.conversation(id="c")
        (asked,) = (await chat.ask("read {}")).sign_ins
        if what == "declined":
            await chat.decide(asked.call_id, False, note="too late")
        elif what == "expired":
            now = asked.expires
        else:
            await chat.ask("hello", supersede=True)
        await chat.resume()
        facts = await chat.facts()
        turn = advanced(History(), facts).turns[0]
        [text] = [message.text for message in turn_messages(turn) if isinstance(message, ToolMessage)]
        assert text.startswith(words)


async def test_a_conversation_file_is_not_made_of_a_turn_that_waited_in_vain() -> None:
    async with mail(TestVault()) as (chat, _):
        await chat.ask("read {}")
        [turn] = turns_of(await chat.facts())
        with pytest.raises(Unrepeatable, match="a sign-in that was not done"):
            refuse_unrepeatable(turn)
