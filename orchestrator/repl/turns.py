"""One turn from the message to its end: its events are shown, its questions answered, and Ctrl-C stops it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing
from typing import Protocol

from orchestrator.content import CardAction
from orchestrator.conversation import Conversation
from orchestrator.events import CallDecided, EndReason, Event, TurnEnded
from orchestrator.repl.confirm import Verdict
from orchestrator.repl.interrupts import Interrupts
from orchestrator.reply import Question
from runtimes.base import Attachment

Decide = Callable[[Question], Awaitable[Verdict | None]]
"""Answers a question; None leaves it open."""


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


class Turns:
    """Runs the turns of conversations before one audience."""

    def __init__(self, audience: Audience, decide: Decide, interrupts: Interrupts) -> None:
        self._audience = audience
        self._decide = decide
        self._interrupts = interrupts
        self._end: EndReason | None = None

    async def run(
        self, chat: Conversation, message: str | CardAction, attachments: Sequence[Attachment] = ()
    ) -> EndReason | None:
        """Sends a message and stays until its turn has ended; None when a question was left open.

        Raises: `ConversationError`, `UsageError`.
        """
        await self._follow(chat.send(message, attachments=attachments, supersede=True))
        while chat.pending and self._end is None:
            if not await self._answer(chat):
                return None
            await self._follow(chat.resume_stream())
        return self._end

    async def _follow(self, events: AsyncGenerator[Event]) -> None:
        self._end = None
        async with aclosing(events):
            with self._interrupts.stoppable() as scope, self._audience.following():
                async for event in events:
                    self._audience.show(event)
                    if isinstance(event, TurnEnded):
                        self._end = event.reason
        if scope.cancelled_caught:
            self._end = "cancelled"
            self._audience.stopped()

    async def _answer(self, chat: Conversation) -> bool:
        """Answers every open question; False when one is left open."""
        for question in chat.pending:
            verdict = await self._decide(question)
            if verdict is None:
                return False
            outcome = await chat.decide(question.call_id, approve=verdict.approve, note=verdict.note)
            if outcome == "accepted":
                self._audience.show(_decided(question, verdict, chat.person))
        return True


def _decided(question: Question, verdict: Verdict, person: str) -> CallDecided:
    """The decision as it is shown; the one that is kept was made by the conversation."""
    return CallDecided(
        call_id=question.call_id,
        decision="approve" if verdict.approve else "decline",
        by=person,
        note=verdict.note,
    )
