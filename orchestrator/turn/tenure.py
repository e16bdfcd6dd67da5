"""One driver's hold on a turn: it appends under its lease, and the lease is kept alive while it drives.

Facts that nothing outside depends on yet are *noted*: they are written together with the next one that something does
depend on, in one step, so that a turn costs few commits. Nothing is dispatched, asked of a model or waited for before
what was noted is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup

from orchestrator.errors import ConversationHeld, JournalConflict, LeaseLost, StoreError
from orchestrator.events import Fact, TurnStarted
from orchestrator.journal.base import Lease
from orchestrator.turn.ahead import Ahead
from orchestrator.turn.history import History
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.machine import ending
from orchestrator.turn.patience import patiently
from orchestrator.turn.state import TurnState
from orchestrator.turn.waking import wake_of
from orchestrator.wholeness import done_whole

RENEWALS = 3
"""How often a lease is renewed in the time that it lasts."""

T = TypeVar("T")


class Tenure:
    """Holds the lease of one turn; made by `begin` or `take_over`."""

    def __init__(self, ledger: Ledger, lease: Lease, *, since: float) -> None:
        """`since` is a reading of the monotonic clock from before the lease was asked for."""
        self._ledger = ledger
        self._lease = lease
        self._live_until = since + lease.seconds
        self._noted: Ahead | None = None
        self._first_look: asyncio.TimerHandle | None = None
        self._beginning: asyncio.Future[None] | None = None
        self._keeping: anyio.CancelScope | None = None

    @classmethod
    async def begin(cls, ledger: Ledger, *facts: Fact, on: int) -> Tenure:
        """Claims the conversation, with facts that were decided on a history of `on` facts.

        Raises: `JournalConflict`, `ConversationHeld`, `StoreError`.
        """
        since = time.monotonic()
        claim = await done_whole(ledger.claim(*facts, on=on))
        tenure = cls(ledger, claim.result, since=since)
        if claim.cancelled is not None:
            await done_whole(tenure._undo(has_begun=bool(facts)))
            raise claim.cancelled
        return tenure

    async def _undo(self, *, has_begun: bool) -> None:
        """Gives back what was claimed for somebody who is not there any more; a turn that it began is ended."""
        turn = self._ledger.history.turn
        with suppress(LeaseLost, StoreError):
            if has_begun and turn is not None:
                await self.settle(turn.started, ending)
            else:
                await self.release()

    @classmethod
    async def take_over(cls, ledger: Ledger, *, now: float) -> Tenure | None:
        """Claims a turn that can go on; None where there is none, or another process drives it. Raises: `StoreError`.

        `now` is in seconds since the epoch.
        """
        while True:
            await ledger.refresh()
            wake = wake_of(ledger.history.turn)
            if wake is None or wake > now:
                return None
            try:
                return await cls.begin(ledger, on=ledger.history.sequence)
            except JournalConflict:
                continue
            except ConversationHeld:
                return None

    @property
    def history(self) -> History:
        """The conversation with what was noted; others may have appended since."""
        noted, kept = self._noted, self._ledger.history
        return noted.history if noted is not None and noted.base is kept else kept

    @property
    def has_noted(self) -> bool:
        """True while something waits to be written with what comes next."""
        return self._noted is not None

    # --- facts

    def note(self, *facts: Fact, on: int) -> None:
        """Takes in facts that were decided on a history of `on` facts, to be written with the next ones.

        Raises: `JournalConflict` when it has grown; what was noted before is then gone.
        """
        self._check(on)
        noted = self._noted or Ahead.of(self._ledger.history)
        self._noted = noted.with_facts(self._ledger.discreet(facts))

    def _check(self, on: int) -> None:
        if self.history.sequence != on:
            self._noted = None
            raise JournalConflict(f"conversation {self._ledger.conversation!r} has grown since it was read")

    async def append(self, *facts: Fact, on: int) -> Sequence[Fact]:
        """Writes what was noted, and these; returns them all.

        Raises: `JournalConflict`, after which nothing is noted any more; `LeaseLost`; `StoreError`.
        """
        self._check(on)
        return await self._write(facts)

    async def _write(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        if not facts and self._noted is None:
            return ()
        noted, self._noted = self._noted or Ahead.of(self._ledger.history), None
        if noted.base is not self._ledger.history:
            raise JournalConflict(f"conversation {self._ledger.conversation!r} has grown since it was read")
        known = self._ledger.history.sequence
        ahead = noted.with_facts(facts)
        try:
            # takes secrets out of what was noted, too: more may be secret by now
            return await self._signed(
                lambda: self._ledger.append(*ahead.facts, on=known, lease=self._lease, ahead=ahead)
            )
        except JournalConflict:
            written = self._ledger.discreet(ahead.facts)
            if not await self._has_kept(written, known):
                raise
            return written

    async def _has_kept(self, written: Sequence[Fact], known: int) -> bool:
        """True when a try that seemed to fail was kept after all."""
        kept = await self._ledger.journal.read(self._ledger.conversation, after=known)
        return tuple(kept[: len(written)]) == tuple(written)

    async def flush(self) -> Sequence[Fact]:
        """Writes what was noted, if anything was. Raises as `append`."""
        return await self._write(()) if self._noted else ()

    async def record(self, *facts: Fact) -> Sequence[Fact]:
        """Writes facts that are true whatever others have appended. Raises: `LeaseLost`, `StoreError`."""
        while True:
            try:
                return await self._write(facts)
            except JournalConflict:
                continue

    async def settle(self, started: TurnStarted, following: Callable[[TurnState], Iterable[Fact]]) -> Sequence[Fact]:
        """Writes what follows from where a turn stands; nothing once it is over. Raises: `LeaseLost`, `StoreError`."""
        while (turn := self.history.turn) is not None and turn.started is started:
            try:
                return await self._write(tuple(following(turn)))
            except JournalConflict:
                continue
        return ()

    # --- the lease

    def keep_alive(self, tasks: TaskGroup) -> None:
        """Has the lease renewed from time to time, until `stop`.

        Where a turn takes long enough for that, it is done in a task of these, which raises `LeaseLost`, `StoreError`.
        """
        loop = asyncio.get_running_loop()
        self._first_look = loop.call_later(self._lease.seconds / RENEWALS, self._begin_to_renew, tasks)

    def _begin_to_renew(self, tasks: TaskGroup) -> None:
        async def begin() -> None:  # only what is a task itself may start one of anyio's
            self._keeping = anyio.CancelScope()
            tasks.start_soon(self._keep_renewing, self._keeping)

        self._beginning = asyncio.ensure_future(begin())

    async def _keep_renewing(self, keeping: anyio.CancelScope) -> None:
        pause = self._lease.seconds / RENEWALS
        with keeping:
            while True:
                if self._live_until - time.monotonic() < self._lease.seconds - pause:
                    await self._signed(lambda: self._ledger.journal.renew(self._lease))
                await anyio.sleep(pause)

    async def ensure(self) -> None:
        """Returns while nobody else can have taken the turn over, also where this process was paused.

        Raises: `LeaseLost`, `StoreError`.
        """
        if time.monotonic() >= self._live_until:
            await self._signed(lambda: self._ledger.journal.renew(self._lease))

    def stop(self) -> None:
        """Lets the lease run out."""
        for step in (self._first_look, self._beginning, self._keeping):
            if step is not None:
                step.cancel()

    async def release(self) -> None:
        """Leaves the turn to whoever claims it next; what was only noted is lost. Raises: `StoreError`."""
        await self._ledger.journal.release(self._lease)

    async def _signed(self, write: Callable[[], Awaitable[T]]) -> T:
        """A sign of life; where the store fails it is tried again for a while."""

        async def once() -> T:
            since = time.monotonic()
            done = await write()
            self._live_until = since + self._lease.seconds
            return done

        return await patiently(once)
