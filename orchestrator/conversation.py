"""One conversation: messages in, events out, questions answered in between."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, contextmanager
from typing import Literal

import anyio

from orchestrator.content import CardAction
from orchestrator.errors import (
    ConversationBusy,
    ConversationEnded,
    JournalConflict,
    UnknownName,
    UsageError,
)
from orchestrator.events import Event, Fact, TurnStarted, TurnUndone
from orchestrator.model.base import Usage
from orchestrator.reply import Question, Reply, question_of, reply_of
from orchestrator.turn.actions import attributed, call_of
from orchestrator.turn.deciding import asked_call, closing, decision_on, own_arguments, settled_by
from orchestrator.turn.driver import TurnDriver, TurnServices
from orchestrator.turn.explain import explain
from orchestrator.turn.files import HeldFiles
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.replies import Emit
from orchestrator.turn.saying import refuse_unsayable, refuse_while_undecided, text_of
from orchestrator.turn.state import Status
from orchestrator.turn.streaming import Spawn, stream
from runtimes.base import Attachment
from runtimes.values import JsonObject

FENCE_BYTES = 8
"""Bytes of the random mark that parts results from instructions in one turn."""

Decision = Literal["accepted", "already_answered", "expired"]


class Conversation:
    """A conversation of one person with the host's plugins; made by `Orchestrator.conversation`."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        person: str,
        locale: str | None,
        documents: dict[str, str],
        services: Callable[[str | None], TurnServices],
        spawn: Spawn,
        is_attended: bool = True,
    ) -> None:
        self._ledger = ledger
        self._is_attended = is_attended
        self.person = person
        self._locale = locale
        self._documents = documents
        self._services = services
        self._spawn = spawn
        self._is_busy = False
        self._files = HeldFiles()

    @property
    def id(self) -> str:
        """The conversation's id in the journal."""
        return self._ledger.conversation

    @property
    def is_attended(self) -> bool:
        """False when nobody is asked here."""
        return self._is_attended

    @property
    def locale(self) -> str | None:
        """The tag of its language, which is that of its last turn; None where nobody has chosen one."""
        last = self._ledger.history.last
        return last.started.locale if last is not None else self._locale

    @property
    def pending(self) -> tuple[Question, ...]:
        """The questions that are open."""
        turn = self._ledger.history.turn
        asked = turn.with_status(Status.ASKED) if turn is not None else ()
        return tuple(question_of(call, turn) for call in asked) if turn is not None else ()

    @property
    def is_ended(self) -> bool:
        """True when the model has disengaged: there is nothing more to say here."""
        return self._ledger.history.is_ended

    @property
    def usage(self) -> Usage:
        """Tokens of all turns."""
        used = [turn.usage for turn in self._ledger.history.turns if turn.usage is not None]
        return sum(used, Usage())

    def explain(self, call_id: str | None = None) -> str:
        """Why the calls of the last turn, or one of them, ran, asked or were stopped: a paragraph for each.

        A number from 1, or the name of a function, names a call as well. Raises: `UnknownName`.
        """
        return explain(self._ledger.history.last, call_id, self._services(self.locale).requests.toolbox)

    def attachment(self, id: str) -> Attachment:
        """A file of this conversation, with its bytes. Raises: `UnknownName`, also when it is not held any more."""
        if (file := self._files.get(id)) is None:
            raise UnknownName("attachment", id, self._ledger.history.attachments)
        return file

    @property
    def last_attachments(self) -> tuple[Attachment, ...]:
        """The files that came with the last message, as far as they are held."""
        last = self._ledger.history.last
        return self._files.held(last.started.attachments) if last is not None else ()

    async def facts(self) -> tuple[Fact, ...]:
        """Everything that is kept of this conversation."""
        return tuple(await self._ledger.facts())

    # --- talking

    async def ask(
        self,
        message: str | CardAction,
        *,
        attachments: Sequence[Attachment] = (),
        supersede: bool = False,
        deadline: float | None = None,
    ) -> Reply:
        """One message, and where the turn then stands; `deadline` is in seconds, and cancels the turn.

        A message is what the person says, or chose on a card. The model is told of `attachments` all but their bytes,
        and may name them in calls. Raises: `QuestionsPending`, `ConversationBusy`, `ConversationEnded`, `UsageError`.
        """
        return await self._read(self.send(message, attachments=attachments, supersede=supersede), deadline)

    async def resume(self, *, deadline: float | None = None) -> Reply:
        """Goes on with a turn that was waiting; with questions still open it says so again.

        Where another host of the same journal has a call of the turn in flight, the turn stays with that host: the
        reply then has no `end`, and nothing pending. Raises: `ConversationBusy`, `UsageError` when nothing was ever
        said, and when the conversation is another person's.
        """
        return await self._read(self.resume_stream(), deadline)

    async def send(
        self, message: str | CardAction, *, attachments: Sequence[Attachment] = (), supersede: bool = False
    ) -> AsyncGenerator[Event]:
        """One message, as a stream of facts and signals; leaving it early cancels the turn.

        `supersede` declines what is still asked. Read it inside `contextlib.aclosing` where you may leave early, so
        that the turn has ended when you go on. Raises as `ask`.
        """
        with self._exclusive():
            begun = await self._start(message, attachments, supersede=supersede)
            async with aclosing(self._drive(begun)) as events:
                async for event in events:
                    yield event

    async def resume_stream(self) -> AsyncGenerator[Event]:
        """As `resume`, as a stream."""
        with self._exclusive():
            await self._ledger.refresh()
            async with aclosing(self._drive()) as events:
                async for event in events:
                    yield event

    async def _read(self, events: AsyncGenerator[Event], deadline: float | None) -> Reply:
        is_begun = False
        with anyio.move_on_after(deadline) as waiting:
            async with aclosing(events):
                async for _ in events:
                    is_begun = True
        turn = self._ledger.history.last
        if turn is None:
            raise UsageError("nothing has been said in this conversation")
        if waiting.cancelled_caught and not is_begun and turn.ended is None and not turn.with_status(Status.ASKED):
            raise TimeoutError("the deadline passed before the turn had begun")
        return reply_of(turn)

    # --- answering

    async def decide(
        self,
        call_id: str,
        approve: bool,
        arguments: JsonObject | None = None,
        note: str = "",
        *,
        always: bool = False,
    ) -> Decision:
        """Answers an open question; it never runs the call, `resume` does.

        `arguments` are the person's own, in the place of the model's. `always` allows the function from now on, where
        the question offers that (`Question.may_always`). A yes to the first use of a plugin answers the other open
        questions that ask for nothing else.

        Raises: `UnknownName` for a call that was never asked about, `UsageError` for arguments that do not fit, and for
        an `always` that is not offered; `OrchestratorError` where the answer counts, but could not be remembered.
        """
        while True:
            await self._ledger.refresh()
            known = self._ledger.history.sequence
            call = asked_call(self._ledger.history, call_id)
            if call.status is not Status.ASKED:
                return "expired" if call.status is Status.EXPIRED else "already_answered"
            assert call.question is not None
            services = self._services(self.locale)
            now = services.clock()
            if call.question.expires <= now:
                return "expired"
            toolbox = services.requests.toolbox
            if approve and arguments is not None:
                arguments = own_arguments(call, arguments, toolbox, self._ledger.history.attachments)
            decision = decision_on(call, approve=approve, arguments=arguments, note=note, by=self.person, always=always)
            others = settled_by(decision, call, self._ledger.history.turn, now=now)
            function = toolbox.at(call.plugin, call.function)
            kept = await services.consent.keep(call, function, decision)
            try:
                await self._ledger.append(kept.decision, *others, on=known)
            except JournalConflict:
                await services.consent.take_back(kept, self.person)
                continue
            if kept.error is not None:
                raise kept.error
            return "accepted"

    async def undo(self) -> str | None:
        """Takes the last turn back, so that the model is not told of it again; returns what the person had said.

        What its calls did stays done. Raises: `ConversationBusy`.
        """
        with self._exclusive():
            await self._ledger.refresh()
            await self._close_open_turn("taken back")
            if not self._ledger.history.past:
                return None
            text = self._ledger.history.past[-1].state.started.text
            await self._ledger.append(TurnUndone(), on=self._ledger.history.sequence)
            return text

    # --- driving

    @contextmanager
    def _exclusive(self) -> Generator[None]:
        if self._is_busy:
            raise ConversationBusy("a turn of this conversation is running")
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    async def _start(
        self, message: str | CardAction, attachments: Sequence[Attachment], *, supersede: bool
    ) -> Sequence[Fact]:
        refuse_unsayable(message, attachments)
        services = self._services(self.locale)
        await self._ledger.refresh()
        if self.is_ended:
            raise ConversationEnded("this conversation has ended; start a new one")
        if not supersede:
            refuse_while_undecided(self._ledger.history, services.clock())
        action = attributed(message, self._ledger.history.turns) if isinstance(message, CardAction) else None
        await self._close_open_turn("superseded by a new message")
        self._files.pass_over(self._ledger.history.attachments)
        started = TurnStarted(
            text=text_of(message),
            person=self.person,
            documents=self._documents,
            locale=self.locale,
            attachments=self._files.keep(attachments),
            action=action,
            fence=secrets.token_hex(FENCE_BYTES),
            set_aside=self._ledger.history.set_aside_next,
        )
        made = call_of(action, services.requests.toolbox) if action is not None else None
        begun = (started,) if made is None else (started, made)
        await self._ledger.append(*begun, on=self._ledger.history.sequence)
        return begun

    async def _close_open_turn(self, why: str) -> None:
        """Ends a turn that waits or broke off: what is asked is declined."""
        while (turn := self._ledger.history.turn) is not None:
            await self._ledger.settle(turn.started, lambda state: closing(state, why, self.person))

    def _drive(self, begun: Sequence[Fact] = ()) -> AsyncGenerator[Event]:
        async def drive(emit: Emit) -> None:
            services, files = self._services(self.locale), self._files
            await TurnDriver(self._ledger, services, emit, files, is_attended=self._is_attended).run()

        return stream(drive, self._ledger, self._spawn, begun)
