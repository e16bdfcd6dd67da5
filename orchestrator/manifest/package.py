"""App packages: a folder or a zip archive with an app manifest, a declarative agent and the plugins that it names.

Nothing is unpacked: a path such as `app.zip/openapi.yaml` leads into an archive wherever documents are read. What a
package names stays inside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

import anyio

from orchestrator.errors import ManifestError, Problem
from orchestrator.manifest.agent import (
    MAX_ACTIONS,
    MAX_INSTRUCTIONS,
    MAX_STARTERS,
    MAX_TEXT_FILES,
    NOTHING_TO_CALL,
    Named,
    actions_of,
    agents_in,
    key_problems,
    note,
    plugins_in,
    read_agent,
    read_app,
    text_files,
    with_text_files,
)
from orchestrator.manifest.examine import in_order
from orchestrator.manifest.kinds import kind_of
from orchestrator.manifest.load import MAX_MANIFEST_BYTES
from orchestrator.manifest.localize import Languages
from orchestrator.manifest.model import ConversationStarter
from orchestrator.manifest.package_files import Document, PackageFiles
from orchestrator.manifest.unresolved import unresolved_in
from runtimes.archive import is_archive, member_names
from runtimes.errors import FetchError
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient, is_url
from runtimes.placeholders import Environment
from runtimes.positions import BOM
from runtimes.values import InvalidJson, parse_json

MAX_FILES = 2000
"""How many files of a folder are looked at to find the app manifest."""

APP_MANIFEST = "manifest.json"
AGENT_DOCUMENT = "declarativeAgent.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A declarative agent: whom a package lets a person talk to, and with which plugins."""

    name: str
    description: str
    instructions: str
    """At most `MAX_INSTRUCTIONS` characters; the text files that they name are in them."""
    conversation_starters: tuple[ConversationStarter, ...]
    actions: tuple[str, ...]
    """Where its plugins' manifests are: paths, which may lead into an archive."""
    location: str
    """Where its document is; that of the app manifest, where a package has plugins and no agent."""
    languages: Languages | None = None
    """The texts of its localization keys: in `name`, `description`, `instructions` and the starters."""
    problems: tuple[Problem, ...] = ()
    """Warnings only, each with its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was found in a package."""

    agent: Agent | None
    """None where there are errors."""
    actions: tuple[str, ...] = ()
    """Where the manifests of its plugins are, as far as they were found, also where there are errors."""
    problems: tuple[Problem, ...]
    """All of them, each with its file."""
    texts: Mapping[str, str] = field(repr=False)
    """What is in the files that were read, by their paths."""


Actions = Sequence[tuple[Document, Named]]
"""Plugins, each with the document that names it."""


async def _instructions(files: PackageFiles, document: Document, written: str) -> str:
    """The instructions with the text files that they name, cut to what is used of them."""
    texts = {file: await files.text(document, file) for file in text_files(written)[:MAX_TEXT_FILES]}
    own = with_text_files(written, {})
    files.note(document, (replace(found, pointer="/instructions") for found in unresolved_in(own)))
    text = with_text_files(written, texts).strip()
    if len(text) > MAX_INSTRUCTIONS:
        message = f"the instructions have {len(text)} characters; the first {MAX_INSTRUCTIONS} are used"
        files.note(document, [note("too-long", "/instructions", message, hint="make them shorter")])
    return text[:MAX_INSTRUCTIONS]


