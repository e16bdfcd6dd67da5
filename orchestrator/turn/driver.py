"""Carries out what the turn machine decides, and appends the facts that come of it.

All I/O of a turn is here: model requests, calls, the journal, the stream of events. It decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from orchestrator.errors import JournalConflict, ModelError
from orchestrator.events import (
    CallDispatched,
    CallProgress,
    CallRefused,
    EndReason,
    Fact,
    QuestionExpired,
    TurnEnded,
)
from orchestrator.model.base import ChatModel
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.calling import Outcome, carry_out
from orchestrator.turn.consent import Consent
from orchestrator.turn.files import HeldFiles
from orchestrator.turn.judging import judge_calls
from orchestrator.turn.ledger import Ledger
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
    text_is_replaced,
    without_answer,
)
from orchestrator.turn.questions import ask
from orchestrator.turn.rechecking import forbidden, gone, has_changed
from orchestrator.turn.replies import Emit
from orchestrator.turn.requests import Requests
from orchestrator.turn.speaking import Speaker
from orchestrator.turn.state import CallState, Status, TurnState

MAX_PARALLEL_CALLS = 8
"""Calls of one turn that are in flight together."""

MAX_OUTCOMES = 256
"""Outcomes and progress notes that wait to be taken in; a progress note beyond it is dropped."""

CANCEL_TIMEOUT = 5.0
"""Seconds that a cancelled turn may take to write its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServices:
    """What a turn is driven with."""

    model: ChatModel
    requests: Requests
    clock: Callable[[], float]
    """Seconds since the epoch."""
    call_timeout: float
    """Seconds one call may take."""
    consent: Consent = field(default_factory=Consent)


