"""What a call lends to somebody else's runtime: its progress and its questions, bounded, and only while it runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from types import TracebackType

from runtimes.base import CallContext
from runtimes.foreign.kinds import OBJECT_OR_NONE, TEXT, Kind, misfits
from runtimes.foreign.words import in_lines, in_one_line, kind_of
from runtimes.questions import MAX_QUESTION_CHARS, MAX_QUESTIONS, LiveAnswer, LiveQuestion
from runtimes.values import is_json

MAX_PROGRESS_NOTES = 200
"""How many of the texts are shown that a call says it is doing; the others are passed over."""

MAX_PROGRESS_CHARS = 500
"""How much of each is shown."""


_QUESTION: Mapping[str, Kind] = {"text": TEXT, "title": TEXT, "form": OBJECT_OR_NONE, "url": TEXT}


def _question_mistake(question: object) -> str:
    if not isinstance(question, LiveQuestion):
        return f"what was asked is {kind_of(question)}, and no LiveQuestion"
    if mistakes := [*misfits(question, _QUESTION)]:
        return f"in the question: {'; '.join(mistakes)}"
    return "" if is_json(question.form) else "the form of the question is no JSON"


class LentContext:
    """The context of one call, as the runtime gets it; whatever it holds on to is of no use to it afterwards.

    It is made on the event loop of the call; progress may be told from any thread.
    """

    def __init__(self, context: CallContext) -> None:
        self._whole = context
        self._is_over = False
        self._told = count(1)  # which threads may share
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._asked = 0
        self.context = replace(context, progress=self._progress, ask=self._ask)

    def __enter__(self) -> LentContext:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over = True

    def _progress(self, text: str) -> None:
        if self._is_over or next(self._told) > MAX_PROGRESS_NOTES:
            return
        shown = in_one_line(str(text), MAX_PROGRESS_CHARS)
        if threading.get_ident() == self._thread:
            self._whole.progress(shown)
            return
        with suppress(RuntimeError):  # the loop has closed, and the call is over
            self._loop.call_soon_threadsafe(self._tell, shown)

    def _tell(self, shown: str) -> None:
        if not self._is_over:
            self._whole.progress(shown)

    async def _ask(self, question: LiveQuestion) -> LiveAnswer:
        """Raises: `RuntimeError` in a thread: a question that outlives its call would be nobody's."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("context.ask is awaited on the event loop of the call, and in no other thread")
        if self._is_over:
            return LiveAnswer(action="decline", reason="the call has ended")
        self._asked += 1
        if self._asked > MAX_QUESTIONS:
            return LiveAnswer(action="decline", reason=f"a call may ask {MAX_QUESTIONS} questions")
        if mistake := _question_mistake(question):
            return LiveAnswer(action="decline", reason=mistake)
        shown = replace(question, text=in_lines(question.text, MAX_QUESTION_CHARS), title=in_one_line(question.title))
        return await self._whole.ask(shown)
