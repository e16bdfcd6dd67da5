"""A journal that lives as long as the process, and keeps what is in use and the newest of the rest."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Literal
from weakref import WeakSet

import anyio

from orchestrator.errors import ConversationHeld, JournalConflict, LeaseLost
from orchestrator.events import Fact, TurnStarted
from orchestrator.journal.base import (
    AT_ONCE,
    LEASE_SECONDS,
    ConversationId,
    Holder,
    Kept,
    Lease,
    plugin_key,
    title_of,
)

MAX_AT_REST = 1000
"""How many conversations are kept that are over or wait for the next message, and that nobody holds."""

FORGET_SHARE = 8
"""What is too much is forgotten once it is this part of what may be kept: one eighth."""

MAX_FILES_BYTES = 64 * 1024 * 1024
"""How large all files of a conversation may be together; those that came first go."""


@dataclass(slots=True, kw_only=True)
class _Conversation:
    created: float
    updated: float
    facts: list[Fact] = field(default_factory=list[Fact])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    wake: float | None = None
    epoch: int = 0
    held_until: float = 0.0
    """By the same clock; 0 when nobody holds it."""

    @property
    def begun(self) -> Sequence[TurnStarted]:
        return [fact for fact in self.facts if isinstance(fact, TurnStarted)]


class MemoryJournal:
    """The in-memory twin of the journal.

    Of conversations at rest it keeps the `max_at_rest` that were used last, and up to one eighth more; None keeps all.
    It forgets none that somebody holds (`spare`), that runs, or that waits for an answer or a sign-in, and nothing at
    all as long as nobody has said what is held: behind a journal that does not pass `spare` on, it cannot know. One
    that is forgotten is as one that never was: its id begins anew.
    """

    def __init__(
        self,
        *,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
        max_at_rest: int | None = MAX_AT_REST,
    ) -> None:
        """`clock` tells seconds since the epoch, `lease_seconds` how long a lease is."""
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._max_at_rest = max_at_rest
        self._conversations: OrderedDict[ConversationId, _Conversation] = OrderedDict()
        """The one that was used last comes last."""
        self._look_at = self._next_look(0)
        self._holders: WeakSet[Holder] = WeakSet()
        self._is_told = False
        """True once somebody has said that they hold a conversation."""
        self._news = anyio.Event()
        self._epochs = count(1)

    def _known(self, conversation: ConversationId) -> _Conversation:
        kept = self._conversations.get(conversation)
        if kept is not None:
            self._conversations.move_to_end(conversation)
            return kept
        if self._is_told and self._look_at is not None and len(self._conversations) >= self._look_at:
            self._forget_rest()
        now = self._clock()
        kept = self._conversations[conversation] = _Conversation(created=now, updated=now)
        return kept

    # --- forgetting

    def spare(self, holder: Holder, /) -> None:
        """The conversation of this holder is not forgotten as long as that one lives."""
        self._holders.add(holder)
        self._is_told = True

    def _next_look(self, spared: int) -> int | None:
        """At how many conversations there is something to forget; where many are spared, they are looked over as seldom
        as few."""
        most = self._max_at_rest
        return None if most is None else spared + most + max((spared + most) // FORGET_SHARE, 1)

    def _forget_rest(self) -> None:
        """Forgets conversations at rest that nobody holds, the least recently used first."""
        assert self._max_at_rest is not None
        held = {holder.id for holder in self._holders}
        at_rest = [name for name, kept in self._conversations.items() if kept.wake is None and name not in held]
        for conversation in islice(at_rest, max(len(at_rest) - self._max_at_rest, 0)):
            del self._conversations[conversation]
        self._look_at = self._next_look(len(self._conversations) - min(len(at_rest), self._max_at_rest))

    # --- keeping

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
        kept = self._known(conversation)
        if lease is not None and kept.epoch != lease.epoch:
            raise LeaseLost(conversation)
        self._keep(conversation, kept, expected, facts, wake)
        if lease is not None:
            kept.held_until = self._until(wake)
        elif wake is not None and not self._is_held(kept):
            self._tell()
        return len(kept.facts)

    def _keep(
        self,
        conversation: ConversationId,
        kept: _Conversation,
        expected: int,
        facts: Sequence[Fact],
        wake: float | None,
    ) -> None:
        if len(kept.facts) != expected:
            raise JournalConflict(f"conversation {conversation!r} has grown since it was read")
        kept.facts.extend(facts)
        kept.updated = self._clock()
        kept.wake = wake

    def _until(self, wake: float | None) -> float:
        return self._clock() + self._lease_seconds if wake == AT_ONCE else 0.0

    def _is_held(self, kept: _Conversation) -> bool:
        return kept.held_until > self._clock()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        kept = self._conversations.get(conversation)
        if kept is None:
            return ()
        self._conversations.move_to_end(conversation)
        return tuple(kept.facts[after:])

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        kept = self._known(conversation)
        if self._is_held(kept):
            raise ConversationHeld(conversation)
        self._keep(conversation, kept, expected, facts, wake)
        return self._lease(conversation, kept)

    def _lease(self, conversation: ConversationId, kept: _Conversation) -> Lease:
        kept.epoch = next(self._epochs)
        kept.held_until = self._until(kept.wake)
        return Lease(conversation=conversation, epoch=kept.epoch, seconds=self._lease_seconds)

    async def renew(self, lease: Lease, /) -> None:
        kept = self._conversations.get(lease.conversation)
        if kept is None or kept.epoch != lease.epoch:
            raise LeaseLost(lease.conversation)
        kept.held_until = self._until(kept.wake)

    async def release(self, lease: Lease, /) -> None:
        kept = self._conversations.get(lease.conversation)
        if kept is not None and kept.epoch == lease.epoch:
            kept.held_until = 0.0
            self._tell()

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        due = [
            (kept.wake, kept.updated, conversation)
            for conversation, kept in self._conversations.items()
            if kept.wake is not None
            and kept.wake <= self._clock()
            and not self._is_held(kept)
            and (begun := kept.begun)
            and plugin_key(begun[-1].documents) == plugin_key(plugins)
        ]
        if not due:
            return None
        *_, conversation = min(due)
        kept = self._conversations[conversation]
        lease = self._lease(conversation, kept)
        kept.held_until = self._clock() + self._lease_seconds
        return lease

    async def has_work(self, timeout: float, /) -> None:
        with anyio.move_on_after(timeout):
            await self._news.wait()

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        files = self._known(conversation).files
        files.pop(sha256, None)
        files[sha256] = data
        while sum(map(len, files.values())) > MAX_FILES_BYTES:
            del files[next(iter(files))]

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        kept = self._conversations.get(conversation)
        return kept.files.get(sha256) if kept is not None else None

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        told = [
            Kept(
                conversation=conversation,
                person=begun[0].person,
                title=title_of(begun[0].text),
                turns=len(begun),
                facts=len(kept.facts),
                created=kept.created,
                updated=kept.updated,
                standing=self._standing(kept),
            )
            for conversation, kept in self._conversations.items()
            if (begun := kept.begun) and person in (None, begun[0].person)
        ]
        return sorted(told, key=lambda one: one.updated, reverse=True)

    def _standing(self, kept: _Conversation) -> Literal["at rest", "waiting", "running", "left"]:
        if kept.wake is None:
            return "at rest"
        if kept.wake > AT_ONCE:
            return "waiting"
        return "running" if self._is_held(kept) else "left"

    async def forget(self, conversation: ConversationId, /) -> bool:
        kept = self._conversations.get(conversation)
        if kept is None:
            return False
        if self._is_held(kept):
            raise ConversationHeld(conversation)
        del self._conversations[conversation]
        return True

    async def forget_before(self, time: float, /) -> int:
        old = [name for name, kept in self._conversations.items() if kept.updated < time and kept.wake is None]
        for conversation in old:
            del self._conversations[conversation]
        return len(old)