class TurnDriver:
    """Drives one turn until it ends, only questions are open, or only calls of another driver are in flight."""

    def __init__(
        self,
        ledger: Ledger,
        services: TurnServices,
        emit: Emit,
        files: HeldFiles | None = None,
        *,
        is_attended: bool = True,
    ) -> None:
        """`is_attended` is False when nobody can be asked."""
        self._is_attended = is_attended
        self._ledger = ledger
        self._decided_on = 0
        self._files = files or HeldFiles()
        self._services = services
        self._emit = emit
        self._toolbox = services.requests.toolbox
        self._rules = services.requests.rules
        self._started = ledger.history.turn.started if ledger.history.turn is not None else None
        self._speaker = Speaker(services.model, services.requests, services.consent.policy, emit)
        self._in_flight: set[str] = set()
        self._arriving, self._arrived = anyio.create_memory_object_stream[Outcome | CallProgress](MAX_OUTCOMES)

    async def run(self) -> None:
        """Goes on from where the history stands. Cancelling it leaves a consistent history.

        An error of the caller's own model or journal ends the turn, and is raised as it is.
        """
        try:
            async with anyio.create_task_group() as calls, self._arrived, self._arriving:
                await self._settle_orphans()
                while await self._step(calls):
                    pass
        except anyio.get_cancelled_exc_class():
            await self._write_ending("cancelled")
            raise
        except ExceptionGroup as group:
            await self._write_ending("error", detail=type(group.exceptions[0]).__name__)
            raise group.exceptions[0] from None

    async def _settle_orphans(self) -> None:
        """Calls that an earlier driver left in flight: their answers come to nobody."""
        await self._settle(without_answer)

    def _is_mine(self) -> bool:
        """True while the turn that is on is the one this driver was made for."""
        turn = self._ledger.history.turn
        return turn is not None and turn.started is self._started

    @property
    def _state(self) -> TurnState:
        turn = self._ledger.history.turn
        assert turn is not None
        return turn

    async def _write_ending(self, reason: EndReason, detail: str = "") -> None:
        partial = self._speaker.partial
        with anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
            await self._settle(lambda state: ending(state, reason, partial=partial, detail=detail))

    async def _step(self, calls: TaskGroup) -> bool:
        """Carries out one action; False when the turn has ended or is suspended."""
        if not self._is_mine():
            return False
        action = next_action(self._state, self._rules)
        self._decided_on = self._ledger.history.sequence
        try:
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
                return await self._wait()
            case Suspend():
                return await self._expire(action.questions)
            case RequestReasoning():
                is_shown = not text_is_replaced(self._state, self._rules)
                await self._append(await self._speaker.reason(self._ledger.history, is_shown=is_shown))
            case RequestResponding():
                await self._append(await self._speaker.respond(self._ledger.history, action.limit))
            case RequestDisengaging():
                await self._append(await self._speaker.disengage(self._ledger.history))
            case Finish():
                await self._append(TurnEnded(reason=action.reason, detail=action.detail))
            case Done():
                return False
        return True

    # --- facts

    async def _append(self, *facts: Fact) -> None:
        """Keeps facts that hold only on the history that the action was decided on."""
        await self._ledger.append(*facts, on=self._decided_on)
        self._decided_on += len(facts)
        for fact in facts:
            await self._emit(fact)

    async def _record(self, *facts: Fact) -> None:
        await self._ledger.record(*facts)
        for fact in facts:
            await self._emit(fact)

    async def _settle(self, following: Callable[[TurnState], Iterable[Fact]]) -> None:
        """Keeps what follows from where the turn stands, if it is still on."""
        for fact in await self._ledger.settle(self._started, following) if self._started is not None else ():
            await self._emit(fact)

    # --- calls

    async def _judge(self, calls: tuple[CallState, ...]) -> None:
        state, history, now = self._state, self._ledger.history, self._services.clock()
        person, is_attended = state.started.person, self._is_attended
        standing = await self._services.consent.standing(history, person, now=now, is_attended=is_attended)
        await self._append(*judge_calls(state, calls, self._toolbox, self._rules.limits, standing))

    async def _act(self, action: Act, calls: TaskGroup) -> bool:
        free = MAX_PARALLEL_CALLS - len(self._state.with_status(Status.DISPATCHED))
        ready = action.dispatch[: max(free, 0)]
        if not ready and not action.ask:
            return await self._wait()
        bound = [(call, self._toolbox.at(call.plugin, call.function)) for call in (*ready, *action.ask)]
        if stopped := [fact for call, function in bound if (fact := self._stopped(call, function)) is not None]:
            await self._append(*stopped)
            return True
        live = {call.call_id: (call, function) for call, function in bound if function is not None}
        if changed := tuple(call for call, function in live.values() if has_changed(call, function)):
            await self._judge(changed)
            return True
        await self._dispatch([live[call.call_id] for call in ready], calls)
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
        files = self._ledger.history.attachments
        await self._append(await ask(call, function, self._services.model, started, now=now, attachments=files))

    async def _dispatch(self, ready: list[tuple[CallState, BoundFunction]], calls: TaskGroup) -> None:
        await self._append(
            *(
                CallDispatched(call_id=call.call_id, attempt=call.attempts + 1, request_hash=call.fingerprint)
                for call, _ in ready
            )
        )
        self._in_flight.update(call.call_id for call, _ in ready)
        for call, function in ready:
            calls.start_soon(self._call, call, function)

    async def _call(self, call: CallState, function: BoundFunction) -> None:
        fact = await carry_out(
            call,
            function,
            person=self._state.started.person,
            timeout=self._services.call_timeout,
            progress=lambda text: self._note_progress(call.call_id, text),
            budget=self._rules.limits.result_budget,
            files=self._files,
            locale=self._state.started.locale,
        )
        await self._arriving.send(fact)

    def _note_progress(self, call_id: str, text: str) -> None:
        try:
            self._arriving.send_nowait(CallProgress(call_id=call_id, text=text))
        except anyio.WouldBlock:
            return

    async def _wait(self) -> bool:
        """Takes in what comes of a call; False where all that are in flight are another driver's to take in."""
        if not self._in_flight:
            known = self._ledger.history.sequence
            await self._ledger.refresh()
            return self._ledger.history.sequence != known
        event = await self._arrived.receive()
        if isinstance(event, CallProgress):
            await self._emit(event)
        else:
            self._in_flight.discard(event.call_id)
            await self._record(event)
        return True

    async def _expire(self, questions: tuple[CallState, ...]) -> bool:
        now = self._services.clock()
        expired = [
            QuestionExpired(call_id=call.call_id)
            for call in questions
            if call.question is not None and call.question.expires <= now
        ]
        await self._append(*expired)
        return bool(expired)
