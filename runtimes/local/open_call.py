"""One call that waits for its answer: its deadline, what the program tells meanwhile, what it asks the person.

Notes are shown and questions put from within the call itself, one after another, so that none outlives it; its clock
stands still while a person is asked. `runtimes.local.session` hands in what belongs to the call; bytes are its
business.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import anyio

from runtimes.local.contract import REQUEST_CANCELLED, InvalidDemand, printable, written_answer
from runtimes.local.messages import TOO_BUSY, Answer, Demand, Fault
from runtimes.questions import ANSWER_SECONDS, MAX_QUESTIONS, Ask, LiveAnswer, LiveQuestion
from runtimes.values import Json

MAX_PROGRESS_NOTES = 200
"""How many notes one call may send; further ones are dropped."""
MAX_PROGRESS_CHARS = 500
"""How much of one of them is shown."""

NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Why there is no answer, in words."""

    reason: str
    is_late: bool = False
    """True where it has only not come in time."""


Outcome = Answer | Fault | NoAnswer
"""What came of a call."""


@dataclass(slots=True)
class Caller:
    """Who waits for a call."""

    progress: Callable[[str], None]
    ask: Ask
    seconds: float
    """How long they wait, from now."""
    answer_seconds: float = ANSWER_SECONDS
    """How long the person may take for one answer."""


class Asker(Protocol):
    """The program on the other side, as far as a call has to do with it."""

    async def answer(self, demand: Demand, result: Json, /) -> None:
        """Answers a question of it."""
        ...

    async def refuse(self, demand: Demand, code: int, reason: str, /) -> None:
        """Answers a question of it with an error."""
        ...


class _Question:
    """A question that has been put, or waits for those before it."""

    def __init__(self, demand: Demand, question: LiveQuestion) -> None:
        self.demand = demand
        self.question = question
        self.scope = anyio.CancelScope()
        self.is_withdrawn = False


class OpenCall:
    """A request that waits for its answer."""

    __slots__ = (
        "_asked",
        "_asker",
        "_caller",
        "_expect_by",
        "_loop",
        "_notes",
        "_outcome",
        "_put",
        "_stirred",
        "_untold",
        "_waiting",
        "deadline",
    )

    def __init__(
        self, caller: Caller, asker: Asker, expect_by: Callable[[float], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        """`expect_by` is told when the deadline has changed."""
        self._expect_by = expect_by
        self._caller = caller
        self._asker = asker
        self._loop = loop
        self.deadline = loop.time() + caller.seconds
        """When the caller waits no longer, as the event loop counts time."""
        self._outcome: Outcome | None = None
        self._stirred: asyncio.Future[None] = loop.create_future()
        self._notes = 0
        self._untold: deque[str] | None = None
        self._asked = 0
        self._waiting: deque[_Question] | None = None
        self._put: _Question | None = None

    # --- what the session tells

    def settle(self, outcome: Outcome) -> None:
        """The first outcome holds: an answer is not undone by the end of the program that gave it."""
        if self._outcome is None:
            self._outcome = outcome
            self._stir()
            if self._put is not None:
                self._put.scope.cancel()

    def note(self, text: str) -> bool:
        """Tells what the program is doing, from within the call; false where it has told too much already."""
        self._notes += 1
        if self._notes > MAX_PROGRESS_NOTES:
            return False
        if self._untold is None:
            self._untold = deque()
        self._untold.append(printable(text, MAX_PROGRESS_CHARS))
        self._stir()
        return True

    def ask(self, demand: Demand, question: LiveQuestion) -> None:
        """Puts a question, after those that wait already. Raises: `InvalidDemand` where there were too many."""
        self._asked += 1
        if self._asked > MAX_QUESTIONS:
            raise InvalidDemand(TOO_BUSY, f"one call may ask {MAX_QUESTIONS} questions, and this is one more")
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(_Question(demand, question))
        self._stir()

    def withdraw(self, demanded: int | str) -> None:
        """The program no longer wants the answer to a question."""
        for question in (*(self._waiting or ()), *((self._put,) if self._put is not None else ())):
            if question.demand.id == demanded:
                question.is_withdrawn = True
                question.scope.cancel()

    def _stir(self) -> None:
        if not self._stirred.done():
            self._stirred.set_result(None)

    # --- what the call does

    @property
    def is_asking(self) -> bool:
        """True where a question may still wait for its answer."""
        return self._put is not None or bool(self._waiting)

    async def outcome(self) -> Outcome:
        """Waits for it, tells meanwhile what the program is doing, and asks the person what it asks.

        What goes wrong in telling or asking is raised here: it concerns no other call.
        """
        while self._outcome is None:
            if self._untold:
                self._tell()
            elif self._waiting:
                await self._answer_all()
            else:
                await self._stirred
                if self._outcome is None:
                    self._stirred = self._loop.create_future()
        self._tell()
        return self._outcome

    def _tell(self) -> None:
        while self._untold:
            self._caller.progress(self._untold.popleft())

    async def _answer_all(self) -> None:
        left, self.deadline = self.deadline - self._loop.time(), NEVER
        while self._waiting and self._outcome is None:
            self._put = self._waiting.popleft()
            await self._answer(self._put)
            self._put = None
        self.deadline = self._loop.time() + left
        self._expect_by(self.deadline)

    async def _answer(self, question: _Question) -> None:
        answer = LiveAnswer(action="cancel", reason=f"there was no answer within {self._caller.answer_seconds:g} s")
        question.scope.deadline = anyio.current_time() + self._caller.answer_seconds
        if not question.is_withdrawn:
            with question.scope:
                answer = await self._caller.ask(question.question)
        if question.is_withdrawn:
            await self._asker.refuse(question.demand, REQUEST_CANCELLED, "the question has been withdrawn")
        elif self._outcome is None:
            await self._asker.answer(question.demand, written_answer(answer, question.question))
        else:
            await self._asker.refuse(question.demand, REQUEST_CANCELLED, "the call is over")

    async def close(self) -> None:
        """Refuses whatever has not been answered: the call is over."""
        left = [*(() if self._put is None else (self._put,)), *(self._waiting or ())]
        self._put, self._waiting = None, None
        for question in left:
            await self._asker.refuse(question.demand, REQUEST_CANCELLED, "the call is over")
