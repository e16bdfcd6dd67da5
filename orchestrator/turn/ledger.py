"""A conversation's facts in the journal, and the history they make: read, appended, never out of step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import anyio

from orchestrator.errors import JournalConflict, UsageError
from orchestrator.events import Fact, TurnStarted
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.turn.history import History, advance
from orchestrator.turn.state import TurnState


class Ledger:
    """One process's view of one conversation."""

    def __init__(self, conversation: ConversationId, journal: Journal, person: str | None = None) -> None:
        """`person` is whose conversation it is; without one it is not looked at."""
        self.conversation = conversation
        self._person = person
        self.history = History()
        self._journal = journal
        self._lock = anyio.Lock(fast_acquire=True)
        """Held while the journal and the history are brought in step: two who do it at once would count facts twice."""

    async def refresh(self) -> None:
        """Takes in what others have appended. Raises: `UsageError` when it is another person's."""
        async with self._lock:
            await self._catch_up()

    async def _catch_up(self) -> None:
        for fact in self._own(await self._journal.read(self.conversation, after=self.history.sequence)):
            self.history = advance(self.history, fact)

    def _own(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts as they are. Raises: `UsageError` when one of them is a message of another person."""
        for fact in facts:
            if self._person is not None and isinstance(fact, TurnStarted) and fact.person != self._person:
                raise UsageError(
                    f"conversation {self.conversation!r} is another person's, not that of {self._person!r}"
                )
        return facts

    async def facts(self) -> Sequence[Fact]:
        """Everything that is kept. Raises: `UsageError` when it is another person's."""
        return self._own(await self._journal.read(self.conversation))

    async def append(self, *facts: Fact, on: int | None = None) -> None:
        """Keeps facts that were decided on a history of `on` facts, by default the one of this moment.

        Raises: `JournalConflict` when it has grown; the history is then up to date.
        """
        if not facts:
            return
        async with self._lock:
            expected = self.history.sequence if on is None else on
            if expected != self.history.sequence:
                raise JournalConflict(f"conversation {self.conversation!r} has grown since it was read")
            try:
                await self._journal.append(self.conversation, expected, facts)
            except JournalConflict:
                await self._catch_up()
                raise
            for fact in facts:
                self.history = advance(self.history, fact)

    async def record(self, *facts: Fact) -> None:
        """Keeps facts that are true whatever others have appended: what came of something that was done."""
        while True:
            try:
                return await self.append(*facts)
            except JournalConflict:
                continue

    async def settle(self, started: TurnStarted, following: Callable[[TurnState], Iterable[Fact]]) -> Sequence[Fact]:
        """Keeps what follows from where a turn stands, anew where others append meanwhile; nothing once it is over."""
        while (turn := self.history.turn) is not None and turn.started is started:
            known, facts = self.history.sequence, tuple(following(turn))
            try:
                await self.append(*facts, on=known)
            except JournalConflict:
                continue
            return facts
        return ()
