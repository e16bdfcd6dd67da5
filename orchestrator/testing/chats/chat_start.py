"""How a chat was started: what a conversation file that is made of it says before the first word."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.testing.chats.kept_answers import KeptAnswers
from runtimes.base import LocalEndpoint
from runtimes.http import is_url
from runtimes.secret_variables import is_secret
from runtimes.values import Json, JsonObject

CONVERSATION = ".conversation.yaml"
"""How the name of a file ends in which a chat is kept as a conversation that can be played."""

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
    is_redacted: bool = False
    """True where answers may not be written, since something is taken out of them."""


def is_conversation(path: Path) -> bool:
    """True of the name of a conversation file."""
    return path.name.endswith(CONVERSATION)


def path_from(folder: Path, target: str | Path) -> str:
    """The way from a folder to a file, as conversation files write it."""
    return Path(os.path.relpath(Path(target).resolve(), folder.resolve())).as_posix()


def harmless(variables: Mapping[str, str]) -> JsonObject:
    """The variables that do not look like a credential."""
    return {name: value for name, value in variables.items() if not is_secret(name, value)}


def _plugin(source: str, start: ChatStart, folder: Path) -> JsonObject:
    named = source.partition("#")[0] if is_url(source) else path_from(folder, source)
    hosts: list[Json] = [*start.allowed_hosts]
    return {"source": named, **({"allow_hosts": hosts} if hosts else {})}


def _word(word: str, directory: str | None) -> str:
    """A word of a command; a file of this machine by the way to it from the working directory."""
    if directory is None or not Path(word).is_absolute() or not Path(word).exists():
        return word
    return path_from(Path(directory), word)


def _program(endpoint: LocalEndpoint, folder: Path) -> JsonObject:
    first, *others = endpoint.command
    words = ["python" if first == sys.executable else first, *(_word(word, endpoint.directory) for word in others)]
    program: JsonObject = {"command": [*words]}
    directory = OF_ITS_OWN if endpoint.directory is None else path_from(folder, endpoint.directory)
    if directory != ".":
        program["directory"] = directory
    if variables := harmless(endpoint.environment):
        program["environment"] = variables
    return program


def settings_of(start: ChatStart, endpoints: Sequence[str], folder: Path) -> JsonObject:
    """What a conversation file in that folder says before the first word.

    `endpoints` are the local plugins that the plugins name. What looks like a credential is left out.
    """
    plugins: list[Json] = [_plugin(source, start, folder) for source in start.sources]
    settings: JsonObject = {"plugins": plugins}
    local: JsonObject = {name: _program(start.local[name], folder) for name in endpoints if name in start.local}
    variables = harmless(start.variables.asked)
    if local:
        settings["local"] = local
    if variables:
        settings["environment"] = variables
    return settings
