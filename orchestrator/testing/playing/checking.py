"""What is wrong with a conversation file: its form, what it refers to, and the functions that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from orchestrator.check.codes import ALL_CODES, problem
from orchestrator.check.report import Checked
from orchestrator.check.validation import Reading
from orchestrator.errors import OrchestratorError, Problem, UsageError
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.load_agent import load_agent
from orchestrator.manifest.localize import checked_locale
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.files import read_limited
from orchestrator.testing.format.places import Placed, where_written
from orchestrator.testing.format.policy_setting import misfits
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.settings import TEMPORARY_FOLDER, PluginSource, Program
from orchestrator.testing.playing.collect import MAX_FILE_BYTES
from orchestrator.testing.playing.credentials import check_credentials
from orchestrator.testing.playing.described import entries_of, stub_problems, unused_programs
from orchestrator.testing.playing.naming import known_functions, unknown_functions
from orchestrator.testing.playing.opening_chat import check_discovered
from orchestrator.testing.playing.programs import ProgramFailed, as_started
from runtimes.errors import RuntimeProblem
from runtimes.http import HttpClient, is_url
from runtimes.openapi.document import Entry
from runtimes.positions import BOM, Positions, pointer_to
from runtimes.yaml_positions import positions_of

NO_ADDRESS = "http://127.0.0.1:9"
"""Stands for the address of a service in placeholders: nothing is started here, and nothing is called."""

_Loaded = tuple[Plugin, ...] | str
"""The plugins of a source, or why there are none."""


def _environment(conversation: Conversation) -> dict[str, str]:
    """What fills placeholders, as far as nothing is started."""
    named = {service.variable: NO_ADDRESS for service in conversation.services.values() if service.variable}
    return {**conversation.environment, **named}


class _Plugins:
    """Loads the plugins of one file, each source once; those at URLs are left alone."""

    def __init__(self, folder: Path, http: HttpClient) -> None:
        self._folder = folder
        self._http = http
        self._known: dict[tuple[str, str], _Loaded] = {}
        self._described: dict[tuple[tuple[str, str], ...], tuple[Entry, ...] | None] = {}

    async def of(self, source: PluginSource, conversation: Conversation) -> _Loaded | None:
        """What it leads to; None for a URL."""
        if is_url(source.source):
            return None
        environment = _environment(conversation)
        key = source.source, repr(sorted(environment.items()))
        if key not in self._known:
            self._known[key] = await self._load(source.source, environment)
        return self._known[key]

    async def entries(self, plugins: Sequence[Plugin]) -> tuple[Entry, ...] | None:
        """The operations of their descriptions; None where one of these cannot be had."""
        key = tuple((plugin.location, plugin.digest) for plugin in plugins)
        if key not in self._described:
            self._described[key] = await entries_of(plugins, self._http)
        return self._described[key]

    async def _load(self, source: str, environment: dict[str, str]) -> _Loaded:
        try:
            agent = await load_agent(str(self._folder / source), http=self._http, environment=environment)
        except (OrchestratorError, RuntimeProblem) as error:
            return str(error)
        return agent.plugins


async def _of_plugins(placed: Placed, plugins: _Plugins) -> tuple[list[Problem], list[Plugin] | None]:
    """What cannot be loaded, and the plugins; None where some of them are not known."""
    problems: list[Problem] = []
    found: list[Plugin] = []
    is_known = True
    for index, source in enumerate(placed.conversation.plugins):
        loaded = await plugins.of(source, placed.conversation)
        if isinstance(loaded, tuple):
            found += loaded
            continue
        is_known = False
        if loaded is not None:
            pointer = pointer_to("plugins", index, "source")
            where = where_written(placed, pointer)
            problems.append(problem("conversation-plugin", where.known(pointer), loaded))
    return problems, found if is_known else None


def _of_names(placed: Placed, plugins: Sequence[Plugin]) -> Iterator[Problem]:
    """What is named and is in none of the plugins: credentials, plugins, functions."""
    try:
        check_credentials(placed.conversation.credentials, plugins)
    except UsageError as error:
        yield problem("wrong-value", where_written(placed, "/credentials").known("/credentials"), str(error))
    try:
        check_discovered(placed.conversation, plugins)
    except UsageError as error:
        yield problem("wrong-value", where_written(placed, "/discovered").known("/discovered"), str(error))
    for index, reason in misfits(placed.conversation.policy, plugins):
        pointer = pointer_to("policy", "rules", index)
        yield problem("wrong-value", where_written(placed, pointer).known(pointer), reason)
    functions = known_functions(plugins)
    if functions is not None:
        yield from unknown_functions(placed, functions)


def _of_locale(placed: Placed) -> Iterator[Problem]:
    try:
        checked_locale(placed.conversation.locale)
    except UsageError as error:
        yield problem("wrong-value", where_written(placed, "/locale").known("/locale"), str(error))


def _programs(conversation: Conversation) -> Iterator[tuple[Program, str, dict[str, str]]]:
    """The programs of a conversation, each with its pointer, and with what fills its placeholders."""
    for name, service in conversation.services.items():
        yield service, pointer_to("services", name), dict(conversation.environment)
    for name, program in conversation.local.items():
        yield program, pointer_to("local", name), _environment(conversation)


def _of_programs(placed: Placed, folder: Path) -> Iterator[Problem]:
    for program, pointer, values in _programs(placed.conversation):
        try:
            as_started(program, pointer, folder, {**values, TEMPORARY_FOLDER: str(folder)})
        except ProgramFailed as error:
            yield problem("conversation-program", where_written(placed, pointer).known(pointer), str(error))


def _files(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """The files that a conversation needs, each with the pointer to where it is named."""
    for index, stub in enumerate(conversation.api.stubs):
        if stub.answer.file is not None:
            yield stub.answer.file, pointer_to("api", "stubs", index, "answer", "file")
    for index, turn in enumerate(conversation.turns):
        for number, file in enumerate(turn.say.attachments if turn.say is not None else ()):
            yield file.file, pointer_to("turns", index, "say", "attachments", number, "file")


def _of_files(placed: Placed, folder: Path) -> Iterator[Problem]:
    for name, pointer in _files(placed.conversation):
        if not (folder / name).is_file():
            where = where_written(placed, pointer)
            yield problem("conversation-file", where.known(pointer), f"there is no file {name!r}")


async def _beyond_form(conversations: Iterable[Placed], folder: Path, http: HttpClient) -> list[Problem]:
    plugins = _Plugins(folder, http)
    problems: list[Problem] = []
    for placed in conversations:
        unloadable, loaded = await _of_plugins(placed, plugins)
        problems += [*_of_locale(placed), *unloadable, *_of_files(placed, folder), *_of_programs(placed, folder)]
        if loaded is not None:
            problems += [*_of_names(placed, loaded), *unused_programs(placed, loaded)]
            entries = await plugins.entries(loaded) if placed.conversation.api.stubs else None
            problems += stub_problems(placed, entries) if entries is not None else ()
    return problems


def _placed(problems: Iterable[Problem], positions: Positions) -> Iterator[Problem]:
    """Each once, at its place: rows of a table have the same mistakes."""
    for found in dict.fromkeys(problems):
        place = positions.nearest(found.pointer)
        yield replace(found, line=place.line, column=place.column)


def _folder_of(file: str) -> Path:
    return Path(file).resolve().parent


async def check_conversations(file: str, reading: Reading, http: HttpClient) -> Checked:
    """All that is wrong with a conversation file; nothing is played, and no program started."""
    try:
        data = read_limited(Path(file), MAX_FILE_BYTES)
    except UsageError as error:
        return Checked(path=file, problems=(problem("unreadable", "", str(error)),))
    text = data.decode("utf-8", errors="replace").removeprefix(BOM)
    read = read_conversations(data, file)
    if read.problems or not reading.has_references:
        return Checked(path=file, text=text, problems=read.problems)
    found = await _beyond_form(read.conversations, _folder_of(file), http)
    if reading.is_strict:
        found = [replace(one, severity=ALL_CODES[one.code].strict) for one in found]
    return Checked(path=file, text=text, problems=tuple(_placed(found, positions_of(data))))
