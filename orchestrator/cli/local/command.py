"""`orchestrator local`: runs the one of its commands that is meant."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Awaitable, Callable

from orchestrator.cli.running import run_command
from orchestrator.errors import UsageError

_COMMANDS = {
    "list": ("orchestrator.cli.local.listing", "list_all"),
    "add": ("orchestrator.cli.local.adding", "add"),
    "test": ("orchestrator.cli.local.trying", "try_out"),
}
"""The coroutine of each: the module, which is imported when it is wanted, and the name."""


def run(options: argparse.Namespace) -> int:
    """Raises: `UsageError` where no command is named."""
    if options.local_command is None:
        raise UsageError(f"name a command: orchestrator local {'|'.join(_COMMANDS)}")
    module, name = _COMMANDS[options.local_command]
    command: Callable[[argparse.Namespace], Awaitable[int]] = vars(importlib.import_module(module))[name]
    return run_command(command, options)
