"""The loop offers to sign in where a call needs it. Issue 9, line 6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from io import StringIO

import pytest

from orchestrator import MemoryJournal
from orchestrator.events import CallDecided
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.dialogue import Dialogue, labels_of
from orchestrator.repl.going_on import Revisit
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.message import run_message
from orchestrator.repl.session import converse
from orchestrator.repl.signing_in import SignsIn
from tests.servers.guarded import GOOD, NAME, LoggedSignIn, TestVault, answer, mail_host
from tests.servers.loopback import serve
from tests.servers.person import WrittenPerson

PROMPT = f"sign in to {NAME} now? [y/n] "


class Session:
    """What a person saw, was asked, and what went out."""

    def __init__(self, messages: Sequence[str], answers: Sequence[str | None], *, is_interactive: bool = True) -> None:
        self.person = WrittenPerson(messages, answers=answers, is_interactive=is_interactive)
        self.vault = TestVault()
        self.signed_in: list[str] = []
        self.sent: list[str] = []
        self.text = ""
        self.facts: Sequence[object] = ()

    async def run(self, signs_in: SignsIn | None, *, approve_all: bool = False) -> None:
        file = StringIO()
        async with serve(answer) as served, mail_host(served, self.vault) as host:
            view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
            interrupts = Interrupts()
            dialogue = Dialogue(host, view, self.person, interrupts, approve_all=approve_all, signs_in=signs_in)
            assert await converse(dialogue, self.person, interrupts) == 0
            self.facts = await dialogue.chat.facts()
            self.sent = [request.path for request in served.requests]
        self.text = file.getvalue()


async def test_the_person_signs_in_and_the_call_goes_on() -> None:
    session = Session(["read {}"], ["perhaps", "y", "y"])
    await session.run(LoggedSignIn(session.vault, session.signed_in.append))
    assert session.person.asked == [PROMPT] * 3
    assert session.signed_in == [f"sign-in {NAME} login mail.send of me"] * 2
    assert session.sent == ["/read"]
    assert "needs you to sign in for http://127.0.0.1" in session.text
    assert "nothing runs without an answer" in session.text
    assert "that did not sign you in" in session.text
    assert f"signed in: {NAME}" in session.text
    assert "DONE WITH 1" in session.text


async def test_who_does_without_has_the_call_declined_with_their_words() -> None:
    session = Session(["read {} & read {}"], ["n not now"])
    await session.run(LoggedSignIn(session.vault, session.signed_in.append))
    assert (session.signed_in, session.sent) == ([], [])
    assert "2 calls wait for this" in session.text
    assert session.text.count("read declined") == 2
    assert [fact.note for fact in session.facts if isinstance(fact, CallDecided)] == ["not now"] * 2
    assert "DONE WITH 2" in session.text


async def test_who_leaves_leaves_it_open() -> None:
    session = Session(["read {}"], [None])
    await session.run(LoggedSignIn(session.vault, session.signed_in.append))
    assert f"until you have signed in with `orchestrator auth login {NAME}`; your next message" in session.text
    assert not any(isinstance(fact, CallDecided) for fact in session.facts)


async def test_the_next_message_puts_it_aside() -> None:
    session = Session(["read {}", "weather {}"], [None])
    await session.run(LoggedSignIn(session.vault, session.signed_in.append))
    assert session.sent == ["/weather"]


async def test_without_a_way_to_sign_in_the_person_is_told_what_to_run() -> None:
    session = Session(["read {}"], [])
    await session.run(None)
    assert f"`orchestrator auth login {NAME}`" in session.text
    assert (session.person.asked, session.sent) == ([], [])


async def test_nobody_is_asked_in_a_pipe() -> None:
    session = Session(["read {}"], [], is_interactive=False)
    await session.run(LoggedSignIn(session.vault, session.signed_in.append), approve_all=True)
    assert (session.person.asked, session.signed_in) == ([], [])
    assert f"`orchestrator auth login {NAME}`" in session.text


async def test_questions_come_first_and_sign_ins_after_them() -> None:
    session = Session(["send {} & read {}"], ["y", "y", "y"])
    await session.run(LoggedSignIn(session.vault, session.signed_in.append))
    assert session.person.asked == ["run it? ", PROMPT, PROMPT]
    assert sorted(session.sent) == ["/read", "/send"]
    assert "DONE WITH 2" in session.text


async def test_a_sign_in_that_does_not_help_is_offered_again() -> None:
    session = Session(["read {}"], ["y", "n"])

    async def pretends(wanted: object, person: str, /) -> bool:
        del wanted, person
        return True

    await session.run(pretends)
    assert session.person.asked == [PROMPT] * 2
    assert session.sent == []


async def test_one_message_says_what_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    vault = TestVault()
    async with serve(answer) as served, mail_host(served, vault) as host:
        assert await run_message(host, "read {}", approve_all=True) == 1
        assert f"`orchestrator auth login {NAME}`" in capsys.readouterr().out
        assert await run_message(host, "read {}") == 0
        assert "Mail · read not run" in capsys.readouterr().out
        vault.tokens["me"] = GOOD
        assert await run_message(host, "read {}", approve_all=True) == 0


async def test_a_conversation_that_was_left_waiting_is_come_back_to() -> None:
    journal, vault, file = MemoryJournal(), TestVault(), StringIO()
    person = WrittenPerson([], answers=["y", "y"])
    async with serve(answer) as served, mail_host(served, vault, journal) as host:
        await host.conversation(id="c").ask("read {}")
        [kept] = await journal.kept()
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        dialogue = Dialogue(
            host,
            view,
            person,
            Interrupts(),
            revisit=Revisit(store="", resumed=kept),
            signs_in=LoggedSignIn(vault, lambda line: None),
        )
        await dialogue.begin()
        assert [request.path for request in served.requests] == ["/read"]
    assert person.asked == [PROMPT] * 2
    assert "DONE WITH 1" in file.getvalue()


class Elsewhere(WrittenPerson):
    """Before it answers, something happens elsewhere."""

    def __init__(self, answers: Sequence[str | None], act: Callable[[], Awaitable[None]]) -> None:
        super().__init__(["read {} & read {}"], answers=answers)
        self._act = act

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        await self._act()
        return await super().answer(prompt, is_secret=is_secret, draft=draft)


@pytest.mark.parametrize("typed", ["y", "n not now"])
@pytest.mark.parametrize("goes_on", [True, False], ids=["worked-on", "only-signed-in"])
async def test_a_sign_in_that_was_done_elsewhere_is_not_done_again(typed: str, goes_on: bool) -> None:
    """Neither is the person led through it, nor does a late no count; the answer is shown, whoever had it made."""
    journal, vault, file, led = MemoryJournal(), TestVault(), StringIO(), list[str]()
    async with serve(answer) as served, mail_host(served, vault, journal) as host:

        async def sign_in() -> None:
            vault.tokens["me"] = GOOD
            assert await host.conversation(id=dialogue.chat.id).signed_in(NAME)
            if goes_on:
                assert await host.run_pending() == 1

        person = Elsewhere([typed], sign_in)
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts, signs_in=LoggedSignIn(vault, led.append))
        assert await converse(dialogue, person, interrupts) == 0
        assert [request.path for request in served.requests] == ["/read", "/read"]
        assert not any(isinstance(fact, CallDecided) for fact in await dialogue.chat.facts())
    text = file.getvalue()
    assert (led, person.asked) == ([], [PROMPT])
    assert f"was signed in elsewhere meanwhile: {NAME}" in text
    assert (text.count("DONE WITH 2"), text.count("needs you to sign in")) == (1, 2)


async def test_a_sign_in_that_is_not_waited_for_any_more_is_not_done() -> None:
    journal, vault, file, led = MemoryJournal(), TestVault(), StringIO(), list[str]()
    async with serve(answer) as served, mail_host(served, vault, journal) as host:

        async def decline() -> None:
            chat = host.conversation(id=dialogue.chat.id)
            await chat.refresh()
            for one in chat.sign_ins:
                assert await chat.decide(one.call_id, False) == "accepted"

        person = Elsewhere(["y"], decline)
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        interrupts = Interrupts()
        dialogue = Dialogue(host, view, person, interrupts, signs_in=LoggedSignIn(vault, led.append))
        assert await converse(dialogue, person, interrupts) == 0
    assert (led, f"nothing waits for this sign-in any more: {NAME}" in file.getvalue()) == ([], True)
    assert "DONE WITH 2" in file.getvalue()


async def test_a_conversation_whose_sign_in_was_done_elsewhere_goes_on() -> None:
    journal, vault, file = MemoryJournal(), TestVault(), StringIO()
    async with serve(answer) as served, mail_host(served, vault, journal) as host:
        await host.conversation(id="c").ask("read {}")
        [kept] = await journal.kept()
        vault.tokens["me"] = GOOD
        view = TerminalView(console_for(file, is_live=False), labels_of(host), is_live=False)
        dialogue = Dialogue(host, view, WrittenPerson([]), Interrupts(), revisit=Revisit(store="", resumed=kept))
        await dialogue.begin()
    assert f"signed in: {NAME}" in file.getvalue()
    assert "DONE WITH 1" in file.getvalue()
