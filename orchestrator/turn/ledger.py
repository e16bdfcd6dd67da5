"""A conversation's facts in the journal, and the history they make: read, appended, never out of step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from auth import SecretsInUse
from orchestrator.errors import ConversationGone, JournalConflict, UsageError
from orchestrator.events import Fact, TurnStarted
from orchestrator.journal.base import ConversationId, Journal, Lease
from orchestrator.masked_events import masked_events
from orchestrator.turn.ahead import Ahead
from orchestrator.turn.history import History, advanced
from orchestrator.turn.waking import wake_of


class Ledger:
    """One process's view of one conversation; nothing in it, and nothing that it keeps, has a secret in use."""

    def __init__(
        self,
        conversation: ConversationId,
        journal: Journal,
        person: str | None = None,
        secrets: SecretsInUse | None = None,
    ) -> None:
        """`person` is whose conversation it is; without one it is not looked at."""
        self.conversation = conversation
        self.journal = journal
        self._person = person
        self._secrets = secrets if secrets is not None else SecretsInUse()
        self.history = History()
        self._lock = asyncio.Lock()
        """Held while the journal and the history are brought in step: two who do it at once would count facts twice."""

    def discreet(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts as they are kept: without secrets."""
        return masked_events(facts, self._secrets)

    async def refresh(self) -> None:
        """Takes in what others have appended. Raises: `UsageError` when it is another person's, `StoreError`."""
        async with self._lock:
            await self._catch_up()

    async def _catch_up(self) -> None:
        facts = self._own(await self.journal.read(self.conversation, after=self.history.sequence))
        self.history = advanced(self.history, facts)

    async def _take_in_conflict(self) -> None:
        """Takes in what others have appended. Raises: `ConversationGone` where they have appended nothing."""
        known = self.history.sequence
        await self._catch_up()
        if self.history.sequence == known:
            raise ConversationGone(self.conversation) from None

    def _own(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts, without what has become known as a secret since.

        Raises: `UsageError` when one of them is a message of another person.
        """
        for fact in facts:
            if self._person is not None and isinstance(fact, TurnStarted) and fact.person != self._person:
                raise UsageError(
                    f"conversation {self.conversation!r} is another person's, not that of {self._person!r}"
                )
        return self.discreet(facts)

    async def facts(self) -> Sequence[Fact]:
        """Everything that is kept. Raises: `UsageError` when it is another person's."""
        return self._own(await self.journal.read(self.conversation))

    async def append(
        self, *said: Fact, on: int | None = None, lease: Lease | None = None, ahead: Ahead | None = None
    ) -> Sequence[Fact]:
        """Keeps facts that were decided on a history of `on` facts, by default the one of this moment.

        Returns them as they are kept. `ahead` may say already what becomes of the history with them.
        Raises: `JournalConflict` when it has grown; the history is then up to date. `ConversationGone`, `LeaseLost`,
        `StoreError`.
        """
        if not said:
            return ()
        facts = self.discreet(said)
        async with self._lock:
            expected = self._expected(on)
            is_foreseen = ahead is not None and ahead.holds_for(self.history, facts)
            after = ahead.history if ahead is not None and is_foreseen else advanced(self.history, facts)
            try:
                wake = wake_of(after.turn)
                await self.journal.append(self.conversation, expected, facts, wake=wake, lease=lease)
            except JournalConflict:
                await self._take_in_conflict()
                raise
            self.history = after
        return facts

    async def claim(self, *said: Fact, on: int) -> Lease:
        """Makes the caller the driver of the turn, and keeps facts with it.

        Raises: as `append`, and `ConversationHeld` while another process drives it.
        """
        facts = self.discreet(said)
        async with self._lock:
            expected, after = self._expected(on), advanced(self.history, facts)
            try:
                lease = await self.journal.claim(self.conversation, expected, facts, wake=wake_of(after.turn))
            except JournalConflict:
                await self._take_in_conflict()
                raise
            self.history = after
        return lease

    def _expected(self, on: int | None) -> int:
        if on is not None and on != self.history.sequence:
            raise JournalConflict(f"conversation {self.conversation!r} has grown since it was read")
        return self.history.sequence

    async def record(self, *facts: Fact) -> Sequence[Fact]:
        """As `append`, of facts that are true whatever others have appended: what came of something that was done."""
        while True:
            try:
                return await self.append(*facts)
            except JournalConflict:
                continue
