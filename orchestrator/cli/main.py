"""Parses the command line and runs one command; exit codes are 0 (fine), 1 (problem found), 2 (wrong use)."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth import SecretsInUse

FINE, PROBLEM, WRONG_USE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141
"""Exit codes; the last two are those of a program that Ctrl-C or a closed pipe has ended."""

_COMMANDS = {
    "approve": "orchestrator.cli.conversations.approve",
    "auth": "orchestrator.cli.auth.command",
    "call": "orchestrator.cli.call",
    "card": "orchestrator.cli.card",
    "chat": "orchestrator.cli.chat",
    "completion": "orchestrator.cli.completion",
    "decline": "orchestrator.cli.conversations.approve",
    "demo": "orchestrator.cli.demo",
    "history": "orchestrator.cli.conversations.history",
    "local": "orchestrator.cli.local.command",
    "mcp": "orchestrator.cli.mcp",
    "mock": "orchestrator.cli.mock",
    "new": "orchestrator.cli.new",
    "pending": "orchestrator.cli.conversations.pending",
    "policy": "orchestrator.cli.policy",
    "render": "orchestrator.cli.render",
    "test": "orchestrator.cli.test",
    "tools": "orchestrator.cli.tools",
    "validate": "orchestrator.cli.validate",
    "worker": "orchestrator.cli.conversations.worker",
}
"""The module of each command; it has `run(options) -> exit code`, and is imported when it is wanted."""


def _unknown_command(arguments: Sequence[str]) -> str | None:
    if arguments[:1] == ["auth"]:
        from orchestrator.cli.parser_auth import AUTH_COMMANDS

        return _unknown_of("auth ", arguments[1:], AUTH_COMMANDS)
    if arguments[:1] == ["local"]:
        from orchestrator.cli.parser_local import LOCAL_COMMANDS

        return _unknown_of("local ", arguments[1:], LOCAL_COMMANDS)
    return _unknown_of("", arguments, tuple(_COMMANDS))


def _unknown_of(before: str, arguments: Sequence[str], known: Sequence[str]) -> str | None:
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    if name is None or name in known or arguments[0].startswith("-"):
        return None
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {before + near[0]!r}?" if near else f"known: {', '.join(known)}"
    return f"there is no command {before + name!r}; {hint}"


def _complain(message: str, secrets: SecretsInUse | None = None) -> None:
    from orchestrator.render.sanitize import clean_line

    print(f"orchestrator: {clean_line(secrets.masked(message) if secrets else message)}", file=sys.stderr)


@contextmanager
def _discreetly(secrets: SecretsInUse) -> Generator[None]:
    """Takes the secrets out of logs, and out of the traceback of an error that nobody expects."""
    from auth import mask_logs

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        print(secrets.masked(text), end="", file=sys.stderr)

    before, sys.excepthook = sys.excepthook, told
    with mask_logs(secrets):
        yield
    sys.excepthook = before  # not after an error: it is told when it has left


def _carry_out(options: argparse.Namespace) -> int:
    """The command itself; here and not above because its imports rest on packages that were just checked."""
    from auth import CredentialError
    from runtimes.errors import InvocationError, RuntimeProblem

    command: Callable[[argparse.Namespace], int] = vars(importlib.import_module(_COMMANDS[options.command]))["run"]
    try:
        return command(options)
    except (CredentialError, InvocationError, RuntimeProblem) as error:
        _complain(str(error), options.secrets)
        return PROBLEM


def main(arguments: Sequence[str]) -> int:
    """Runs one command line; returns the exit code and never shows a traceback for bad input."""
    if complaint := _unknown_command(arguments):
        _complain(complaint)
        return WRONG_USE
    from orchestrator.cli.parser import build_parser

    parser = build_parser()
    options = parser.parse_args(arguments)
    options.command_line = tuple(arguments)
    if options.command is None:
        parser.print_help()
        return FINE
    return _outcome(options)


def _outcome(options: argparse.Namespace) -> int:
    """Of a command that is known; all of it shares what it knows of secrets, as `options.secrets`."""
    from orchestrator.errors import ManifestError, OrchestratorError, UsageError
    from orchestrator.selfcheck import check_packages

    try:
        check_packages()
    except UsageError as error:  # ours are not to be imported, then
        _complain(str(error))
        return WRONG_USE
    from auth import SecretsInUse

    secrets = options.secrets = SecretsInUse()
    with _discreetly(secrets):
        try:
            return _carry_out(options)
        except UsageError as error:
            _complain(str(error), secrets)
            return WRONG_USE
        except ManifestError as error:
            for problem in error.problems:
                _complain(f"{error.source}{problem.place}: {problem.message}", secrets)
            return PROBLEM
        except OrchestratorError as error:
            _complain(str(error), secrets)
            return PROBLEM


def _prepare_streams() -> None:
    """Gives the process streams that never fail on a character, also where it was started without them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # for the life of the process
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def run() -> None:
    """The console script."""
    _prepare_streams()
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = _drop_output(READER_GONE)
    except OSError as error:  # a full disk, a closed terminal: commands handle the errors of their own files
        _complain(f"cannot write the output: {error.strerror}")
        code = _drop_output(PROBLEM)
    sys.exit(code)


def _drop_output(code: int) -> int:
    """What could not be written need not be tried again at exit; returns the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
