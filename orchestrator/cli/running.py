"""Runs a command's coroutine, and lets the signals that end a program end it in order."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio

ENDING_SIGNALS = ("SIGTERM", "SIGHUP")
"""A closed terminal and a polite request: what was started is stopped, what is temporary is removed."""


def run_command(command: Callable[[argparse.Namespace], Awaitable[int]], options: argparse.Namespace) -> int:
    """The exit code of the command. Raises: `KeyboardInterrupt` when a signal has ended it."""

    async def supervised() -> int:
        task = asyncio.current_task()
        assert task is not None
        for name in ENDING_SIGNALS:
            with suppress(AttributeError, NotImplementedError):  # a platform without it
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
        return await command(options)

    try:
        return anyio.run(supervised)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
