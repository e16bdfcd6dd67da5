"""What was typed before a question was there to be read: it answers none."""

from __future__ import annotations

import sys
from contextlib import suppress


def forget_typed(descriptor: int) -> None:
    """Drops what a terminal holds back; an input that is no terminal is left as it is."""
    if sys.platform != "win32":
        import termios

        with suppress(termios.error):
            termios.tcflush(descriptor, termios.TCIFLUSH)
