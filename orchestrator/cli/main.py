"""Parses the command line and runs one command; exit codes are 0 (fine), 1 (problem found), 2 (wrong use)."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper

from orchestrator.version import __version__

FINE, PROBLEM, WRONG_USE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141
"""Exit codes; the last two are those of a program that Ctrl-C or a closed pipe has ended."""

_SHELLS = ("bash", "zsh")
_REPORTS = ("text", "json", "github")

_EPILOG = """\
examples:
  orchestrator demo                              talk to the bundled example plugins, offline
  orchestrator demo -m "Find homes in Seattle"   one turn, and out
  orchestrator chat plugin.json --model openai:gpt-5-mini
  orchestrator tools plugin.json                 what the model is told
  orchestrator validate plugin.json              every mistake, where it stands
"""


def _shared_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="let plugins reach this private address (such as 127.0.0.1); may be repeated",
    )
    options.add_argument(
        "--local",
        action="append",
        default=[],
        metavar="ID=COMMAND",
        help="the program behind a local plugin's endpoint; may be repeated",
    )
    options.add_argument("--proxy", metavar="URL", help="send calls to plugins through this HTTP proxy")
    options.add_argument("--log-http", metavar="FILE", help="append one line a request to FILE (no headers, no bodies)")
    options.add_argument("--json", action="store_true", help="print JSON for machines")
    return options


def _talk_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("-m", "--message", metavar="TEXT", help="say this, print the answer, and leave")
    options.add_argument(
        "--model",
        metavar="MODEL",
        help="offline, openai:MODEL or scripted:FILE (else ORCHESTRATOR_MODEL, else the file's, else offline)",
    )
    options.add_argument("--yes", action="store_true", help="answer every question of a plugin with yes")
    options.add_argument("--save", metavar="FILE", help="write the transcript at the end (.md, or .jsonl for events)")
    return options


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; `shtab` makes shell completions from it."""
    parser = argparse.ArgumentParser(
        prog="orchestrator",
        description="The open host for Copilot plugins: runs a plugin manifest with any OpenAI-compatible model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"orchestrator {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    shared, talk = _shared_options(), _talk_options()

    def add(name: str, summary: str, example: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=summary, description=summary, epilog=f"example: {example}", parents=list(parents)
        )

    add(
        "demo", "chat with the bundled example plugins", 'orchestrator demo -m "Turn bluetooth off" --yes', talk, shared
    )
    chat = add("chat", "chat with plugins", "orchestrator chat plugin.json --model openai:gpt-5-mini", talk, shared)
    chat.add_argument("plugins", nargs="*", metavar="PLUGIN", help="path or URL of a manifest")
    tools = add("tools", "show what the model is told", "orchestrator tools plugin.json --json", shared)
    tools.add_argument("plugins", nargs="+", metavar="PLUGIN", help="path or URL of a manifest")
    call = add(
        "call",
        "make one call without a model",
        """orchestrator call plugin.json getListings '{"city": "Seattle"}' --dry-run""",
        shared,
    )
    call.add_argument("plugin", metavar="PLUGIN", help="path or URL of a manifest")
    call.add_argument("function", metavar="FUNCTION")
    call.add_argument("arguments", nargs="?", default="{}", metavar="JSON", help="the arguments as a JSON object")
    call.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    validate = add("validate", "name every mistake in manifests", "orchestrator validate plugin.json --format github")
    validate.add_argument("files", nargs="+", metavar="FILE", help="path of a manifest")
    validate.add_argument(
        "--format", choices=_REPORTS, default="text", help="for people, for programs, or GitHub annotations"
    )
    validate.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    completion = add("completion", "print a shell completion script", "orchestrator completion bash >> ~/.bashrc")
    completion.add_argument("shell", choices=_SHELLS)
    return parser


_COMMANDS = {
    "call": "orchestrator.cli.call",
    "chat": "orchestrator.cli.chat",
    "completion": "orchestrator.cli.completion",
    "demo": "orchestrator.cli.demo",
    "tools": "orchestrator.cli.tools",
    "validate": "orchestrator.cli.validate",
}
"""The module of each command; it has `run(options) -> exit code`, and is imported when it is wanted."""


def _unknown_command(arguments: Sequence[str]) -> str | None:
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    if name is None or name in _COMMANDS or arguments[0].startswith("-"):
        return None
    near = difflib.get_close_matches(name, _COMMANDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_COMMANDS)}"
    return f"there is no command {name!r}; {hint}"


def _complain(message: str) -> None:
    from orchestrator.render.sanitize import clean_line

    print(f"orchestrator: {clean_line(message)}", file=sys.stderr)


def _carry_out(options: argparse.Namespace) -> int:
    """The command itself; here and not above because its imports rest on packages that were just checked."""
    from runtimes.errors import InvocationError, RuntimeProblem

    command: Callable[[argparse.Namespace], int] = vars(importlib.import_module(_COMMANDS[options.command]))["run"]
    try:
        return command(options)
    except (InvocationError, RuntimeProblem) as error:
        _complain(str(error))
        return PROBLEM


def main(arguments: Sequence[str]) -> int:
    """Runs one command line; returns the exit code and never shows a traceback for bad input."""
    if complaint := _unknown_command(arguments):
        _complain(complaint)
        return WRONG_USE
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return FINE
    from orchestrator.errors import ManifestError, OrchestratorError, UsageError
    from orchestrator.selfcheck import check_packages

    try:
        check_packages()
        return _carry_out(options)
    except UsageError as error:
        _complain(str(error))
        return WRONG_USE
    except ManifestError as error:
        for problem in error.problems:
            _complain(f"{error.source}{problem.place}: {problem.message}")
        return PROBLEM
    except OrchestratorError as error:
        _complain(str(error))
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
