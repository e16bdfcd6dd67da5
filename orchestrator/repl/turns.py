"""One turn from the message to its end: its events are shown, its questions answered, and Ctrl-C stops it.

What a plugin asks while a call runs is answered between the events, so that nothing else is written meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing
from typing import Protocol

import anyio

from orchestrator.content import CardAction
from orchestrator.conversation import Conversation
from orchestrator.events import EndReason, Event, Fact, TurnEnded
from orchestrator.repl.answering import Answering
from orchestrator.repl.interrupts import Interrupts
from orchestrator.signals import QuestionRaised
from runtimes.base import Attachment


class Audience(Protocol):
    """Whoever is shown the events."""

    def following(self) -> AbstractContextManager[None]:
        """Entered while events come."""
        ...

    def show(self, event: Event, /) -> None:
        """Shows one event."""
        ...

    def stopped(self) -> None:
        """Says that the person has stopped the turn."""
        ...


class LiveAnswering(Protocol):
    """Answers what a plugin asks while a call of its runs."""

    def has(self, raised: QuestionRaised, /) -> bool:
        """True where that question waits for an answer."""
        ...

    async def put(self, raised: QuestionRaised, /) -> bool:
        """Asks; False where the person has left it unanswered."""
        ...


def _unshown(kept: Sequence[Fact], shown: Sequence[Fact]) -> Iterator[Fact]:
    """What is kept since the first fact that was shown, and was not shown itself."""
    if not shown or shown[0] not in kept:
        return
    left = list(shown)
    for fact in kept[len(kept) - 1 - kept[::-1].index(shown[0]) :]:
        if fact in left:
            left.remove(fact)
        else:
            yield fact


class Turns:
    """Runs the turns of conversations before one audience."""

    def __init__(
        self,
        audience: Audience,
        answering: Answering | None,
        interrupts: Interrupts,
        signing_in: Answering | None = None,
        live: LiveAnswering | None = None,
    ) -> None:
        """`answering` and `live` are None where nobody is asked, `signing_in` where nobody can sign in."""
        self._audience = audience
        self._answering = answering
        self._signing_in = signing_in
        self._live = live
        self._interrupts = interrupts
        self._end: EndReason | None = None
        self.known: int | None = None
        """How many facts were kept when the person was last asked something in this turn; None where they were not."""

    async def run(
        self, chat: Conversation, message: str | CardAction, attachments: Sequence[Attachment] = ()
    ) -> EndReason | None:
        """Sends a message and stays until its turn has ended; None when a question or a sign-in was left open.

        What is still open is put aside by it, unless nobody is asked here: somebody else may be about to answer.
        Raises: `ConversationError`, `UsageError`.
        """
        self.known = None
        await self._follow(chat, chat.send(message, attachments=attachments, supersede=self._answering is not None))
        return await self._answered(chat)

    async def go_on(self, chat: Conversation, before: Callable[[], None] | None = None) -> EndReason | None:
        """Goes on with a turn that was left; None also where there is nothing to do, or another process does it.

        `before` is called when there is something to show. Raises: `ConversationError`.
        """
        await self._follow(chat, chat.resume_stream(), before)
        return await self._answered(chat)

    async def pause(self, seconds: float) -> bool:
        """Waits; False when Ctrl-C has ended the waiting."""
        with self._interrupts.stoppable() as scope:
            await anyio.sleep(seconds)
        return not scope.cancelled_caught

    async def _answered(self, chat: Conversation) -> EndReason | None:
        while (chat.pending or chat.sign_ins) and self._end is None:
            asking = self._answering if chat.pending else self._signing_in
            if asking is None:
                return None
            self.known = len(await chat.facts())
            if not await asking(chat):
                return None
            await self._follow(chat, chat.resume_stream())
        return self._end

    async def _follow(
        self, chat: Conversation, events: AsyncGenerator[Event], before: Callable[[], None] | None = None
    ) -> None:
        self._end = None
        shown: list[Fact] = []
        has_left = False
        async with aclosing(events):
            with self._interrupts.stoppable() as scope:
                while (raised := await self._show(events, shown, before)) is not None:
                    before = None
                    if await self._asked(raised):
                        has_left = False
                    elif has_left:
                        scope.cancel()
                    else:
                        has_left = True
        if scope.cancelled_caught:
            self._end = "cancelled"
            await self._tell_rest(chat, shown)

    async def _show(
        self, events: AsyncGenerator[Event], shown: list[Fact], before: Callable[[], None] | None
    ) -> QuestionRaised | None:
        """Shows events until there are no more, or until one that the person is to answer."""
        with self._audience.following():
            async for event in events:
                if before is not None:
                    before()
                    before = None
                self._audience.show(event)
                if isinstance(event, Fact):
                    shown.append(event)
                if isinstance(event, TurnEnded):
                    self._end = event.reason
                if isinstance(event, QuestionRaised) and self._live is not None and self._live.has(event):
                    return event
        return None

    async def _asked(self, raised: QuestionRaised) -> bool:
        """False where the person has left the question unanswered: done twice in a row, that stops the turn."""
        return self._live is None or await self._live.put(raised)

    async def _tell_rest(self, chat: Conversation, shown: Sequence[Fact]) -> None:
        """What was kept while the turn was being stopped, such as that nobody knows what became of a call."""
        rest = tuple(_unshown(await chat.facts(), shown))
        for fact in rest:
            self._audience.show(fact)
        if not any(isinstance(fact, TurnEnded) for fact in rest):
            self._audience.stopped()
