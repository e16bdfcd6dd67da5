"""The tables `[local."ID"]` of `orchestrator.toml`, and `--local`: what stands behind the names of local plugins.

A name may be a pattern; which entry a name of a manifest means is `runtimes.local_endpoint.endpoint_of`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from orchestrator.cli.toml_table import Table
from orchestrator.errors import UsageError
from orchestrator.paths import typed_path
from runtimes.local_endpoint import FRAMINGS, IDLE_SECONDS, MAX_OPEN_FILES, LocalEndpoint, ProgramLimits
from runtimes.values import Json, JsonObject

MAX_IDENTIFIER = 200
"""Characters of the name of a local plugin."""

MAX_TYPED = 200
"""Characters of an option that a message repeats."""

UNIX = "unix:"
"""How the address of a socket that is a file begins."""

_URLS = ("http://", "https://", "ws://", "wss://")
_ADDRESSES = (UNIX, "tcp:", *_URLS)
_MEMBERS = (
    "address",
    "command",
    "directory",
    "environment",
    "framing",
    "idle",
    "inherit",
    "limits",
    "network",
    "per_person",
    "sandbox",
)
_OF_PROGRAMS = ("directory", "environment", "inherit", "limits", "network", "sandbox")
"""Members that say how a program is started: nothing is, where there is an address."""
_LIMITS = ("cpu_seconds", "memory_mb", "open_files")
_MEBIBYTE = 1024 * 1024


def is_address(text: str) -> bool:
    """True for what is an address by its beginning, and no command."""
    return text.lower().startswith(_ADDRESSES)


def local_table(identifier: str) -> str:
    """What the table of a local plugin is called in messages."""
    return f'local."{identifier}"'


def checked_identifier(identifier: str) -> str:
    """The name of a local plugin, or a pattern of such. Raises: `UsageError`."""
    if not identifier or not identifier.isprintable() or len(identifier) > MAX_IDENTIFIER:
        raise UsageError(
            f"{identifier[:MAX_IDENTIFIER]!r} cannot be the name of a local plugin: it has one to {MAX_IDENTIFIER}"
            " printable characters"
        )
    return identifier


def checked_address(address: str, folder: Path) -> str:
    """An address on this machine; the path of a socket starts at the folder. Raises: `UsageError`."""
    from runtimes.local.transports.of_address import AddressRefused, read_address

    scheme, separator, rest = address.partition(":")
    address = f"{scheme.lower()}{separator}{rest}"
    if address.startswith(UNIX):
        if not rest:
            raise UsageError("write the path of the socket behind unix:")
        address = f"{UNIX}{folder / typed_path(rest)}"
    try:
        read_address(address)
    except AddressRefused as error:
        raise UsageError(str(error)) from None
    return address


def _limits(path: Path, identifier: str, members: JsonObject) -> ProgramLimits:
    table = Table(path, f"{local_table(identifier)}.limits", members, _LIMITS)
    memory = table.whole_bound("memory_mb", None)
    return ProgramLimits(
        cpu_seconds=table.whole_bound("cpu_seconds", None),
        memory_bytes=memory * _MEBIBYTE if memory is not None else None,
        open_files=table.whole_bound("open_files", MAX_OPEN_FILES),
    )


def _at_address(place: str, address: str, table: Table, folder: Path) -> LocalEndpoint:
    for member in _OF_PROGRAMS:
        if table.has(member):
            raise UsageError(f"{place} {member} is for a command: what is behind an address is not started here")
    if table.has("framing") and address.lower().startswith(_URLS):
        raise UsageError(f"{place} framing is for programs and sockets: HTTP and WebSockets frame messages themselves")
    try:
        checked = checked_address(address, folder)
    except UsageError as error:
        raise UsageError(f"{place} address: {error}") from None
    return LocalEndpoint(
        address=checked,
        framing=table.choice("framing", FRAMINGS, "auto"),
        is_per_person=table.flag("per_person"),
        idle_seconds=table.bound("idle", IDLE_SECONDS),
    )


def _variables(place: str, table: Table) -> tuple[dict[str, str], tuple[str, ...]]:
    """Those that are given, and the names of those that are passed on."""
    given, inherited = dict(table.patterns("environment")), table.texts("inherit")
    for member, names in (("environment", given), ("inherit", inherited)):
        wrong = [name for name in names if not name or "=" in name or not name.isprintable()]
        if wrong:
            raise UsageError(f"{place} {member}: {wrong[0]!r} cannot be the name of a variable")
    if wrong := [name for name, value in given.items() if "\0" in value]:
        raise UsageError(f"{place} environment: {wrong[0]!r} has a character that no variable can have")
    return given, inherited


def _directory(place: str, table: Table, path: Path, program: str) -> tuple[str | None, tuple[str, ...]]:
    """The working directory, and what a sandboxed program may only read there. Raises: `UsageError`.

    Without one a sandboxed program gets none of ours: who can write where the file lies can switch the sandbox off.
    """
    written, folder = table.text("directory"), path.parent.absolute()
    directory = str(folder / typed_path(written or ".", f"{place} directory: "))
    if not table.flag("sandbox"):
        return directory, ()
    if written is None:
        if os.path.dirname(program) and not os.path.isabs(program):
            raise UsageError(f"{place} needs a directory for {program!r}, or its full path: it runs in a folder apart")
        return None, ()
    from runtimes.local.transports.sandbox import home_folder, own_folders, why_unfit

    read_there = Path(directory) / path.name  # by a host that is run there
    files = [str(read_there)] if read_there.exists() else []
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(directory)):
        files.append(str(folder / path.name))
    read_only = tuple(dict.fromkeys(files))
    if reason := why_unfit(directory, home=home_folder(), own=own_folders(), read_only=read_only):
        raise UsageError(f"{place} directory: {reason}")
    return directory, read_only


def read_local(path: Path, identifier: str, members: Json) -> LocalEndpoint:
    """What the table says; its paths start where the file lies. Raises: `UsageError` that names file and member."""
    place = f"{path}: [{local_table(identifier)}]"
    try:
        checked_identifier(identifier)
    except UsageError as error:
        raise UsageError(f"{path}: [local] {error}") from None
    if not isinstance(members, dict):
        raise UsageError(f"{place} must be a table")
    table = Table(path, local_table(identifier), members, _MEMBERS)
    command, address = table.texts("command"), table.text("address")
    if command and address:
        raise UsageError(f"{place} takes a command or an address, not both")
    if address:
        return _at_address(place, address, table, path.parent.absolute())
    if not command or not command[0]:
        raise UsageError(f"{place} needs a command, an array of strings with the program first, or an address")
    if table.has("network") and not table.flag("sandbox"):
        raise UsageError(f"{place} network is said of a sandbox: write sandbox = true, or leave network out")
    environment, inherited = _variables(place, table)
    directory, read_only = _directory(place, table, path, command[0])
    return LocalEndpoint(
        command=command,
        directory=directory,
        environment=environment,
        inherited=inherited,
        framing=table.choice("framing", FRAMINGS, "auto"),
        is_per_person=table.flag("per_person"),
        idle_seconds=table.bound("idle", IDLE_SECONDS),
        limits=_limits(path, identifier, table.table("limits")),
        is_sandboxed=table.flag("sandbox"),
        read_only=read_only,
        has_network=table.flag("network"),
    )


def as_typed(words: Sequence[str]) -> LocalEndpoint:
    """A command, or an address as the only word; paths start at the current directory. Raises: `UsageError`."""
    directory = os.getcwd()
    if is_address(words[0]):
        if len(words) > 1:
            raise UsageError(f"{words[0]!r} is an address, and nothing goes behind it")
        return LocalEndpoint(address=checked_address(words[0], Path(directory)))
    return LocalEndpoint(command=tuple(words), directory=directory)


def typed_local(text: str) -> tuple[str, LocalEndpoint]:
    """What `--local ID=COMMAND` or `--local ID=ADDRESS` says. Raises: `UsageError`."""
    identifier, separator, behind = text.partition("=")
    try:
        words = shlex.split(behind)
        if not separator or not identifier or not words:
            raise UsageError("it wants ID=COMMAND or ID=ADDRESS")
        return checked_identifier(identifier), as_typed(words)
    except (ValueError, UsageError) as error:
        raise UsageError(f"--local {text[:MAX_TYPED]!r}: {error}") from None
