"""How a turn of a conversation begins: what was said becomes facts, kept together with the claim to drive it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from orchestrator.content import CardAction
from orchestrator.errors import ConversationEnded, ConversationError, JournalConflict
from orchestrator.events import Fact, TurnStarted
from orchestrator.turn.actions import attributed, call_of
from orchestrator.turn.deciding import closed_history
from orchestrator.turn.history import History
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.saying import refuse_unsayable, refuse_while_undecided, text_of
from orchestrator.turn.services import TurnServices
from orchestrator.turn.tenure import Tenure
from runtimes.base import Attachment

FENCE_BYTES = 8
"""Bytes of the random mark that parts results from instructions in one turn."""


class Opening:
    """Begins the turns of one conversation."""

    def __init__(
        self,
        ledger: Ledger,
        files: KeptFiles,
        services: Callable[[str | None], TurnServices],
        *,
        person: str,
        locale: str | None,
        is_attended: bool | None,
        documents: Mapping[str, str],
        sources: tuple[str, ...],
    ) -> None:
        """`is_attended` is None where nobody has said: then it is as it was in the last turn."""
        self._ledger = ledger
        self._files = files
        self._services = services
        self._person = person
        self._locale = locale
        self._is_attended = is_attended
        self._documents = dict(documents)
        self._sources = sources

    @property
    def locale(self) -> str | None:
        """The language of the last turn, else the one that was chosen."""
        last = self._ledger.history.last
        return last.started.locale if last is not None else self._locale

    @property
    def is_attended(self) -> bool:
        """False when nobody is asked."""
        if self._is_attended is not None:
            return self._is_attended
        last = self._ledger.history.last
        return last is None or last.started.attended

    async def begin(
        self, message: str | CardAction, attachments: Sequence[Attachment], *, supersede: bool
    ) -> tuple[Tenure, Sequence[Fact]]:
        """Claims the conversation, and says with which facts the turn begins. Raises: as `Conversation.ask`.

        What this process knows of it is taken for what there is: where others have said more, the claim tells.
        """
        refuse_unsayable(message, attachments)
        is_current = self._ledger.history.sequence == 0 or isinstance(message, CardAction)
        if is_current:
            await self._ledger.refresh()
        while True:
            known, services = self._ledger.history, self._services(self.locale)
            try:
                self._refuse(known, services, supersede=supersede)
            except ConversationError:
                if is_current:
                    raise
                await self._ledger.refresh()
                is_current = True
                continue
            closed, ending = closed_history(known, "superseded by a new message", self._person)
            begun = self._ledger.discreet(await self._facts(closed, services, message, attachments))
            try:
                return await Tenure.begin(self._ledger, *ending, *begun, on=known.sequence), begun
            except JournalConflict:
                is_current = True

    def _refuse(self, known: History, services: TurnServices, *, supersede: bool) -> None:
        """Raises: `ConversationEnded`, `QuestionsPending`."""
        if known.is_ended:
            raise ConversationEnded("this conversation has ended; start a new one")
        if not supersede:
            refuse_while_undecided(known, services.clock())

    async def _facts(
        self,
        history: History,
        services: TurnServices,
        message: str | CardAction,
        attachments: Sequence[Attachment],
    ) -> Sequence[Fact]:
        """What begins a turn: what was said, and the call that a choice on a card makes."""
        action = attributed(message, history.turns) if isinstance(message, CardAction) else None
        started = TurnStarted(
            text=text_of(message),
            person=self._person,
            documents=self._documents,
            locale=self.locale,
            attachments=await self._files.keep(attachments),
            action=action,
            fence=secrets.token_hex(FENCE_BYTES),
            set_aside=history.set_aside_next,
            attended=self.is_attended,
            sources=self._sources,
            history_tokens=services.requests.rules.limits.history_tokens,
        )
        made = call_of(action, services.requests.toolbox) if action is not None else None
        return (started,) if made is None else (started, made)
