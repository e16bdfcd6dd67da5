"""The conversations of a host that somebody holds, and those that were left and can go on."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

import anyio

from orchestrator.conversation import Conversation
from orchestrator.errors import ConversationBusy, LeaseLost, StoreDamaged, StoreError, StoreNewer, UsageError
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.reply import Reply
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.streaming import Spawn

MAX_AT_HAND = 32
"""How many conversations that nobody holds are at hand all the same, so that going on with them needs no reading."""

MAX_REMEMBERED = 10_000
"""How many conversations a host remembers the person of, besides the journal; the first ones go."""

Told = Callable[[ConversationId, Reply | StoreError], None]
"""Takes where a turn stands that was gone on with, or why what is kept of it cannot be read."""


@dataclass(frozen=True, slots=True)
class _Opened:
    person: str
    is_attended: bool | None


class OpenConversations:
    """Hands out conversations: one object for each, as long as somebody holds it.

    Those that nobody holds, but for the last few, take no memory but a line; the journal has all that was said in them.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        documents: Mapping[str, str],
        sources: tuple[str, ...],
        services: Callable[[str | None], TurnServices],
        spawn: Spawn,
    ) -> None:
        """`documents` is the hash of each plugin's manifest by its namespace."""
        self.journal = journal
        self._documents = dict(documents)
        self._sources = sources
        self._services = services
        self._spawn = spawn
        self._held: WeakValueDictionary[ConversationId, Conversation] = WeakValueDictionary()
        self._at_hand: deque[Conversation] = deque(maxlen=MAX_AT_HAND)
        self._opened: dict[ConversationId, _Opened] = {}

    def open(
        self, id: ConversationId | None, *, person: str, locale: str | None, attended: bool | None
    ) -> Conversation:
        """As `Orchestrator.conversation`."""
        conversation = id or secrets.token_hex(8)
        opened = self._opened.get(conversation)
        if opened is not None:
            _refuse_difference(conversation, opened, person, attended)
            attended = opened.is_attended
        else:
            self._remember(conversation, _Opened(person, attended))
        return self._held.get(conversation) or self._made(
            Ledger(conversation, self.journal, person), person=person, locale=locale, attended=attended
        )

    def _made(self, ledger: Ledger, *, person: str, locale: str | None, attended: bool | None) -> Conversation:
        conversation = Conversation(
            ledger,
            person=person,
            locale=locale,
            documents=self._documents,
            services=self._services,
            spawn=self._spawn,
            is_attended=attended,
            sources=self._sources,
        )
        self._held[conversation.id] = conversation
        self._at_hand.append(conversation)
        return conversation

    def _remember(self, conversation: ConversationId, opened: _Opened) -> None:
        if len(self._opened) >= MAX_REMEMBERED:
            del self._opened[next(iter(self._opened))]
        self._opened[conversation] = opened

    async def run_pending(self, *, at_once: int, told: Told | None = None) -> int:
        """As `Orchestrator.run_pending`."""
        carried_on = 0

        async def carry_on() -> None:
            nonlocal carried_on
            while await self._run_one(told):
                carried_on += 1

        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(at_once):
                    tasks.start_soon(carry_on)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return carried_on

    async def _run_one(self, told: Told | None) -> bool:
        """Goes on with one turn that was left; False where there is none."""
        lease = await self.journal.take(self._documents)
        if lease is None:
            return False
        try:
            conversation = self._held.get(lease.conversation) or await self._taken_up(lease.conversation)
            reply: Reply | StoreError | None = await conversation.carry_on(lease)
        except ConversationBusy:  # its own turn was paused for so long that the lease ran out, and will notice
            await self.journal.release(lease)
            return False
        except LeaseLost:
            return True
        except (StoreDamaged, StoreNewer) as error:  # of this conversation; under its lease nobody else comes upon it
            reply = error
        if reply is not None and told is not None:
            told(lease.conversation, reply)
        return reply is not None

    async def _taken_up(self, id: ConversationId) -> Conversation:
        ledger = Ledger(id, self.journal)
        await ledger.refresh()
        assert ledger.history.last is not None  # it has a turn that can go on
        started = ledger.history.last.started
        return self._made(ledger, person=started.person, locale=started.locale, attended=None)


def _refuse_difference(id: ConversationId, opened: _Opened, person: str, attended: bool | None) -> None:
    """Raises: `UsageError`."""
    if opened.person != person:
        raise UsageError(f"conversation {id!r} is another person's, not that of {person!r}")
    is_attended = opened.is_attended is not False
    if attended not in (None, is_attended):
        is_so = "attended" if is_attended else "not attended"
        raise UsageError(f"conversation {id!r} is {is_so} already; leave `attended` out to go on")
