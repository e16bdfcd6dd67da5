"""Asks the person at the terminal what a plugin wants to know during a call that no chat is about."""

from __future__ import annotations

import sys

from orchestrator.host import Orchestrator
from orchestrator.repl.dialogue import labels_of
from orchestrator.repl.input import typed_answer
from orchestrator.repl.live_questions import LivePrompt
from orchestrator.repl.streams import view_for
from orchestrator.turn.live_questions import PluginQuestion
from runtimes.questions import LiveAnswer


class _Typing:
    """Somebody at the terminal."""

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """What they type."""
        return await typed_answer(prompt, is_secret=is_secret, draft=draft)


async def asked_at_terminal(host: Orchestrator, asked: PluginQuestion) -> LiveAnswer:
    """Shows the question on the error stream, so that the output stays the answer's, and takes what is typed."""
    answer = await LivePrompt(view_for(host, sys.stderr), labels_of(host), _Typing())(asked)
    return answer or LiveAnswer(action="cancel")
