"""Asks the person at the terminal what a plugin wants to know during a call that no chat is about."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import anyio

from orchestrator.host import Orchestrator
from orchestrator.repl.dialogue import labels_of
from orchestrator.repl.live_questions import NOBODY_WAITS, LivePrompt
from orchestrator.repl.prompt import typed_answer
from orchestrator.repl.streams import view_for
from orchestrator.turn.live_questions import PluginQuestion
from runtimes.questions import LiveAnswer

MAX_UNANSWERED = 2
"""How many questions in a row are left unanswered by somebody who wants the call stopped."""


class _Typing:
    """Somebody at the terminal."""

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """What they type."""
        return await typed_answer(prompt, is_secret=is_secret, draft=draft)


class CallAsking:
    """Shows questions on the error stream, so that the output stays the answer's, one after the other."""

    def __init__(self, host: Orchestrator, stop: Callable[[], object]) -> None:
        """`stop` ends the command, as Ctrl-C does while nothing is asked."""
        self._view = view_for(host, sys.stderr)
        self._prompt = LivePrompt(self._view, labels_of(host), _Typing(), stops="call")
        self._stop = stop
        self._one_at_a_time = anyio.Lock()
        self._unanswered = 0

    async def __call__(self, asked: PluginQuestion) -> LiveAnswer:
        """As `orchestrator.turn.live_questions.Asks`."""
        async with self._one_at_a_time:
            try:
                answer = await self._prompt(asked)
            except asyncio.CancelledError:
                self._view.notice(NOBODY_WAITS)
                raise
            self._unanswered = 0 if answer is not None else self._unanswered + 1
            if self._unanswered >= MAX_UNANSWERED:
                self._stop()
                await anyio.sleep_forever()
        return answer or LiveAnswer(action="cancel")
