"""`orchestrator auth`: runs the one of its commands that is meant."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Awaitable, Callable

from orchestrator.cli.logins.asking import NotTyped
from orchestrator.cli.running import run_command
from orchestrator.errors import UsageError

_COMMANDS = {
    "add": ("orchestrator.cli.auth.adding", "add"),
    "login": ("orchestrator.cli.auth.login", "login"),
    "list": ("orchestrator.cli.auth.listing", "list_all"),
    "test": ("orchestrator.cli.auth.trying", "try_out"),
    "revoke": ("orchestrator.cli.auth.revoking", "revoke"),
    "rotate": ("orchestrator.cli.auth.rotating", "rotate"),
    "export": ("orchestrator.cli.auth.moving", "export"),
    "import": ("orchestrator.cli.auth.moving", "take_in"),
}
"""The coroutine of each: the module, which is imported when it is wanted, and the name."""


def run(options: argparse.Namespace) -> int:
    """Raises: `UsageError` where no command is named."""
    if options.auth_command is None:
        raise UsageError(f"name a command: orchestrator auth {'|'.join(_COMMANDS)}")
    module, name = _COMMANDS[options.auth_command]
    command: Callable[[argparse.Namespace], Awaitable[int]] = vars(importlib.import_module(module))[name]
    try:
        return run_command(command, options)
    except NotTyped:
        raise KeyboardInterrupt from None
