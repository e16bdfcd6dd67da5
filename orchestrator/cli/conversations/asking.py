"""A last question at the terminal, before something that cannot be taken back."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import IO

import anyio

from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line
from orchestrator.repl.typed_ahead import forget_typed

MAX_ANSWER = 1024
"""Bytes of an answer that are read."""

_YES = frozenset({"y", "yes"})


def _is_terminal(file: IO[str] | None) -> bool:
    """False also for a stream that the program was started without."""
    return file is not None and file.isatty()


async def typed(descriptor: int, max_bytes: int) -> bytes:
    """What is typed next, nothing at its end; Ctrl-C ends the waiting, which a read that blocks would not let it."""
    try:
        with suppress(OSError, NotImplementedError):  # a platform that can wait for sockets only
            await anyio.wait_readable(descriptor)
    except anyio.get_cancelled_exc_class():
        print(file=sys.stderr)
        raise
    return os.read(descriptor, max_bytes)


async def is_sure(question: str, *, yes: bool, otherwise: str) -> bool:
    """What the person at the terminal says once the question stands there; `yes` is `--yes`.

    Raises: `UsageError` where nobody can be asked, or would see the question; `otherwise` is the message.
    """
    if yes:
        return True
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise UsageError(otherwise)
    descriptor = sys.stdin.fileno()
    forget_typed(descriptor)
    print(f"{clean_line(question)} [y/N]", end=" ", file=sys.stderr, flush=True)
    answer = (await typed(descriptor, MAX_ANSWER)).decode(errors="replace")
    return answer.strip().casefold() in _YES
