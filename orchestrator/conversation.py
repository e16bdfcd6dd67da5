"""One conversation: messages in, events out, questions answered in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import ExitStack, aclosing, contextmanager

import anyio

from orchestrator.content import CardAction
from orchestrator.errors import (
    ConversationBusy,
    JournalConflict,
    UnknownName,
    UsageError,
)
from orchestrator.events import Event, Fact, TurnUndone
from orchestrator.journal.base import Lease
from orchestrator.model.base import Usage
from orchestrator.reply import Question, Reply, SignInQuestion, question_of, reply_of, sign_ins_of
from orchestrator.turn.answering import Decision, Given, answer
from orchestrator.turn.deciding import closed_history
from orchestrator.turn.driver import TurnDriver
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.live_questions import Asks
from orchestrator.turn.opening import Opening
from orchestrator.turn.replies import Emit
from orchestrator.turn.services import TurnServices
from orchestrator.turn.signing_in import signed_in, take_note
from orchestrator.turn.state import WAITING, Status
from orchestrator.turn.streaming import Drive, Spawn, stream, unwatched
from orchestrator.turn.tenure import Tenure
from runtimes.base import Attachment
from runtimes.values import JsonObject


def _ending_after(deadline: float | None) -> ExitStack[bool]:
    """A scope of anyio's where there is something to wait for."""
    stack: ExitStack[bool] = ExitStack()
    if deadline is not None:
        stack.enter_context(anyio.move_on_after(deadline))
    return stack


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
        is_attended: bool | None = None,
        sources: tuple[str, ...] = (),
    ) -> None:
        """`is_attended` is None where nobody has said: then it is as it was in its last turn."""
        self._ledger = ledger
        self.person = person
        self._services = services
        self._spawn = spawn
        self.asks: Asks | None = None
        """Puts what a plugin asks while a call runs to the person; None where nobody is present."""
        self._is_busy = False
        self._files = KeptFiles(ledger)
        self._opening = Opening(
            ledger,
            self._files,
            services,
            person=person,
            locale=locale,
            is_attended=is_attended,
            documents=documents,
            sources=sources,
        )

    @property
    def id(self) -> str:
        """The conversation's id in the journal."""
        return self._ledger.conversation

    @property
    def is_attended(self) -> bool:
        """False when nobody is asked here."""
        return self._opening.is_attended

    @property
    def is_known(self) -> bool:
        """True once something of it was said, or read from what is kept."""
        return self._ledger.history.sequence > 0

    @property
    def locale(self) -> str | None:
        """The tag of its language, which is that of its last turn; None where nobody has chosen one."""
        return self._opening.locale

    @property
    def pending(self) -> tuple[Question, ...]:
        """The questions that are open."""
        turn = self._ledger.history.turn
        asked = turn.with_status(Status.ASKED) if turn is not None else ()
        return tuple(question_of(call, turn) for call in asked) if turn is not None else ()

    @property
    def sign_ins(self) -> tuple[SignInQuestion, ...]:
        """The calls that wait until the person has signed in."""
        turn = self._ledger.history.turn
        return sign_ins_of(turn) if turn is not None else ()

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
        from orchestrator.turn.explain import explain

        return explain(self._ledger.history.last, call_id, self._services(self.locale).requests.toolbox)

    async def attachment(self, id: str) -> Attachment:
        """A file of this conversation, with its bytes.

        Raises: `UnknownName`, also when its bytes are not kept any more; `StoreError`.
        """
        await self._ledger.refresh()
        known = self._ledger.history.attachments
        held = await self._files.held([known[id]] if id in known else ())
        if id not in held:
            raise UnknownName("attachment", id, known)
        return held[id]

    async def last_attachments(self) -> tuple[Attachment, ...]:
        """The files that came with the last message, as far as their bytes are kept. Raises: `StoreError`."""
        await self._ledger.refresh()
        last = self._ledger.history.last
        return tuple((await self._files.held(last.started.attachments)).values()) if last is not None else ()

    async def refresh(self) -> None:
        """Takes in what other processes have kept of it since, and what there was before. Raises: `StoreError`."""
        await self._ledger.refresh()

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
        tenure: Tenure | None = None
        with _ending_after(deadline), self._exclusive():
            tenure, _ = await self._opening.begin(message, attachments, supersede=supersede)
            await unwatched(self._driver(tenure), tenure, self._spawn)
        if tenure is None:
            raise TimeoutError("the deadline passed before the turn had begun")
        return self._reply()

    async def resume(self, *, deadline: float | None = None) -> Reply:
        """Goes on with a turn that was waiting; with questions or sign-ins still open it says so again.

        A call that waits for a sign-in goes on where the vault has the credential by now.

        Where another process drives the turn it stays with that one: the reply then has no `end`, and nothing pending,
        though a call may be in flight. Raises: `ConversationBusy`, `UsageError` when nothing was ever
        said, and when the conversation is another person's.
        """
        tenure: Tenure | None = None
        with anyio.move_on_after(deadline) as waiting, self._exclusive():
            await take_note(self._ledger, self._services(self.locale))
            tenure = await self._taken_over()
            if tenure is not None:
                await unwatched(self._driver(tenure), tenure, self._spawn)
        turn = self._ledger.history.turn
        was_late = tenure is None and waiting.cancelled_caught
        if was_late and turn is not None and not turn.with_status(*WAITING):
            raise TimeoutError("the deadline passed before the turn had begun")
        return self._reply()

    async def send(
        self, message: str | CardAction, *, attachments: Sequence[Attachment] = (), supersede: bool = False
    ) -> AsyncGenerator[Event]:
        """One message, as a stream of facts and signals; leaving it early cancels the turn.

        `supersede` declines what the turn before still waits for. Read it inside `contextlib.aclosing` where you may
        leave early, so that the turn has ended when you go on. Raises as `ask`.
        """
        with self._exclusive():
            tenure, begun = await self._opening.begin(message, attachments, supersede=supersede)
            async with aclosing(stream(self._driver(tenure), tenure, self._spawn, begun)) as events:
                async for event in events:
                    yield event

    async def resume_stream(self) -> AsyncGenerator[Event]:
        """As `resume`, as a stream."""
        with self._exclusive():
            done = await take_note(self._ledger, self._services(self.locale))
            tenure = await self._taken_over()
            if tenure is None:
                return
            async with aclosing(stream(self._driver(tenure), tenure, self._spawn, done)) as events:
                async for event in events:
                    yield event

    async def carry_on(self, lease: Lease, since: float) -> Reply | None:
        """Goes on with a turn under a lease that the journal gave out; None where there was nothing to do yet.

        `since` is a reading of the monotonic clock from before the lease was asked for. Being cancelled leaves the turn
        to somebody else. Raises: `ConversationBusy`, `LeaseLost`, `StoreError`, and what the caller's own model raises.
        """
        with self._exclusive():
            await self._ledger.refresh()
            tenure, known = Tenure(self._ledger, lease, since=since), self._ledger.history.sequence
            if self._ledger.history.turn is not None:
                await unwatched(self._driver(tenure, leaves=True), tenure, self._spawn, leaves=True)
        # nothing to do: by the clock of the journal a question has expired, by ours not yet; the lease runs out
        return self._reply() if self._ledger.history.sequence != known else None

    async def _taken_over(self) -> Tenure | None:
        """The turn that can go on, if there is one that nobody else drives. Raises: `StoreError`."""
        return await Tenure.take_over(self._ledger, now=self._services(self.locale).clock())

    def _reply(self) -> Reply:
        turn = self._ledger.history.last
        if turn is None:
            raise UsageError("nothing has been said in this conversation")
        return reply_of(turn)

    # --- answering

    async def decide(
        self,
        call_id: str | Question,
        approve: bool,
        arguments: JsonObject | None = None,
        note: str = "",
        *,
        always: bool = False,
    ) -> Decision:
        """Answers an open question; it never runs the call, `resume` does. A call that waits for a sign-in can be
        declined.

        Of a `Question` the answer holds for exactly what that one asks; of a call id, for whatever is asked about the
        call by then: another process may have asked anew, because its plugin has changed.
        `arguments` are the person's own, in the place of the model's. `always` allows the function from now on, where
        the question offers that (`Question.may_always`). A yes to the first use of a plugin answers the other open
        questions that ask for nothing else.

        Raises: `UnknownName` for a call that was never asked about, `UsageError` for arguments that do not fit, for
        an `always` that is not offered and for a yes in the place of a sign-in; `OrchestratorError` where the answer
        counts, but could not be remembered.
        """
        shown = call_id.fingerprint if isinstance(call_id, Question) else None
        return await answer(
            self._ledger,
            lambda: self._services(self.locale),
            call_id.call_id if isinstance(call_id, Question) else call_id,
            Given(approve=approve, arguments=arguments, note=note, always=always, shown=shown),
            by=self.person,
        )

    async def signed_in(self, name: str) -> bool:
        """Says that the person has signed in to `name`; False where no call waits for that.

        It never runs a call: `resume` does, and so does a worker. Raises: `StoreError`.
        """
        now = self._services(self.locale).clock()
        return await signed_in(self._ledger, name, by=self.person, now=now)

    async def undo(self) -> str | None:
        """Takes the last turn back, so that the model is not told of it again; returns what the person had said.

        What its calls did stays done. Raises: `ConversationBusy`.
        """
        with self._exclusive():
            while True:
                await self._ledger.refresh()
                known = self._ledger.history
                closed, facts = closed_history(known, "taken back", self.person)
                if not closed.past:
                    return None
                text = closed.past[-1].state.started.text
                try:
                    await self._ledger.claim(*facts, TurnUndone(), on=known.sequence)
                except JournalConflict:
                    continue
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

    def _driver(self, tenure: Tenure, *, leaves: bool = False) -> Drive:
        async def drive(emit: Emit | None) -> None:
            services = self._services(self.locale)
            await TurnDriver(tenure, services, emit, self._files, asks=self.asks, leaves=leaves).run()

        return drive
