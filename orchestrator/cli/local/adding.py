"""`orchestrator local add`: writes what is behind a local plugin into `orchestrator.toml`; the rest stays as it is."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.cli.configuration import FILE_NAME, parse_configuration, persons_file
from orchestrator.cli.configured_local import checked_address, checked_identifier, is_address
from orchestrator.cli.local.changed_file import change
from orchestrator.cli.local.written import members_of, with_entry
from orchestrator.errors import UsageError
from orchestrator.paths import typed_path
from orchestrator.render.sanitize import clean_line
from runtimes.local_endpoint import is_pattern
from runtimes.secret_variables import is_secret
from runtimes.values import Json, JsonObject

OPTIONS = (
    "--directory",
    "--env",
    "--framing",
    "--help",
    "--inherit",
    "--network",
    "--per-person",
    "--replace",
    "--sandbox",
    "--user",
)
"""The options of the command."""

_SEPARATOR = "--"
_BEHIND = {"address", "command"}


def _words(options: argparse.Namespace) -> tuple[str, ...]:
    """The command or the address. Raises: `UsageError`."""
    behind: Sequence[str] = options.behind
    typed: Sequence[str] = options.command_line
    words = tuple(behind[1:] if behind[:1] == [_SEPARATOR] else behind)
    before = typed[: len(typed) - len(words)]
    if not words or words[0].startswith("-"):
        raise UsageError(f"name what is behind it, after all options: {_SEPARATOR} COMMAND…, or an address")
    if is_address(words[0]) and len(words) > 1:
        raise UsageError(f"{words[0]!r} is an address, and nothing goes behind it; options go before it")
    ours = next((word for word in words if word.partition("=")[0] in OPTIONS), None)
    if ours is not None and _SEPARATOR not in before:
        raise UsageError(
            f"{ours!r} behind the command is a word of it, and no option: write it before {options.name!r}, or"
            f" {_SEPARATOR} before the command that is to have it"
        )
    return words


def _variables(given: Sequence[str]) -> dict[str, str]:
    """Raises: `UsageError`."""
    variables: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise UsageError("--env wants NAME=VALUE; --inherit NAME passes on one of yours")
        variables[name] = value
    return variables


def _directory(options: argparse.Namespace) -> str | None:
    """A person's own file lies elsewhere: there the folder is written whole, or none for a sandbox.

    Raises: `UsageError`.
    """
    given: str | None = options.directory
    if given is None and (options.sandbox or not options.user):
        return None
    folder = typed_path(given or ".", "--directory: ")
    return str(folder.absolute()) if options.user else str(folder)


def _address(address: str, options: argparse.Namespace) -> str:
    """As `_directory`, with the path of a socket. Raises: `UsageError`."""
    return checked_address(address, Path.cwd()) if options.user else address


def _members(options: argparse.Namespace) -> JsonObject:
    """What the table says, without what goes without saying. Raises: `UsageError`."""
    words = _words(options)
    has_address = is_address(words[0])
    members: JsonObject = {"address": _address(words[0], options)} if has_address else {"command": [*words]}
    told: dict[str, Json] = {
        "directory": options.directory if has_address else _directory(options),
        "environment": {**_variables(options.env)},
        "inherit": [*options.inherit],
        "framing": options.framing,
        "per_person": options.per_person,
        "sandbox": options.sandbox,
        "network": options.network,
    }
    return members | {name: value for name, value in told.items() if value}


def _clear_texts(options: argparse.Namespace, members: JsonObject) -> Iterator[str]:
    """What looks like a secret, and stands in the file for whoever can read it."""
    for name, value in _variables(options.env).items():
        if is_secret(name, value):
            yield f"{name} stands in the file in clear; `--inherit {name}` takes it from your environment instead"
    command = members.get("command")
    if isinstance(command, list) and any(isinstance(word, str) and is_secret("", word) for word in command):
        yield "a word of the command looks like a secret, and stands in the file in clear; `--inherit` takes a variable"
    if is_secret("", str(members.get("address", ""))):
        yield "the address looks like it has a secret in it, and stands in the file in clear"


def _shadows(path: Path, *, is_of_person: bool, is_new: bool) -> Iterator[str]:
    """Which file is read in the place of the other: there is only ever one."""
    if is_of_person and Path(FILE_NAME).exists():
        yield f"here {FILE_NAME} of this folder is read in the place of {path}"
    if not is_of_person and is_new and (other := persons_file()).exists():
        yield f"in this folder {FILE_NAME} is read from here on in the place of {other}, and of all that it says"


async def add(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    name, members = checked_identifier(options.name), _members(options)
    path = persons_file() if options.user else Path(FILE_NAME)
    is_new = not path.exists()
    before = JsonObject()

    def changed(text: str) -> str:
        """Raises: `UsageError`."""
        before.update(members_of(text, str(path), name))
        written = with_entry(text, str(path), name, members, replace=options.replace)
        try:
            parse_configuration(path, written.encode())
        except UnicodeEncodeError:
            raise UsageError("what is behind it has a character that no file can have") from None
        return written

    change(path, changed)
    for warning in _clear_texts(options, members):
        print(f"warning: {clean_line(warning)}", file=sys.stderr)
    if dropped := sorted(before.keys() - members.keys() - _BEHIND):
        print(clean_line(f"note: what it is written over said {', '.join(dropped)}, too; it does not"), file=sys.stderr)
    for note in _shadows(path, is_of_person=options.user, is_new=is_new):
        print(f"note: {clean_line(note)}", file=sys.stderr)
    print(clean_line(f"{name} is in {path}"))
    if not is_pattern(name):
        print(clean_line(f"try it: orchestrator local test {shlex.quote(name)}"))
    return 0
