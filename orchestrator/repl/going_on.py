"""Going on with a conversation that is kept: what was said last is shown again, and what was left is carried on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from rich.text import Text

from orchestrator.conversation import Conversation
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallNotExecuted,
    CallReturned,
    CallUnknown,
    EndReason,
    Fact,
    QuestionExpired,
    ReplyReceived,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.journal.base import LEASE_SECONDS, Kept
from orchestrator.render.calls import cut
from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.render.times import TO_THE_SECOND, local_time
from orchestrator.repl.signing_in import how_to
from orchestrator.repl.turns import Turns
from orchestrator.signals import TextDelta

MAX_TURNS_AGAIN = 3
"""How many of the last turns are shown again."""

MAX_SAID_AGAIN = 500
"""Characters of what the person had said that are shown again."""

MAX_ANSWER_AGAIN = 3_000
"""Characters of an answer that are shown again."""

MAX_WAIT = LEASE_SECONDS + 1.0
"""Seconds that a turn is waited for which another process may be driving: one that has died lets go within them."""

LOOK_PAUSE = 0.5
"""Seconds between two looks at how such a turn stands."""

INTERRUPTED_TURN = "going on with the turn that was interrupted; the last sign of it is from {}"
ANSWERED = "going on: what was asked has been answered"
WAITING = f"another process works on this, or did until a moment ago; waiting up to {MAX_WAIT:.0f} s for it"
STILL_THERE = "another process still works on this; come back when it is done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """How the person comes back to a conversation, and which one they have come back to."""

    store: str | None = None
    """The option that names the store to other commands, empty where they find it; None where nothing is kept."""
    resumed: Kept | None = None
    """The conversation that is gone on with; None for a new one."""

    @property
    def answering(self) -> str:
        """How what is asked is answered elsewhere."""
        named = f" {self.store}" if self.store else ""
        return f"`orchestrator pending{named}` lists what is asked, `orchestrator approve{named} CALL` answers it"

    @property
    def nobody_here(self) -> str:
        """What is said where a question is open, and nobody can be asked."""
        return f"a question is open, and nobody is here to ask; {self.answering}"

    def tell(self, chat: Conversation | None, file: IO[str]) -> None:
        """Says on a terminal, to a person who leaves, how what was said is gone on with."""
        if chat is None or self.store is None or not file.isatty():
            return
        console = console_for(file, is_live=os.environ.get("TERM", "") != "dumb")
        if count := len(chat.pending):
            asked = "a question is" if count == 1 else f"{count} questions are"
            console.print(Text(f"{asked} left open, and nothing of it runs; {self.answering}", style="dim"))
        if chat.sign_ins:
            told = f"a call waits until you have signed in with {how_to(chat.sign_ins)}"
            console.print(Text(told, style="dim"), soft_wrap=True)
        named = f"{self.store} " if self.store else ""
        console.print(Text(f"go on with: orchestrator chat {named}--resume {chat.id}", style="dim"), soft_wrap=True)


def turns_of(facts: Iterable[Fact]) -> list[list[Fact]]:
    """The facts of each turn, without turns that were taken back."""
    turns: list[list[Fact]] = []
    for fact in facts:
        if isinstance(fact, TurnStarted):
            turns.append([fact])
        elif isinstance(fact, TurnUndone):
            del turns[-1:]
        elif turns:
            turns[-1].append(fact)
    return turns


def is_over(turn: Iterable[Fact]) -> bool:
    """True for a turn that has ended."""
    return any(isinstance(fact, TurnEnded) for fact in turn)


def last_turn(facts: Iterable[Fact]) -> Sequence[Fact]:
    """The facts of the last turn; none where nothing was said."""
    turns = turns_of(facts)
    return turns[-1] if turns else ()


_PERSONS = CallAsked | CallDecided | QuestionExpired | SignInAsked | SignInDone
"""After these a turn has nothing to do, or has it since the person has answered."""


def was_interrupted(turn: Sequence[Fact]) -> bool:
    """True for a turn that was doing something when it broke off, and not only waiting for answers."""
    in_flight = set[str]()
    for fact in turn:
        match fact:
            case CallDispatched():
                in_flight.add(fact.call_id)
            case CallReturned() | CallFailed() | CallNotExecuted() | CallInterrupted() | CallUnknown():
                in_flight.discard(fact.call_id)
            case _:
                pass
    return bool(in_flight) or not isinstance(turn[-1], _PERSONS)


def _answer(turn: Sequence[Fact]) -> str:
    """What the turn has answered, or had written when it broke off."""
    partial = next((fact.partial for fact in turn if isinstance(fact, TurnEnded)), "")
    said = [fact.text for fact in turn if isinstance(fact, AnswerReceived)]
    said = said or [fact.text for fact in turn if isinstance(fact, ReplyReceived) and not fact.calls]
    return cut(said[-1] if said else partial, MAX_ANSWER_AGAIN)


def show_again(view: TerminalView, turn: Sequence[Fact], after: int = 0) -> None:
    """Shows a turn as if it came now, as far as it went, from its fact `after` on; a long answer only in part."""
    answer = TextDelta(state="responding", text=_answer(turn))
    for fact in turn[after:]:
        if isinstance(fact, TurnStarted):
            view.part()
            view.person(cut(clean_line(fact.text), MAX_SAID_AGAIN))
        if isinstance(fact, TurnEnded):
            view.show(answer)
        if not isinstance(fact, AnswerReceived):
            view.show(fact)


def _heading(kept: Kept, shown: int) -> str:
    what = "all of it" if kept.turns <= shown else f"the last {shown} of {kept.turns} turns"
    when = local_time(kept.updated, TO_THE_SECOND)
    return f"going on with {kept.conversation}, “{clean_line(kept.title)}”, last touched {when}; {what}:"


def show_last(view: TerminalView, kept: Kept, facts: Iterable[Fact]) -> Sequence[Fact]:
    """Shows the last few turns under a heading; returns the facts of the last one."""
    turns = turns_of(facts)
    last = turns[-MAX_TURNS_AGAIN:]
    view.notice(_heading(kept, len(last)))
    for turn in last:
        show_again(view, turn)
    return turns[-1] if turns else ()


def _waits(chat: Conversation) -> bool:
    """True while it waits for the person."""
    return bool(chat.pending or chat.sign_ins)


Show = Callable[[Sequence[Fact], int], None]
"""Shows a turn that another process drives, from one of its facts on."""


class Carrying:
    """Carries on the turn that a conversation was left in, once nobody else does."""

    def __init__(self, turns: Turns, notice: Callable[[str], None], show: Show) -> None:
        """`notice` is told what the program does, `show` what another process has appended."""
        self._turns = turns
        self._notice = notice
        self._show = show
        self._last_sign = 0.0

    async def run(self, chat: Conversation, shown: Sequence[Fact], kept: Kept) -> EndReason | None:
        """Stays until the turn has ended, or only questions are open that are answered elsewhere or later.

        `shown` is what the audience knows of the turn. Returns, and raises, as `Turns.run`.
        """
        self._last_sign = kept.updated
        if was_interrupted(shown):
            end = await self._turns.go_on(chat, self._announce)
        elif isinstance(shown[-1], CallDecided | SignInDone):
            end = await self._turns.go_on(chat, lambda: self._notice(ANSWERED))
        else:
            end = await self._turns.go_on(chat)
        return end if end is not None or _waits(chat) else await self._wait(chat, len(shown))

    async def from_elsewhere(self, chat: Conversation) -> EndReason | None:
        """Shows what others have made of the turn since the person was asked something in it, and stays as `run`."""
        facts = await chat.facts()
        known = self._turns.known
        if known is None or _waits(chat):
            return None
        return await self._wait(chat, known - (len(facts) - len(last_turn(facts))))

    def _announce(self) -> None:
        self._notice(INTERRUPTED_TURN.format(local_time(self._last_sign, TO_THE_SECOND)))

    async def _wait(self, chat: Conversation, known: int) -> EndReason | None:
        until, is_told = time.monotonic() + MAX_WAIT, False
        while True:
            turn = last_turn(await chat.facts())
            if len(turn) > known:
                self._show(turn, known)
                known, self._last_sign = len(turn), time.time()
            if is_over(turn):
                return next(fact.reason for fact in turn if isinstance(fact, TurnEnded))
            if time.monotonic() > until:
                self._notice(STILL_THERE)
                return None
            if not is_told:
                self._notice(WAITING)
                is_told = True
            if not await self._turns.pause(LOOK_PAUSE):
                return "cancelled"
            end = await self._turns.go_on(chat, self._announce)
            if end is not None or _waits(chat):
                return end
