"""One conversation with a running local plugin: calls out, answers in, and what the plugin asks and tells meanwhile.

It starts nothing and ends nothing: `runtimes.local.programs` above does, and `listen` runs beside its calls. Messages
are made and read by `runtimes.local.connection`, and carried by a `Transport`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

from runtimes.local.connection import CANCEL, Connection, Outgoing
from runtimes.local.contract import PROGRESS
from runtimes.local.demands import Demands
from runtimes.local.messages import (
    Answer,
    Demand,
    Fault,
    Notification,
    Unreadable,
)
from runtimes.local.open_call import NEVER, Caller, NoAnswer, OpenCall, Outcome
from runtimes.local.transports.base import CannotStart, Prompt, Transport, TransportClosed, Unanswered
from runtimes.questions import nobody_present
from runtimes.values import JsonObject

NOTICE_GRACE = 1.0
"""Seconds that a notice or an answer may take to leave before the program is given up."""


def _not_told(text: str) -> None:
    del text


class Session:
    """One running program and what it has been asked."""

    def __init__(self, transport: Transport, sent: Callable[[bytes], None]) -> None:
        """`sent` is told of each request of a caller once it has gone out."""
        self._transport = transport
        self._prompt = transport if isinstance(transport, Prompt) else None
        self._sent = sent
        self._connection = Connection()
        self._calls: dict[int, OpenCall] = {}
        self._demands = Demands(self._connection, self._calls, self._tell)
        self._listening = anyio.CancelScope()
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self.quiet_since = self._loop.time()
        """When the last call ended, as the event loop counts time."""
        self.ended = anyio.Event()
        """Set once nothing more can be had from it."""
        self.is_over = False
        self.has_spoken = False
        """True once a message has come that is one."""
        self.has_answered = False
        """True once a call has been answered."""
        self.was_needed = False
        """True where it ended while a call waited."""
        self.reason = ""
        """Why it is over."""
        self.complaint = ""
        """What was wrong with the last thing it wrote that could not be used."""

    @property
    def open_calls(self) -> int:
        """How many requests wait for their answers."""
        return len(self._calls)

    # --- calls

    async def call(self, method: str, params: JsonObject, caller: Caller) -> Outcome:
        """Asks and waits, for as long as the caller does.

        Raises: `JsonRpcError` when it cannot be asked, `CannotStart` when the program is no longer there to be asked.
        """
        if self.is_over:
            raise CannotStart(self.reason or "it has just ended")
        request = self._connection.request(method, params)
        outcome = await self._asked(request, caller)
        if not isinstance(outcome, NoAnswer):
            self.has_answered = True
        elif outcome.is_late:
            await self._withdraw(request.id)
            if not self.has_spoken and not self._calls:
                self.give_up("it has never said anything")
        return outcome

    async def _asked(self, request: Outgoing, caller: Caller) -> Outcome:
        call = self._calls[request.id] = OpenCall(caller, self._demands, self._expect_by, self._loop)
        self._expect_by(call.deadline)
        try:
            if self._prompt is None or not self._prompt.send_now(request.message):
                await self._send_slowly(request, call)
            self._sent(request.message)
            return await call.outcome()
        except TransportClosed as error:
            return await self._without_answer(call, str(error))
        except Unanswered as error:
            self._connection.withdraw(request.id)
            if error.is_unsent:
                raise CannotStart(str(error)) from None
            return NoAnswer(reason=str(error))
        except asyncio.CancelledError:
            await self._withdraw(request.id)
            raise
        finally:
            del self._calls[request.id]
            self.quiet_since = self._loop.time()
            if call.is_asking:
                with anyio.CancelScope(shield=True):
                    await call.close()

    async def request(self, method: str, params: JsonObject) -> Outcome:
        """As `call`, for a request of the host's own, as long as the caller's own scope lasts.

        Nobody is told of it, nobody is asked anything, and it is not cancelled: the plugin need not know it.
        """
        request = self._connection.request(method, params)
        caller = Caller(progress=_not_told, ask=nobody_present, seconds=NEVER)
        call = self._calls[request.id] = OpenCall(caller, self._demands, self._expect_by, self._loop)
        try:
            await self._transport.send(request.message)
            return await call.outcome()
        except TransportClosed as error:
            return await self._without_answer(call, str(error))
        except Unanswered as error:
            return NoAnswer(reason=str(error))
        finally:
            del self._calls[request.id]
            self._connection.withdraw(request.id)

    async def _send_slowly(self, request: Outgoing, call: OpenCall) -> None:
        """Sends where that may take time, which counts as the program's."""
        with anyio.move_on_after(call.deadline - self._loop.time()) as scope:
            await self._transport.send(request.message)
        if scope.cancelled_caught:
            self._late(call)

    async def _without_answer(self, call: OpenCall, reason: str) -> Outcome:
        """It takes nothing any more; what it has written last says why, and may be the answer all the same."""
        with anyio.move_on_after(NOTICE_GRACE):
            return await call.outcome()
        self.give_up(reason)
        return await call.outcome()

    async def _withdraw(self, number: int) -> None:
        with anyio.CancelScope(shield=True):
            await self._tell(self._connection.withdraw(number))

    # --- deadlines

    def _expect_by(self, deadline: float) -> None:
        """A call has this deadline: one alarm is set for the earliest of all."""
        alarm = self._alarm
        if deadline < NEVER and (alarm is None or alarm.when() > deadline):
            if alarm is not None:
                alarm.cancel()
            self._alarm = self._loop.call_at(deadline, self._look_at_deadlines)

    def _look_at_deadlines(self) -> None:
        self._alarm = None
        now = self._loop.time()
        for call in tuple(self._calls.values()):
            if call.deadline <= now:
                self._late(call)
        self._expect_by(min((call.deadline for call in self._calls.values()), default=NEVER))

    def _late(self, call: OpenCall) -> None:
        call.settle(NoAnswer(reason=self.complaint, is_late=True))

    # --- what it sends

    async def listen(self) -> None:
        """Hands out what the program sends, until it ends or is given up."""
        with self._listening:
            try:
                while messages := await self._transport.receive():
                    for message in messages:
                        for read in self._connection.receive(message):
                            if isinstance(read, Demand):
                                await self._serve(read)
                            else:
                                self._take(read)
                    for reply in self._connection.take_replies():
                        await self._tell(reply)
            except TransportClosed as error:
                self.give_up(str(error))
                return
            self.is_over = True
            last_words = await self._transport.last_words()
            self.give_up(f"it ended before it answered{last_words and f'; its last words: {last_words}'}")

    def give_up(self, reason: str) -> None:
        """Ends whatever still waits, and `listen`; the first reason holds."""
        self.is_over = True
        self.reason = self.reason or reason
        self.was_needed = self.was_needed or bool(self._calls)
        self._listening.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        for call in tuple(self._calls.values()):
            call.settle(NoAnswer(reason=self.reason))
        self.ended.set()

    async def _serve(self, demand: Demand) -> None:
        self.has_spoken = True
        self.complaint = await self._demands.serve(demand) or self.complaint

    def _take(self, message: Answer | Fault | Notification | Unreadable) -> None:
        match message:
            case Answer() | Fault():
                self.has_spoken = True
                self._settle(message.id, message)
            case Unreadable():
                self.complaint = message.reason
                if message.id is not None:
                    self._settle(message.id, NoAnswer(reason=f"it does not speak JSON-RPC 2.0: {message.reason}"))
            case Notification():
                self.has_spoken = True
                self._hear(message)

    def _settle(self, number: int, outcome: Outcome) -> None:
        if call := self._calls.get(number):
            call.settle(outcome)

    def _hear(self, notification: Notification) -> None:
        params = notification.params
        if not isinstance(params, dict):
            return
        number = params.get("id")
        if notification.method == PROGRESS:
            text = params.get("message")
            if isinstance(number, int) and isinstance(text, str) and (call := self._calls.get(number)):
                call.note(text)
            return
        if notification.method == CANCEL and isinstance(number, int | str):
            self._demands.withdraw(number)

    async def _tell(self, message: bytes) -> None:
        """Sends what nobody waits for; a program that has left, or does not read, misses it."""
        if self.is_over or not message:
            return
        with anyio.move_on_after(NOTICE_GRACE):
            try:
                await self._transport.send(message)
            except TransportClosed:
                self.complaint = "it has closed its input"
            except Unanswered:
                pass  # the other side has said nothing to a notice, and need not
