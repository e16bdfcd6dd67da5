"""Somebody who says what a test wrote down: the twin of a prompt, without a terminal."""

from __future__ import annotations

from collections.abc import Sequence


class WrittenPerson:
    """Gives messages and answers in order, then nothing more."""

    def __init__(
        self, messages: Sequence[str], *, answers: Sequence[str | None] = (), is_interactive: bool = True
    ) -> None:
        self._messages = list(messages)
        self._answers = list(answers)
        self.is_interactive = is_interactive
        self.asked: list[str] = []
        self.drafts: list[str] = []

    async def message(self) -> str | None:
        """The next message."""
        return self._messages.pop(0) if self._messages else None

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """The next answer, as if it was typed in the place of the draft."""
        del is_secret
        self.asked.append(prompt)
        self.drafts.append(draft)
        return self._answers.pop(0)
