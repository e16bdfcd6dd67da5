"""The conversations of a host that somebody holds, and those that were left and can go on."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from weakref import WeakValueDictionary

import anyio

from auth import SecretsInUse
from orchestrator.conversation import Conversation
from orchestrator.errors import ConversationBusy, LeaseLost, StoreDamaged, StoreError, StoreNewer, UsageError
from orchestrator.journal.base import ConversationId, Forgetful, Journal, Lease
from orchestrator.labels import CLEAN, Label
from orchestrator.reply import Reply
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.live_questions import Asks
from orchestrator.turn.services import TurnServices
from orchestrator.turn.streaming import Spawn

MAX_AT_HAND = 32
"""How many conversations that nobody holds are at hand all the same, so that going on with them needs no reading."""

Told = Callable[[ConversationId, Reply | StoreError], None]
"""Takes where a turn stands that was gone on with, or why what is kept of it cannot be read."""


class OpenConversations:
    """Hands out conversations: one object for each, as long as somebody holds it.

    Those that nobody holds, but for the last few, take no memory; the journal has all that was said in them.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        documents: Mapping[str, str],
        sources: tuple[str, ...],
        services: Callable[[str | None], TurnServices],
        spawn: Spawn,
        secrets: SecretsInUse | None = None,
    ) -> None:
        """`documents` is the hash of each plugin's manifest by its namespace; `secrets` are kept in no fact."""
        self.journal = journal
        self._forgetful = journal if isinstance(journal, Forgetful) else None
        self._documents = dict(documents)
        self._sources = sources
        self._services = services
        self._spawn = spawn
        self._secrets = secrets if secrets is not None else SecretsInUse()
        self._held: WeakValueDictionary[ConversationId, Conversation] = WeakValueDictionary()
        self._at_hand: deque[Conversation] = deque(maxlen=MAX_AT_HAND)

    def open(
        self,
        id: ConversationId | None,
        *,
        person: str,
        locale: str | None,
        attended: bool | None,
        read: Label = CLEAN,
        asks: Asks | None = None,
    ) -> Conversation:
        """As `Orchestrator.conversation`."""
        conversation = id or secrets.token_hex(8)
        opened = self._held.get(conversation)
        if opened is not None and (opened.is_known or opened.person == person):
            _refuse_difference(opened, person, attended)
            if read != CLEAN:
                raise UsageError(f"conversation {conversation!r} is open; `read` is for a new one")
        else:
            ledger = Ledger(conversation, self.journal, person, self._secrets)
            opened = self._made(ledger, person=person, locale=locale, attended=attended, read=read)
        opened.asks = asks
        return opened

    def _made(
        self, ledger: Ledger, *, person: str, locale: str | None, attended: bool | None, read: Label = CLEAN
    ) -> Conversation:
        conversation = Conversation(
            ledger,
            person=person,
            locale=locale,
            documents=self._documents,
            services=_in_view_of(read, self._services),
            spawn=self._spawn,
            is_attended=attended,
            sources=self._sources,
        )
        self._held[conversation.id] = conversation
        if self._forgetful is not None:
            self._forgetful.spare(conversation)
        self._at_hand.append(conversation)
        return conversation

    async def run_pending(self, *, at_once: int, told: Told | None = None) -> int:
        """As `Orchestrator.run_pending`."""
        carried_on, busy = 0, list[Lease]()

        async def carry_on() -> None:
            nonlocal carried_on
            since = time.monotonic()
            while (lease := await self.journal.take(self._documents)) is not None:
                try:
                    came_of_it = await self._carry_on(lease, since, told)
                    carried_on += came_of_it
                except ConversationBusy:  # somebody here reads its stream; nobody else shall wait for that
                    busy.append(lease)
                since = time.monotonic()

        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(at_once):
                    tasks.start_soon(carry_on)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        for lease in busy:
            await self.journal.release(lease)
        return carried_on

    async def _carry_on(self, lease: Lease, since: float, told: Told | None) -> bool:
        """Goes on with one turn that was left; False where nothing came of it. Raises: `ConversationBusy`."""
        try:
            conversation = self._held.get(lease.conversation)
            if conversation is None or not conversation.is_known:
                conversation = await self._taken_up(lease.conversation)
            reply: Reply | StoreError | None = await conversation.carry_on(lease, since)
        except LeaseLost:
            return False
        except (StoreDamaged, StoreNewer) as error:  # of this conversation; under its lease nobody else comes upon it
            reply = error
        if reply is not None and told is not None:
            told(lease.conversation, reply)
        return reply is not None

    async def _taken_up(self, id: ConversationId) -> Conversation:
        ledger = Ledger(id, self.journal, secrets=self._secrets)
        await ledger.refresh()
        assert ledger.history.last is not None  # it has a turn that can go on
        started = ledger.history.last.started
        return self._made(ledger, person=started.person, locale=started.locale, attended=None)


def _in_view_of(read: Label, services: Callable[[str | None], TurnServices]) -> Callable[[str | None], TurnServices]:
    """The services of a conversation whose calls somebody writes who has read these data elsewhere."""
    if read == CLEAN:
        return services

    def seen(locale: str | None) -> TurnServices:
        made = services(locale)
        return replace(made, consent=replace(made.consent, read=read))

    return seen


def _refuse_difference(held: Conversation, person: str, attended: bool | None) -> None:
    """Raises: `UsageError`."""
    if held.person != person:
        raise UsageError(f"conversation {held.id!r} is another person's, not that of {person!r}")
    if attended not in (None, held.is_attended):
        is_so = "attended" if held.is_attended else "not attended"
        raise UsageError(f"conversation {held.id!r} is {is_so} already; leave `attended` out to go on")
