"""A call while its tool runs: what the server tells of its progress, and what it asks the person meanwhile."""

from __future__ import annotations

import anyio

from runtimes.base import CallContext
from runtimes.mcp.elicitation import CannotAsk, question_of, result_of
from runtimes.mcp.results import one_line
from runtimes.questions import ANSWER_SECONDS, MAX_QUESTIONS, Ask
from runtimes.values import JsonObject

MAX_PROGRESS_NOTES = 200
"""How many notes on its progress one call may bring; further ones are dropped."""
MAX_PROGRESS_CHARS = 500
"""How much of one of them is shown."""


class OpenCall:
    """What one call lends to its server for as long as it lasts."""

    def __init__(self, context: CallContext, ask: Ask, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`ask` puts a question to the person who called; they have `answer_seconds` for it."""
        self._progress = context.progress
        self._ask = ask
        self._answer_seconds = answer_seconds
        self._notes = 0
        self._questions = 0
        self._asking: set[anyio.CancelScope] = set()
        self._is_over = False

    async def tell(self, progress: float, total: float | None, message: str | None) -> None:
        """Shows how far it is."""
        self._notes += 1
        if self._is_over or self._notes > MAX_PROGRESS_NOTES:
            return
        text = one_line(message or "", MAX_PROGRESS_CHARS)
        of_all = f"{progress:g} of {total:g}" if total else f"{progress:g}"
        self._progress(text or of_all)

    async def elicit(self, params: JsonObject) -> JsonObject:
        """Asks the person, as `elicitation/create` has it, and says what they answered.

        Raises: `CannotAsk`.
        """
        self._questions += 1
        if self._is_over:
            raise CannotAsk("the call that this belongs to is over")
        if self._questions > MAX_QUESTIONS:
            raise CannotAsk(f"a call may ask {MAX_QUESTIONS} questions")
        question = question_of(params)
        with anyio.CancelScope() as scope:
            self._asking.add(scope)
            try:
                with anyio.move_on_after(self._answer_seconds):
                    return result_of(await self._ask(question), question)
            finally:
                self._asking.discard(scope)
        return {"action": "cancel"}

    def close(self) -> None:
        """The call is over, and so are its questions."""
        self._is_over = True
        for scope in self._asking:
            scope.cancel()
