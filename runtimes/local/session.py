"""One conversation with a running local plugin: calls out, answers in, and what the plugin asks and tells meanwhile.

It starts nothing and ends nothing: `runtimes.local.programs` above does, and `listen` runs beside its calls. Messages
are made and read by `runtimes.local.connection`, and carried by a `Transport`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import anyio

from runtimes.local.connection import CANCEL, Connection, Outgoing
from runtimes.local.contract import INITIALIZE, PROGRESS, introduction
from runtimes.local.demands import Demands
from runtimes.local.messages import (
    Answer,
    Demand,
    Fault,
    Message,
    Notification,
    Unreadable,
)
from runtimes.local.open_call import NEVER, Caller, NoAnswer, OpenCall, Outcome
from runtimes.local.supervision import PATIENCE, Patience, Stall, Strays
from runtimes.local.transports.base import (
    CannotStart,
    Gathering,
    Prompt,
    Transport,
    TransportClosed,
    Unanswered,
    Watched,
)
from runtimes.questions import nobody_present
from runtimes.values import JsonObject

NOTICE_GRACE = 1.0
"""Seconds that a notice or an answer may take to leave before the program is given up."""


def _not_told(text: str) -> None:
    del text


class Session:
    """One running program and what it has been asked."""

    def __init__(
        self,
        transport: Transport,
        sent: Callable[[bytes], None],
        patience: Patience = PATIENCE,
        advice: str = "",
    ) -> None:
        """`sent` is told of each request of a caller once it has gone out; `advice` is for a program that is silent."""
        self._transport = transport
        self._prompt = transport if isinstance(transport, Prompt) else None
        self._watched = transport if isinstance(transport, Watched) else None
        self._patience = patience
        self._advice = advice
        self._sent = sent
        self._connection = Connection()
        self._calls: dict[int, OpenCall] = {}
        self._demands = Demands(self._connection, self._calls, self._tell)
        self._listening = anyio.CancelScope()
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._began = self._loop.time()
        self._unsent = 0
        self._stall = Stall(patience.stall_seconds)
        self._next_look: asyncio.TimerHandle | None = None
        self._strays = Strays(patience.max_stray_messages)
        self.quiet_since = self._began
        """When the last call ended, as the event loop counts time."""
        self.ended = anyio.Event()
        """Set once nothing more can be had from it."""
        self.is_over = False
        self.has_spoken = False
        """True once a message has come that is one."""
        self.has_answered = False
        """True once a call has been answered."""
        self.is_polite = False
        """True once it has answered `initialize` with a result: it is told before it is stopped."""
        self.was_needed = False
        """True where it ended while a call waited."""
        self.reason = ""
        """Why it is over."""
        self.complaint = ""
        """What was wrong with the last thing it wrote that could not be used."""

    @property
    def hint(self) -> str:
        """Why it may be that it does not answer; empty where nothing is known."""
        begun = self._transport.unfinished() if isinstance(self._transport, Gathering) else ""
        if begun or self.complaint or self.has_spoken:
            return "; ".join(filter(None, (self.complaint, begun)))
        silent = "it has never said anything" if self.has_started else "it has not read anything yet"
        return f"{silent}{self._advice and f'; {self._advice}'}"

    @property
    def has_started(self) -> bool:
        """False as long as it may be starting: it has read nothing yet, as far as can be told."""
        is_new = self._loop.time() - self._began < self._patience.starting_seconds
        return self.has_spoken or not is_new or self._watched is None or self._watched.has_read()

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
            if not self.has_spoken and self.has_started and not self._calls:
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
        except BaseException:  # cancelled, or what it told or asked has found no ear
            await self._withdraw(request.id)
            raise
        finally:
            del self._calls[request.id]
            self.quiet_since = self._loop.time()
            if call.is_asking:
                with anyio.CancelScope(shield=True):
                    await call.close()

    async def introduce(self) -> Outcome:
        """Asks it to `initialize`. Its answer counts whenever it comes."""
        outcome = await self.request(INITIALIZE, introduction())
        self.is_polite = isinstance(outcome, Answer)
        return outcome

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
            self._connection.leave(request.id)

    async def _send_slowly(self, request: Outgoing, call: OpenCall) -> None:
        """Sends where that may take time, which counts as the program's."""
        self._unsent += 1
        try:
            with anyio.move_on_after(call.deadline - self._loop.time()) as scope:
                await self._transport.send(request.message)
        finally:
            self._unsent -= 1
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
        self._look_whether_it_reads()

    def _look_whether_it_reads(self) -> None:
        """One that reads nothing more is given up, unless it may be at work for somebody."""
        unread = 0 if self._watched is None or self.is_over else self._watched.unread
        if self._next_look is not None:
            self._next_look.cancel()
        left = self._stall.seconds_left(unread, self._loop.time())
        if not unread:
            return
        if left <= 0 and len(self._calls) <= self._unsent:
            self.give_up("it has stopped reading what it is sent")
            return
        self._next_look = self._loop.call_later(max(left, NOTICE_GRACE), self._look_whether_it_reads)

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
        call.settle(NoAnswer(reason=self.hint, is_late=True))

    # --- what it sends

    async def listen(self) -> None:
        """Hands out what the program sends, until it ends or is given up."""
        with self._listening:
            try:
                while messages := await self._transport.receive():
                    self._count(len(messages), sum(map(len, messages)))
                    for message in messages:
                        await self._take_all(self._connection.receive(message))
                    for reply in self._connection.take_replies():
                        await self._tell(reply)
            except TransportClosed as error:
                self.give_up(str(error))
                return
            self.is_over = True
            last_words = await self._transport.last_words()
            self.give_up(f"it ended before it answered{last_words and f'; its last words: {last_words}'}")

    async def _take_all(self, messages: Sequence[Message]) -> None:
        if len(messages) > 1:
            self._count(len(messages), 0)
        for message in messages:
            if isinstance(message, Demand):
                await self._serve(message)
            else:
                self._take(message)

    def _count(self, messages: int, size: int) -> None:
        """Raises: `TransportClosed` where too much has come without an answer."""
        if flood := self._strays.count(messages, size, self._loop.time()):
            raise TransportClosed(flood)

    def give_up(self, reason: str) -> None:
        """Ends whatever still waits, and `listen`; the first reason holds."""
        self.is_over = True
        self.reason = self.reason or reason
        self.was_needed = self.was_needed or bool(self._calls)
        self._listening.cancel()
        for timer in (self._alarm, self._next_look):
            if timer is not None:
                timer.cancel()
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
                self.has_spoken = self.has_spoken or message.is_message or message.id is not None
                if message.id is not None:
                    self._settle(message.id, NoAnswer(reason=f"it does not speak JSON-RPC 2.0: {message.reason}"))
            case Notification():
                self.has_spoken = True
                self._hear(message)

    def _settle(self, number: int, outcome: Outcome) -> None:
        if call := self._calls.get(number):
            call.settle(outcome)
            self._strays.forget()
        elif isinstance(outcome, Answer):  # to a request of ours that was left: that is how it is introduced
            self.is_polite = True

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
