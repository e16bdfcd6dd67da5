"""A call under way in a task of its own: it goes on while a request waits for it, and while its question is elsewhere.

Clients of the handshake era are asked on their connection while the request stays open. Later ones get the question as
the answer to their request, and come back with another: between the two nobody waits here, and the call is parked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import anyio

from orchestrator.errors import OrchestratorError
from orchestrator.mcp_server.making import Desk, Made
from runtimes.questions import ANSWER_SECONDS, LiveAnswer, LiveQuestion

MAX_ONGOING = 32
"""Calls of all clients together that are under way, but for those that wait for a person."""

MAX_ASKING = 32
"""Calls of all clients together that wait for a person; what another one asks is not put to anybody."""

MAX_NEWS = 64
"""Progress notes of one call that wait to be passed on; those beyond it are dropped."""

MAX_FINISHED = 8
"""Parked calls that have ended and whose results wait for a client that comes back late."""

TOKEN_BYTES = 16
"""Of the token by which a client comes back to a parked call."""

CLOSE_SECONDS = 10.0
"""How long calls may take to end when the server does."""


class TooManyCalls(OrchestratorError):
    """So many calls are under way that no other is begun."""


@dataclass(slots=True, kw_only=True, eq=False)
class Asked:
    """A question of a call, open until it is closed."""

    question: LiveQuestion
    closed: anyio.Event = field(default_factory=anyio.Event)
    """Set when it was answered, or the call does not wait for the answer any more."""
    answer: LiveAnswer | None = None

    def give(self, answer: LiveAnswer) -> None:
        """Answers it; an answer to a closed one is nobody's."""
        if not self.closed.is_set():
            self.answer = answer
            self.closed.set()


Make = Callable[[Desk], Coroutine[None, None, Made]]

_TOO_MANY_QUESTIONS = LiveAnswer(
    action="cancel", reason="too many questions are open at this server; answer those first, then call again"
)


class OngoingCall:
    """One call; whoever has it reads its news until the result comes."""

    def __init__(
        self,
        make: Make,
        *,
        can_ask: bool,
        can_lead: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
        may_wait: Callable[[], bool] = lambda: True,
    ) -> None:
        """Begins it; `can_ask` and `can_lead` are as in `Desk`, `may_wait` says whether one more may wait for a
        person."""
        self.open: Asked | None = None
        """The question that waits for an answer."""
        self._answer_seconds = answer_seconds
        self._may_wait = may_wait
        self._turns = anyio.Lock()
        self._sender, self._receiver = anyio.create_memory_object_stream[str | Asked](MAX_NEWS)
        desk = Desk(ask=self._ask, can_ask=can_ask, can_lead=can_lead, progress=self._note)
        self.task = asyncio.create_task(make(desk))
        self.task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Made]) -> None:
        self._sender.close()
        if not task.cancelled():
            task.exception()  # whoever waits for the result is told of it; where nobody does, nobody else is

    def _note(self, text: str) -> None:
        try:
            self._sender.send_nowait(text)
        except (anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _ask(self, question: LiveQuestion) -> LiveAnswer:
        """One question after the other, each for so long at most."""
        late = LiveAnswer(action="cancel", reason=f"nobody answered within {self._answer_seconds:g} seconds")
        async with self._turns:
            if not self._may_wait():
                return _TOO_MANY_QUESTIONS
            self.open = asked = Asked(question=question)
            try:
                with anyio.move_on_after(self._answer_seconds):
                    await self._sender.send(asked)
                    await asked.closed.wait()
            finally:
                asked.closed.set()
                self.open = None
        return asked.answer or late

    async def news(self) -> str | Asked | Made:
        """What comes next: how it goes, a question, or the result. Raises: what making it raised."""
        try:
            return await self._receiver.receive()
        except anyio.EndOfStream:
            return Made(text="not called: it was cancelled") if self.task.cancelled() else self.task.result()

    async def end(self) -> None:
        """Cancels it, and waits until its turn has ended."""
        self.task.cancel()
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await asyncio.wait({self.task})
        self.close()

    def close(self) -> None:
        """Nobody reads its news any more."""
        self._receiver.close()


class OngoingCalls:
    """All calls that are under way; those that are parked wait for a client to come back with their token."""

    def __init__(
        self,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        max_ongoing: int = MAX_ONGOING,
        max_asking: int = MAX_ASKING,
    ) -> None:
        """`answer_seconds` is how long a question waits for its answer."""
        self._answer_seconds = answer_seconds
        self._max_ongoing = max_ongoing
        self._max_asking = max_asking
        self._under_way: set[OngoingCall] = set()
        self._parked: dict[str, tuple[str, OngoingCall, Asked]] = {}

    def _asking(self) -> int:
        return sum(call.open is not None for call in self._under_way)

    def begin(self, make: Make, *, can_ask: bool, can_lead: bool = False) -> OngoingCall:
        """Raises: `TooManyCalls`."""
        if len(self._under_way) - self._asking() >= self._max_ongoing:
            raise TooManyCalls(f"{self._max_ongoing} calls are under way; wait for one of them, then call again")
        call = OngoingCall(
            make,
            can_ask=can_ask,
            can_lead=can_lead,
            answer_seconds=self._answer_seconds,
            may_wait=lambda: self._asking() < self._max_asking,
        )
        self._under_way.add(call)
        call.task.add_done_callback(lambda _: self._under_way.discard(call))
        return call

    def park(self, call: OngoingCall, purpose: str, asked: Asked) -> str:
        """The token by which a client comes back for just this purpose, as long as the result is kept.

        What the client says then is an answer to `asked`, whatever else is open by that time.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._parked[token] = (purpose, call, asked)
        finished = [known for known, (_, parked, _) in self._parked.items() if parked.task.done()]
        for known in finished[: max(0, len(finished) - MAX_FINISHED)]:
            self._parked.pop(known)[1].close()
        return token

    def taken_up(self, token: str, purpose: str) -> tuple[OngoingCall, Asked] | None:
        """The call of that token, parked no more, and what was asked; None where there is none for this purpose."""
        parked = self._parked.get(token)
        if parked is None or parked[0] != purpose:
            return None
        del self._parked[token]
        return parked[1:]

    async def end(self) -> None:
        """Cancels all calls, and waits until their turns have ended."""
        async with anyio.create_task_group() as tasks:
            for call in {*self._under_way, *(call for _, call, _ in self._parked.values())}:
                tasks.start_soon(call.end)
        self._parked.clear()