async def _actions(files: PackageFiles, named: Actions) -> tuple[str, ...]:
    if len(named) > MAX_ACTIONS:
        document, first = named[MAX_ACTIONS]
        message = f"there are {len(named)} plugins; at most {MAX_ACTIONS} are loaded"
        files.note(document, [note("too-many-actions", first.pointer, message, hint="make more than one agent of it")])
        return ()
    found = [await files.follow(document, name, "plugin") for document, name in named]
    return tuple(dict.fromkeys(action.location for action in found if action is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    """What an app manifest gives to its agent."""

    plugins: Actions = ()
    """Those that it names beside the agent."""
    languages: Languages | None = None


async def _agent(files: PackageFiles, document: Document, app: _App) -> Agent | None:
    """The agent of its document, with the plugins that the app manifest names beside it."""
    files.note(document, document.examined.problems)
    if document.examined.positions is None:
        return None
    agent, problems = read_agent(document.examined.document)
    files.note(document, problems)
    if agent is None:
        return None
    files.note(document, key_problems(document.examined.document, app.languages))
    own = [(document, named) for named in actions_of(agent)]
    actions = await _actions(files, [*own, *app.plugins])
    if not own and not actions:
        hint = "name plugin manifests in `actions`"
        message = "the agent names no plugin, so that there is nothing to call"
        files.note(document, [note(NOTHING_TO_CALL, "/actions", message, hint=hint)])
    return Agent(
        name=agent.name,
        description=agent.description or "",
        instructions=await _instructions(files, document, agent.instructions or ""),
        conversation_starters=agent.conversation_starters[:MAX_STARTERS],
        actions=actions,
        location=document.location,
        languages=app.languages,
    )


async def _app(files: PackageFiles, document: Document) -> Agent | None:
    """The agent that an app manifest names, or one made of the plugins that it names."""
    files.note(document, document.examined.problems)
    if document.examined.positions is None:
        return None
    app, problems = read_app(document.examined.document)
    files.note(document, problems)
    if app is None:
        return None
    languages = await files.languages(document)
    agents, plugins = agents_in(app), [(document, named) for named in plugins_in(app)]
    if len(agents) > 1:
        message = f"there are {len(agents)} agents; the first is taken"
        files.note(document, [note("several-agents", agents[1].pointer, message, hint="name its own document")])
    if agents:
        named = await files.follow(document, agents[0], "agent")
        return await _agent(files, named, _App(plugins=plugins, languages=languages)) if named else None
    if not plugins:
        message = "the app manifest names neither an agent nor a plugin"
        hint = "name an agent in `copilotAgents.declarativeAgents`; a plugin alone is opened by its manifest's path"
        files.note(document, [note("package-empty", "/copilotAgents", message, hint=hint)])
        return None
    return Agent(
        name=app.short_name,
        description=app.short_description,
        instructions="",
        conversation_starters=(),
        actions=await _actions(files, plugins),
        location=document.location,
        languages=languages,
    )


def _names_in(source: str) -> tuple[str, ...] | None:
    """The files of a folder or an archive, two levels deep; None for what is neither. Raises: `FetchError`."""
    folder = Path(source)  # without the slash at the end that completion of names puts there
    if is_archive(str(folder)):
        return member_names(str(folder))
    if not folder.is_dir():
        return None
    files = (path for path in chain(folder.glob("*.json"), folder.glob(f"*/{APP_MANIFEST}")) if os.path.isfile(path))
    return tuple(path.relative_to(folder).as_posix() for path in islice(files, MAX_FILES))


def _entry(source: str, names: Iterable[str]) -> str:
    """The document that a package starts with. Raises: `ManifestError` where it has none."""
    listed = frozenset(names)
    for name in (APP_MANIFEST, AGENT_DOCUMENT):
        if name in listed:
            return name
    inner = sorted(name for name in listed if name.count("/") == 1 and name.endswith(f"/{APP_MANIFEST}"))
    if len(inner) == 1:
        return inner[0]
    known = (APP_MANIFEST.casefold(), AGENT_DOCUMENT.casefold())
    near = [*inner, *sorted(name for name in listed if name.casefold() in known)]
    what = "directory" if os.path.isdir(source) else "archive"
    hint = f"did you mean {' or '.join(map(repr, near[:3]))}?" if near else "or name a plugin manifest itself"
    message = f"no app package: the {what} has neither {APP_MANIFEST} nor {AGENT_DOCUMENT}"
    raise ManifestError(source, [replace(note("package-empty", "", message, hint=hint), file=source)])


def _broken(source: str, code: str, message: str) -> ManifestError:
    return ManifestError(source, [replace(note(code, "", message), file=source)])


async def _single(source: str, http: HttpClient, environment: Environment) -> tuple[PackageFiles, Document] | None:
    """A document that was named itself; None for a manifest, and for what cannot be read: its reader says why."""
    try:
        data = await fetch_document(http, source, max_bytes=MAX_MANIFEST_BYTES)
        value = parse_json(data.removeprefix(BOM.encode()))
    except (FetchError, InvalidJson):
        return None
    if not isinstance(value, dict) or kind_of(value) == "plugin":
        return None
    files = PackageFiles(os.path.dirname(source), http, environment)
    return files, files.take(source, data)


def _is_alone(source: str) -> bool:
    """True for a file that is no archive: told at once, since nearly every source is one."""
    return os.path.isfile(source) and not is_archive(source)


async def _start(source: str, http: HttpClient, environment: Environment) -> tuple[PackageFiles, Document] | None:
    """The files of the package and the document it starts with; None for what is no package.

    Raises: `ManifestError` for a folder or an archive that has no such document.
    """
    try:
        names = None if _is_alone(source) else await anyio.to_thread.run_sync(_names_in, source)
    except FetchError as error:
        raise _broken(source, "unreadable", str(error)) from None
    if names is None:
        return await _single(source, http, environment)
    location = str(Path(source, _entry(source, names)))
    files = PackageFiles(os.path.dirname(location), http, environment)
    try:
        resolve_location(location, os.path.basename(location), within=source)  # a link may lead out of the folder
        document = await files.read(location)
    except FetchError as error:
        raise _broken(location, "unreadable", str(error)) from None
    if document.examined.positions is not None and kind_of(document.examined.document) == "plugin":
        raise _broken(location, "package-empty", "this is neither an app manifest nor a declarative agent")
    return files, document


async def examine_package(source: str, *, http: HttpClient, environment: Environment) -> Package | None:
    """All that is wrong with a package, and its agent; None where the source is no package, such as a plugin manifest.

    A package is a folder, a zip archive, an app manifest or the document of an agent. Its plugins are not read.
    """
    try:
        start = None if is_url(source) else await _start(source, http, environment)
    except ManifestError as error:
        return Package(agent=None, problems=error.problems, texts={})
    if start is None:
        return None
    files, document = start
    is_agent = kind_of(document.examined.document) == "agent"
    agent = await (_agent(files, document, _App()) if is_agent else _app(files, document))
    problems = in_order(files.problems)
    actions = agent.actions if agent is not None else ()
    sound = replace(agent, problems=problems) if agent is not None and not files.errors else None
    return Package(agent=sound, actions=actions, problems=problems, texts=files.texts)


async def open_package(source: str, *, http: HttpClient, environment: Environment) -> Agent | None:
    """The agent of a package; None where the source is no package, such as a plugin manifest.

    Raises: `ManifestError` with every error, each with its file.
    """
    package = await examine_package(source, http=http, environment=environment)
    if package is None or package.agent is not None:
        return None if package is None else package.agent
    errors = [found for found in package.problems if found.severity == "error"]
    raise ManifestError(errors[0].file, errors)
