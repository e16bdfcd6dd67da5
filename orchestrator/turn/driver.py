"""Carries out what the turn machine decides, and appends the facts that come of it.

All I/O of a turn is here: model requests, calls, the journal, the stream of events. It decides nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from orchestrator.errors import JournalConflict, ModelError
from orchestrator.events import (
    AnswerReceived,
    CallDispatched,
    CallProgress,
    CallRefused,
    EndReason,
    Fact,
    QuestionExpired,
    ReplyReceived,
    State,
    TurnEnded,
)
from orchestrator.model.base import ChatModel, ModelDelta
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.calling import Outcome, carry_out
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
from orchestrator.turn.questions import ask, fingerprint
from orchestrator.turn.replies import Emit, Written, read_reply, with_ids
from orchestrator.turn.requests import Requests
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


def _gone(call: CallState) -> CallRefused:
    message = "the function is no longer offered"
    return CallRefused(
        call_id=call.call_id, code="unknown", message=message, plugin=call.plugin, function=call.function
    )


class TurnDriver:
    """Drives one turn until it ends or only questions are open."""

    def __init__(self, ledger: Ledger, services: TurnServices, emit: Emit, files: HeldFiles | None = None) -> None:
        self._ledger = ledger
        self._files = files or HeldFiles()
        self._services = services
        self._emit = emit
        self._requests = services.requests
        self._toolbox = services.requests.toolbox
        self._rules = services.requests.rules
        self._started = ledger.history.turn.started if ledger.history.turn is not None else None
        self._shown: list[str] = []
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
        if self._is_mine():
            await self._record(*without_answer(self._state))

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
        with anyio.move_on_after(CANCEL_TIMEOUT, shield=True):
            if self._is_mine():
                await self._record(*ending(self._state, reason, partial="".join(self._shown), detail=detail))

    async def _step(self, calls: TaskGroup) -> bool:
        """Carries out one action; False when the turn has ended or is suspended."""
        if not self._is_mine():
            return False
        action = next_action(self._state, self._rules)
        try:
            return await self._carry_out(action, calls)
        except JournalConflict:
            return True  # somebody else appended: decide anew on what is known now
        except ModelError as error:
            await self._record(TurnEnded(reason="error", detail=str(error), partial="".join(self._shown)))
            return False

    async def _carry_out(self, action: Action, calls: TaskGroup) -> bool:
        match action:
            case Judge():
                files = self._ledger.history.attachments
                await self._append(*judge_calls(self._state, action.calls, self._toolbox, self._rules.limits, files))
            case Act():
                await self._act(action, calls)
            case Await():
                await self._take_outcome()
            case Suspend():
                return await self._expire(action.questions)
            case RequestReasoning():
                await self._reason()
            case RequestResponding():
                await self._respond(action.limit)
            case RequestDisengaging():
                await self._disengage()
            case Finish():
                await self._append(TurnEnded(reason=action.reason, detail=action.detail))
            case Done():
                return False
        return True

    # --- facts

    async def _append(self, *facts: Fact) -> None:
        await self._ledger.append(*facts)
        for fact in facts:
            await self._emit(fact)

    async def _record(self, *facts: Fact) -> None:
        await self._ledger.record(*facts)
        for fact in facts:
            await self._emit(fact)

    # --- calls

    async def _act(self, action: Act, calls: TaskGroup) -> None:
        free = MAX_PARALLEL_CALLS - len(self._state.with_status(Status.DISPATCHED))
        ready = action.dispatch[: max(free, 0)]
        if not ready and not action.ask:
            await self._take_outcome()
            return
        stale = [call for call in ready if self._is_stale(call)]
        await self._dispatch([call for call in ready if call not in stale], calls)
        for call in (*action.ask, *stale):
            function = self._toolbox.at(call.plugin, call.function)
            if function is None:
                await self._append(_gone(call))
                continue
            now, started = self._services.clock(), self._state.started
            files = self._ledger.history.attachments
            asked = await ask(call, function, self._services.model, started, now=now, attachments=files)
            await self._append(asked)

    def _is_stale(self, call: CallState) -> bool:
        """True when something that the person approved has changed since."""
        function = self._toolbox.at(call.plugin, call.function)
        if function is None or not call.approved_fingerprint:
            return False
        return fingerprint(call.call_id, function, call.arguments) != call.approved_fingerprint

    async def _dispatch(self, ready: list[CallState], calls: TaskGroup) -> None:
        bound = [(call, self._toolbox.at(call.plugin, call.function)) for call in ready]
        if gone := [_gone(call) for call, function in bound if function is None]:
            await self._append(*gone)
        live = [(call, function) for call, function in bound if function is not None]
        if not live:
            return
        await self._append(
            *(
                CallDispatched(
                    call_id=call.call_id,
                    attempt=call.attempts + 1,
                    request_hash=fingerprint(call.call_id, function, call.arguments),
                )
                for call, function in live
            )
        )
        for call, function in live:
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

    async def _take_outcome(self) -> None:
        event = await self._arrived.receive()
        if isinstance(event, CallProgress):
            await self._emit(event)
        else:
            await self._record(event)

    async def _expire(self, questions: tuple[CallState, ...]) -> bool:
        now = self._services.clock()
        expired = [
            QuestionExpired(call_id=call.call_id)
            for call in questions
            if call.question is not None and call.question.expires <= now
        ]
        await self._append(*expired)
        return bool(expired)

    # --- the model

    async def _reason(self) -> None:
        state = self._state
        is_shown = not text_is_replaced(state, self._rules)
        request = self._requests.reasoning(self._ledger.history)
        reply = await self._read(self._services.model.reason(request), "reasoning", is_shown=is_shown)
        await self._record(ReplyReceived(text=reply.text, calls=with_ids(reply.end.calls), usage=reply.end.usage))

    async def _respond(self, limit: str | None) -> None:
        request = self._requests.responding(self._ledger.history, limit)
        reply = await self._read(self._services.model.respond(request), "responding")
        usage = reply.end.usage
        calls = with_ids(reply.end.calls)
        if calls:
            await self._record(ReplyReceived(text=reply.text, calls=calls, usage=usage, state="responding"))
        else:
            await self._record(AnswerReceived(text=reply.text, usage=usage))

    async def _disengage(self) -> None:
        request = self._requests.disengaging(self._ledger.history)
        reply = await self._read(self._services.model.respond(request), "disengaging")
        await self._record(AnswerReceived(text=reply.text, usage=reply.end.usage))

    async def _read(self, deltas: AsyncIterator[ModelDelta], state: State, *, is_shown: bool = True) -> Written:
        self._shown.clear()
        written = await read_reply(deltas, state, self._emit, self._shown if is_shown else None)
        self._shown.clear()
        return written
