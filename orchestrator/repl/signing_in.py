"""Offers the person at the terminal to sign in, where calls wait for that, and says how it is done elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from auth import SignIn
from orchestrator.conversation import Conversation
from orchestrator.events import CallDecided, SignInDone
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import command_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answers import Answer, read_answer
from orchestrator.repl.input import PersonInput
from orchestrator.repl.interrupts import Interrupts
from orchestrator.reply import SignInQuestion

MAX_NAME = 60
"""Characters of a credential's name that a prompt shows."""

_HINT = "y: sign in; n or n WHY: do without, and the call is not made; Ctrl-C: leave it open"
_SIGNING_IN = "signing in; Ctrl-C stops it"
_NOT_DONE = "that did not sign you in; nothing was sent, and you can try again"
_EXPIRED = "nobody signed in in time: the call is not made"
_ELSEWHERE = "was signed in elsewhere meanwhile: {}"
_OVER = "nothing waits for this sign-in any more: {}"


class SignsIn(Protocol):
    """Leads the person at the terminal through a sign-in, and keeps what comes of it."""

    async def __call__(self, wanted: SignIn, person: str, /) -> bool:
        """True once the person has signed in; False where that came to nothing, once the person was told why.

        Ctrl-C cancels it.
        """
        ...


def by_name(sign_ins: Iterable[SignInQuestion]) -> Mapping[str, Sequence[SignInQuestion]]:
    """What waits, by what it waits for."""
    waiting: dict[str, list[SignInQuestion]] = {}
    for one in sign_ins:
        waiting.setdefault(one.name, []).append(one)
    return waiting


def how_to(sign_ins: Iterable[SignInQuestion]) -> str:
    """What to run to sign in, for somebody who does it elsewhere."""
    first = {one.name: command_for(one.name, one.kind) for one in sign_ins}
    return " and ".join(f"`{command}`" for command in first.values())


class SigningIn:
    """Asks about each sign-in that is open, one after the other; whoever leaves has them stay open."""

    def __init__(self, view: TerminalView, person: PersonInput, interrupts: Interrupts, signs_in: SignsIn) -> None:
        self._view = view
        self._person = person
        self._interrupts = interrupts
        self._signs_in = signs_in

    async def __call__(self, chat: Conversation, /) -> bool:
        """Returns when everything was answered; False when something is left open."""
        for name, waiting in by_name(chat.sign_ins).items():
            if not await self._offer(chat, name, waiting):
                return False
        return True

    async def _offer(self, chat: Conversation, name: str, waiting: Sequence[SignInQuestion]) -> bool:
        """Asks until there is an answer that counts; False when the person leaves."""
        self._view.open("question")
        calls = "" if len(waiting) == 1 else f"{counted(len(waiting), 'call')} wait for this; "
        self._view.line(f"{calls}{_HINT}", style="dim")
        while True:
            typed = await self._person.answer(f"sign in to {clean_line(name)[:MAX_NAME]} now? [y/n] ")
            if typed is None:
                return False
            self._view.reset()
            answer = read_answer(typed)
            if answer is not None:
                await chat.refresh()  # it may have been done in another window
                waiting = by_name(chat.sign_ins).get(name, ())
                if not waiting:
                    await self._tell_why(chat, name)
                    return True
            if answer is not None and answer.choice == "decline":
                await self._decline(chat, waiting, answer)
                return True
            if answer is not None and answer.choice == "approve":
                if await self._sign_in(waiting[0], chat.person):
                    await self._go_on(chat, name)
                    return True
                self._view.notice(_NOT_DONE, style="yellow")
                continue
            self._view.notice(f"nothing runs without an answer; {_HINT}")

    async def _tell_why(self, chat: Conversation, name: str) -> None:
        """Of a sign-in that is not waited for any more; what came of it is shown by whoever goes on with the turn."""
        was_done = any(isinstance(fact, SignInDone) and fact.name == name for fact in await chat.facts())
        self._view.notice((_ELSEWHERE if was_done else _OVER).format(clean_line(name)[:MAX_NAME]))

    async def _sign_in(self, question: SignInQuestion, person: str) -> bool:
        """False also where Ctrl-C has stopped it."""
        self._view.notice(_SIGNING_IN)
        with self._interrupts.stoppable():
            return await self._signs_in(question.wanted, person)
        return False

    async def _go_on(self, chat: Conversation, name: str) -> None:
        if await chat.signed_in(name):
            self._view.show(SignInDone(name=name, by=chat.person))

    async def _decline(self, chat: Conversation, waiting: Sequence[SignInQuestion], answer: Answer) -> None:
        for one in waiting:
            outcome = await chat.decide(one.call_id, False, note=answer.note)
            if outcome == "accepted":
                fact = CallDecided(call_id=one.call_id, decision="decline", by=chat.person, note=answer.note)
                self._view.show(fact)
            elif outcome == "expired":
                self._view.notice(_EXPIRED, style="yellow")
