"""The streams of the process: what can be shown on them, and what the program ends with."""

from __future__ import annotations

import os
from io import TextIOWrapper
from typing import IO

from orchestrator.host import Orchestrator
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.dialogue import labels_of

FINE = 0
"""The exit code when all is well."""
BROKE_OFF = 1
"""The exit code when a turn ended by an error or a limit."""
WRONG_USE = 2
"""The exit code when something was asked for that cannot be."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C has ended."""
READER_GONE = 141
"""The exit code of a program whose output nobody reads any more."""


def _is_live(file: IO[str]) -> bool:
    """True for a terminal that can be repainted."""
    return file.isatty() and os.environ.get("TERM", "") != "dumb"


def prepare(file: object, *, encoding: str | None = None) -> None:
    """Lets a stream replace what its encoding cannot write, rather than fail; `encoding` is another one."""
    if isinstance(file, TextIOWrapper):
        file.reconfigure(encoding=encoding, errors="replace")


def view_for(host: Orchestrator, file: IO[str]) -> TerminalView:
    """Shows the host's conversations on that stream; what its encoding cannot write is replaced."""
    prepare(file)
    live = _is_live(file)
    return TerminalView(console_for(file, is_live=live), labels_of(host), is_live=live, locale=host.locale)


def leave_quietly(file: IO[str]) -> int:
    """Lets what is still buffered go nowhere, so that leaving does not fail; returns the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)
    return READER_GONE
