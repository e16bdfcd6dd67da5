"""Carries out what the turn machine decides, and appends the facts that come of it.

All I/O of a turn is here: model requests, calls, the journal, the stream of events. It decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from orchestrator.errors import JournalConflict, LeaseLost, ModelError, StoreError
from orchestrator.events import CallDispatched, CallRefused, EndReason, Event, Fact, TurnEnded
from orchestrator.journal.base import AT_ONCE
from orchestrator.masked_events import masked_event
from orchestrator.signals import CallProgress, CallSignal
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.calling import Outcome, OutgoingCall, carry_out, outgoing
from orchestrator.turn.flight import Flight, Tell
from orchestrator.turn.judging import judge_calls
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.live_questions import Asker, Asks, LiveQuestions
from orchestrator.turn.machine import (
    Act,
    Action,
    Await,
    Done,
    Finish,
    Judge,
    RequestDisengaging,
    RequestReasoning,
    RequestResponding,
    Suspend,
    ending,
    next_action,
    orphaned,
    taken_up,
    text_is_replaced,
    unsent,
)
from orchestrator.turn.questions import ask
from orchestrator.turn.rechecking import forbidden, gone, has_changed, judged_elsewhere
from orchestrator.turn.replies import Emit
from orchestrator.turn.services import TurnServices
from orchestrator.turn.signing_in import Bound, SigningIn
from orchestrator.turn.speaking import Speaker
from orchestrator.turn.state import CallState, Status, TurnState
from orchestrator.turn.summarising import summarised
from orchestrator.turn.tenure import Tenure
from orchestrator.turn.waking import overdue, wake_of

MAX_PARALLEL_CALLS = 8
"""Calls of one turn that are in flight together."""

CANCEL_TIMEOUT = 5.0
"""Seconds that a cancelled turn may take to write its end."""


_TAKES_NOTES_ALONG = (Judge, Act, Finish)
"""The actions that come to facts of their own, with which those are written that are only noted."""


class TurnDriver:
    """Drives one turn, under the lease of its tenure, until it ends or only waits for the person."""

    def __init__(
        self,
        tenure: Tenure,
        services: TurnServices,
        emit: Emit | None,
        files: KeptFiles,
        *,
        asks: Asks | None = None,
        leaves: bool = False,
    ) -> None:
        """`emit` is told of every event; None where nobody listens. `asks` puts what a running plugin asks to the
        person; None where nobody is present. One that `leaves` does not end its turn when it is cancelled: somebody
        else goes on with it."""
        self._tenure = tenure
        self._decided_on = 0
        self._files = files
        self._services = services
        self._emit = emit
        self._asks = asks
        self._leaves = leaves
        self._toolbox = services.requests.toolbox
        self._rules = services.requests.rules
        turn = tenure.history.turn
        self._started = turn.started if turn is not None else None
        sent_before = [call.call_id for call in turn.with_status(Status.DISPATCHED)] if turn is not None else ()
        self._speaker = Speaker(services.model, services.requests, services.consent.policy, emit, services.secrets)
        self._flight = Flight(sent_before)
        self._signing_in = SigningIn(self._toolbox, timeout=services.call_timeout)
        self._judged_elsewhere = frozenset(judged_elsewhere(turn)) if turn is not None else frozenset[str]()

    async def run(self) -> None:
        """Goes on from where the history stands. Cancelling it leaves a consistent history.

        An error of the caller's own model ends the turn, and is raised as it is. Raises: `LeaseLost` when another
        process has taken the turn over, `StoreError`; both leave it as it is kept.
        """
        try:
            async with anyio.create_task_group() as calls:
                self._tenure.keep_alive(calls)
                try:
                    await self._settle(taken_up if self._is_left else orphaned)
                    while await self._step(calls):
                        pass
                finally:
                    self._tenure.stop()
                    self._flight.close()
        except anyio.get_cancelled_exc_class():
            await self._leave()
            raise
        except ExceptionGroup as group:
            error = group.exceptions[0]
            if isinstance(error, StoreError):
                await self._let_go()
            elif not isinstance(error, LeaseLost):
                await self._write_ending("error", detail=type(error).__name__)
            raise error from None

    async def _leave(self) -> None:
        """What a cancelled driver does last; a store that fails then has the turn as it was, and it can go on."""
        if self._leaves:
            return await self._let_go()
        with suppress(LeaseLost, StoreError):
            await self._write_ending("cancelled")
        return None

    async def _let_go(self) -> None:
        """Leaves the turn to whoever goes on with it; where the store fails, its lease runs out."""
        with suppress(JournalConflict, LeaseLost, StoreError), anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
            await self._tenure.release()

    @property
    def _is_left(self) -> bool:
        """True for a worker's turn that could have gone on before; not where only a question of it has expired."""
        return self._leaves and wake_of(self._state) == AT_ONCE

    @property
    def _state(self) -> TurnState:
        turn = self._tenure.history.turn
        assert turn is not None
        return turn

    async def _write_ending(self, reason: EndReason, detail: str = "") -> None:
        partial, sent = self._speaker.partial, self._flight.sent
        with anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
            await self._settle(lambda state: ending(state, reason, partial=partial, detail=detail, sent=sent))

    async def _step(self, calls: TaskGroup) -> bool:
        """Carries out one action; False when the turn has ended or is suspended."""
        if calls.cancel_scope.cancel_called:
            await anyio.lowlevel.checkpoint()  # which ends it: a store and a model that never wait would not notice
        history = self._tenure.history
        if history.turn is None or history.turn.started is not self._started:
            return False  # the turn that is on is not the one that this driver was made for
        action = next_action(history.turn, self._rules)
        self._decided_on = history.sequence
        try:
            if self._tenure.has_noted and not isinstance(action, _TAKES_NOTES_ALONG):
                await self._tell(await self._tenure.flush())
            if isinstance(action, RequestReasoning | RequestResponding):
                await self._summarise()
            return await self._carry_out(action, calls)
        except JournalConflict:
            return True  # somebody else appended: decide anew on what is known now
        except ModelError as error:
            await self._write_ending("error", detail=str(error))
            return False

    async def _carry_out(self, action: Action, calls: TaskGroup) -> bool:
        match action:
            case Judge():
                await self._judge(action.calls)
            case Act():
                return await self._act(action, calls)
            case Await():
                await self._wait()
            case Suspend():
                return await self._suspend(action.waiting)
            case RequestReasoning():
                is_shown = not text_is_replaced(self._state, self._rules)
                self._note(await self._speaker.reason(self._tenure.history, is_shown=is_shown))
            case RequestResponding():
                self._note(await self._speaker.respond(self._tenure.history, action.limit))
            case RequestDisengaging():
                self._note(await self._speaker.disengage(self._tenure.history))
            case Finish():
                await self._append(TurnEnded(reason=action.reason, detail=action.detail))
            case Done():
                return False
        return True

    # --- facts

    async def _tell(self, events: Iterable[Event]) -> None:
        if self._emit is not None:
            for event in events:
                await self._emit(event)

    def _note(self, *facts: Fact) -> None:
        """Takes in facts that hold only on the history that the action was decided on, to be kept with the next."""
        self._tenure.note(*facts, on=self._decided_on)
        self._decided_on += len(facts)

    async def _append(self, *facts: Fact) -> None:
        """Keeps such facts."""
        await self._tell(await self._tenure.append(*facts, on=self._decided_on))
        self._decided_on += len(facts)

    async def _settle(self, following: Callable[[TurnState], Iterable[Fact]]) -> None:
        """Keeps what follows from where the turn stands, if it is still on."""
        await self._tell(await self._tenure.settle(self._started, following) if self._started is not None else ())

    async def _summarise(self) -> None:
        """Has the oldest turns told in few words, where they do not fit the window any more."""
        summary = await summarised(self._tenure.history, self._services.model)
        if summary is not None:
            self._note(summary)

    # --- calls

    async def _judge(self, calls: tuple[CallState, ...]) -> None:
        state, history, now = self._state, self._tenure.history, self._services.clock()
        person, is_attended = state.started.person, state.started.attended
        standing = await self._services.consent.standing(history, person, now=now, is_attended=is_attended)
        self._note(*judge_calls(state, calls, self._toolbox, self._rules.limits, standing))

    async def _act(self, action: Act, calls: TaskGroup) -> bool:
        free = MAX_PARALLEL_CALLS - len(self._state.with_status(Status.DISPATCHED))
        ready = action.dispatch[: max(free, 0)]
        if not ready and not action.ask:
            await self._wait()
            return True
        bound = [(call, self._toolbox.at(call.plugin, call.function)) for call in (*ready, *action.ask)]
        if stopped := [fact for call, function in bound if (fact := self._stopped(call, function)) is not None]:
            await self._append(*stopped)
            return True
        live = {call.call_id: (call, function) for call, function in bound if function is not None}
        files = self._tenure.history.attachments
        if changed := tuple(
            call
            for call, function in live.values()
            if call.call_id in self._judged_elsewhere or has_changed(call, function, files)
        ):
            self._judged_elsewhere -= {call.call_id for call in changed}
            await self._judge(changed)
            return True
        await self._send([live[call.call_id] for call in ready], calls)
        for call in action.ask:
            await self._ask(*live[call.call_id])
        return True

    def _stopped(self, call: CallState, function: BoundFunction | None) -> CallRefused | None:
        """Why a call that was judged cannot go on."""
        if function is None:
            return gone(call)
        person, now = self._state.started.person, self._services.clock()
        return forbidden(call, self._services.consent.rules_for(function, call.arguments, person, now=now))

    async def _ask(self, call: CallState, function: BoundFunction) -> None:
        now, started = self._services.clock(), self._state.started
        files = self._tenure.history.attachments
        await self._append(await ask(call, function, self._services.model, started, now=now, attachments=files))

    async def _send(self, ready: Sequence[Bound], calls: TaskGroup) -> None:
        """Dispatches the calls that can leave; those without a credential wait for no vault."""
        await self._dispatch([one for one in ready if not one[1].has_credential], calls)
        guarded = [one for one in ready if one[1].has_credential]
        needed = await self._signing_in.needed(guarded, self._state.started, self._services.clock())
        self._note(*needed.values())
        await self._dispatch([one for one in guarded if one[0].call_id not in needed], calls)

    async def _dispatch(self, bound: Sequence[Bound], calls: TaskGroup) -> None:
        if not bound:
            return
        ready, now = [await outgoing(*one, self._files) for one in bound], self._services.clock()
        await self._append(
            *(
                CallDispatched(
                    call_id=one.call.call_id,
                    attempt=one.call.attempts + 1,
                    request_hash=one.call.fingerprint,
                    destination=one.function.signature.destination,
                    at=now,
                )
                for one in ready
            )
        )
        self._flight.send(ready, self._carry_out_call, calls)

    async def _carry_out_call(self, ready: OutgoingCall, tell: Tell, tasks: TaskGroup) -> Outcome:
        await self._tenure.ensure()
        started, call_id = self._state.started, ready.call.call_id
        questions = LiveQuestions(
            Asker(plugin=ready.call.plugin, function=ready.call.function, call_id=call_id, person=started.person),
            self._asks if started.attended else None,
            tasks,
            tell,
            self._services.secrets,
            is_quoted=self._services.quotes_questions,
        )
        return await carry_out(
            ready,
            person=started.person,
            timeout=self._services.call_timeout,
            progress=lambda text: tell(CallProgress(call_id=call_id, text=text)),
            questions=questions,
            budget=self._rules.limits.result_budget,
            files=self._files,
            locale=started.locale,
        )

    async def _wait(self) -> None:
        """Takes in what comes of a call, or says so of one that was never sent: its dispatch was kept in a store that
        failed to say so."""
        await self._tell(await self._tenure.flush())
        if not self._flight:
            return await self._settle(unsent)
        event = await self._flight.arrival()
        if isinstance(event, CallSignal):
            return await self._tell([masked_event(event, self._services.secrets)])
        await self._tell(await self._tenure.record(event))
        return None

    async def _suspend(self, waiting: tuple[CallState, ...]) -> bool:
        """Goes on where the person is waited for no longer, or has signed in before that was kept."""
        if expired := tuple(overdue(waiting, self._services.clock())):
            await self._append(*expired)
            return True
        done = await self._signing_in.meanwhile(self._state)
        try:
            await self._append(*done)  # none, too: it tells where the person has answered meanwhile
        except LeaseLost:
            return False  # the lease of a turn that waits is over, and somebody else goes on with it
        return bool(done)
