"""How a chat was started: what a conversation file that is made of it says before the first word."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.policy.rules import Policy
from orchestrator.testing.chats.kept_answers import KeptAnswers
from runtimes.http import is_url
from runtimes.local_endpoint import MAX_OPEN_FILES, LocalEndpoint, ProgramLimits, endpoint_of
from runtimes.secret_variables import is_secret
from runtimes.values import Json, JsonObject

CONVERSATION = ".conversation.yaml"
"""How the name of a file ends in which a chat is kept as a conversation that can be played."""

BESIDE = ".files"
"""How the name of the folder ends in which the files lie that such a conversation refers to."""

MAX_FOLDERS = 100
"""Names that are tried for it where something has the first."""

_NEAR = re.compile(r"(.*?)\.conversations?(?:\.(?:ya?ml|json))?", re.IGNORECASE | re.DOTALL)
"""A name by which somebody probably means a conversation file."""

OF_ITS_OWN = "${{TEMPORARY_FOLDER}}"
"""How a conversation file writes the working directory of a program that has one of its own."""


class NotedVariables(Mapping[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._asked: set[str] = set()

    @property
    def asked(self) -> Mapping[str, str]:
        """Those that were asked for."""
        return {name: value for name, value in self._variables.items() if name in self._asked}

    def __getitem__(self, name: str) -> str:
        value = self._variables[name]
        self._asked.add(name)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatStart:
    """What a chat is held with."""

    sources: Sequence[str]
    """The plugins, as they were named."""
    allowed_hosts: Sequence[str] = ()
    variables: NotedVariables = field(default_factory=lambda: NotedVariables({}), repr=False)
    """What was given for placeholders."""
    local: Mapping[str, LocalEndpoint] = field(default_factory=dict[str, LocalEndpoint])
    answers: KeptAnswers | None = None
    """What APIs answer; None where a mock does, and where what they say may not be written."""
    policy: Policy = field(default_factory=Policy)
    remembered: Sequence[str] = ()
    """The functions that the person had allowed for always, by the names of their tools."""
    is_redacted: bool = False
    """True where answers may not be written, since something is taken out of them."""


def is_conversation(path: Path) -> bool:
    """True of the name of a conversation file."""
    return path.name.endswith(CONVERSATION)


def refuse_near_miss(path: Path) -> None:
    """Raises: `UsageError` for a name that is almost that of a conversation file, and for one that is nothing else."""
    if path.name == CONVERSATION:
        raise UsageError(f"{str(path)!r} has no name of its own; write NAME{CONVERSATION}")
    near = None if is_conversation(path) else _NEAR.fullmatch(path.name)
    if near is not None:
        meant = path.with_name(f"{near[1] or 'NAME'}{CONVERSATION}")
        raise UsageError(f"the name of a conversation file ends with {CONVERSATION}; did you mean {str(meant)!r}?")


def folder_beside(path: Path) -> Path:
    """The folder for the files of a conversation file."""
    return path.with_name(f"{path.name.removesuffix(CONVERSATION)}{BESIDE}")


def free_folder_beside(path: Path) -> Path:
    """The same, with a number where something is there. Raises: `UsageError`."""
    first = folder_beside(path)
    names = (first, *(first.with_name(f"{first.name}.{number}") for number in range(2, MAX_FOLDERS + 1)))
    free = next((one for one in names if not os.path.lexists(one)), None)
    if free is None:
        raise UsageError(f"{str(first)!r} is there, and so are {MAX_FOLDERS - 1} others with a number; remove them")
    return free


def path_from(folder: Path, target: str | Path) -> str:
    """The way from a folder to a file, as conversation files write it."""
    return Path(os.path.relpath(Path(target).resolve(), folder.resolve())).as_posix()


def harmless(variables: Mapping[str, str]) -> JsonObject:
    """The variables that do not look like a credential."""
    return {name: value for name, value in variables.items() if not is_secret(name, value)}


def is_fetched(sources: Iterable[str], plugins: Iterable[Plugin]) -> bool:
    """True where a manifest, a description or a server is had from a URL, whether or not calls are made to it."""
    specs = [runtime.spec for plugin in plugins for runtime in plugin.manifest.runtimes]
    named = (value for spec in specs for value in spec.values() if isinstance(value, str))
    return any(map(is_url, (*sources, *named)))


def _plugin(source: str, hosts: Sequence[Json], folder: Path) -> JsonObject:
    named = source.partition("#")[0] if is_url(source) else path_from(folder, source)
    return {"source": named, **({"allow_hosts": [*hosts]} if hosts else {})}


def _word(word: str, directory: str | None) -> str:
    """A word of a command; a file of this machine by the way to it from the working directory."""
    if directory is None or not Path(word).is_absolute() or not Path(word).exists():
        return word
    return path_from(Path(directory), word)


def _command(endpoint: LocalEndpoint, folder: Path) -> JsonObject:
    """A command, and what goes with it."""
    first, *others = endpoint.command
    words = ["python" if first == sys.executable else first, *(_word(word, endpoint.directory) for word in others)]
    program: JsonObject = {"command": [*words]}
    directory = OF_ITS_OWN if endpoint.directory is None else path_from(folder, endpoint.directory)
    if directory != ".":
        program["directory"] = directory
    if variables := harmless(endpoint.environment):
        program["environment"] = variables
    if endpoint.inherited:
        program["inherit"] = [*endpoint.inherited]
    if limits := _limits(endpoint.limits):
        program["limits"] = limits
    if endpoint.is_sandboxed:
        program |= {"sandbox": True, "network": endpoint.has_network}
    return program


def _limits(limits: ProgramLimits) -> JsonObject:
    """Those that are not as usual; 0 is none."""
    from orchestrator.testing.playing.programs import MEBIBYTE

    written: JsonObject = {}
    if limits.cpu_seconds is not None:
        written["cpu_seconds"] = limits.cpu_seconds
    if limits.memory_bytes is not None:
        written["memory_mb"] = -(-limits.memory_bytes // MEBIBYTE)
    if limits.open_files != MAX_OPEN_FILES:
        written["open_files"] = limits.open_files or 0
    return written


def _address(address: str, folder: Path) -> JsonObject:
    from orchestrator.testing.playing.programs import UNIX

    if address.startswith(UNIX):
        address = f"{UNIX}{path_from(folder, address.removeprefix(UNIX))}"
    return {"address": address}


def _program(endpoint: LocalEndpoint, folder: Path) -> JsonObject:
    program = _address(endpoint.address, folder) if endpoint.address else _command(endpoint, folder)
    if endpoint.framing != "auto":
        program["framing"] = endpoint.framing
    if endpoint.is_per_person:
        program["per_person"] = True
    return program


def settings_of(start: ChatStart, endpoints: Sequence[str], folder: Path, *, is_offline: bool = False) -> JsonObject:
    """What a conversation file in that folder says before the first word.

    `endpoints` are the local plugins that the plugins name. What looks like a credential is left out, and the hosts
    that were allowed where `is_offline`: nothing is asked of them when it is played.
    """
    from orchestrator.testing.format.policy_setting import policy_written

    hosts: list[Json] = [] if is_offline else [*start.allowed_hosts]
    plugins: list[Json] = [_plugin(source, hosts, folder) for source in start.sources]
    settings: JsonObject = {"plugins": plugins}
    found = {name: endpoint_of(name, start.local) for name in endpoints}
    local: JsonObject = {name: _program(one, folder) for name, one in found.items() if one is not None}
    variables = harmless(start.variables.asked)
    if local:
        settings["local"] = local
    if variables:
        settings["environment"] = variables
    if start.remembered:
        settings["remembered"] = [*start.remembered]
    return settings | policy_written(start.policy)
