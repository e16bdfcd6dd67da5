"""Signals to a program and to everything that it has started."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
"""The signal that no program can ignore."""


def signal_group(pid: int, number: int) -> None:
    """Signals the program and all that it has started, dead or alive: its group outlives it."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            os.kill(pid, number)
        else:
            os.killpg(pid, number)
