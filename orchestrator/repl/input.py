"""Where the person's words come from, as the loop sees it, and the lines of a pipe; `prompt` has the terminal."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import anyio
import platformdirs

MAX_LINE = 256 * 1024
"""Bytes of one line of a pipe; a longer one is given in pieces of this size."""
CHUNK = 64 * 1024
"""Bytes read from a pipe at a time."""
HISTORY_FILE = "history"


class Answers(Protocol):
    """Whoever answers questions."""

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """The answer to a question, read from nothing that was typed before it was asked; None when it is refused.

        One that `is_secret` is not shown while it is typed. `draft` is what stands there to begin with.
        """
        ...


class PersonInput(Answers, Protocol):
    """What the loop needs of the person."""

    @property
    def is_interactive(self) -> bool:
        """True when somebody sits there who can be asked."""
        ...

    async def message(self) -> str | None:
        """The next message or command; None when there will be no more."""
        ...


class PipeInput:
    """Reads lines of a file descriptor, without keeping the loop from its work; there is nobody to ask."""

    is_interactive = False

    def __init__(self, descriptor: int, echo: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._echo = echo
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._buffer = ""
        self._is_over = False

    async def message(self) -> str | None:
        """The next line that is not blank."""
        while (line := await self._line()) is not None:
            if text := line.strip():
                self._echo(text)
                return text
        return None

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """Nobody answers."""
        del prompt, is_secret, draft
        return None

    async def _line(self) -> str | None:
        while "\n" not in self._buffer and len(self._buffer) < MAX_LINE and not self._is_over:
            data = await self._read()
            self._is_over = not data
            self._buffer += self._decoder.decode(data, final=self._is_over)
        if not self._buffer:
            return None
        end = self._buffer.find("\n", 0, MAX_LINE) + 1 or MAX_LINE
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    async def _read(self) -> bytes:
        with suppress(OSError):  # a regular file: the loop cannot wait for it, and reading it does not block
            await anyio.wait_readable(self._descriptor)
        return os.read(self._descriptor, CHUNK)


def history_file() -> Path:
    """Where the messages of earlier sessions are kept."""
    return platformdirs.user_state_path("orchestrator") / HISTORY_FILE


@contextmanager
def without_echo(descriptor: int) -> Generator[None]:
    """While entered, what is typed into a growing answer does not disturb it; the next prompt has it."""
    if sys.platform == "win32":
        yield
        return
    import termios

    before = termios.tcgetattr(descriptor)
    flags = before[3] & ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, [*before[:3], flags, *before[4:]])
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
