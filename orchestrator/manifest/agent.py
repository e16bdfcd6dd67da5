"""The documents of an app package that name plugins: the app manifest and the declarative agent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.errors import Problem
from orchestrator.manifest import problems
from orchestrator.manifest.examine import type_problems
from orchestrator.manifest.kinds import APP_SECTIONS
from orchestrator.manifest.localize import Languages, keys_in
from orchestrator.manifest.member_rules import null_problem
from orchestrator.manifest.members import type_of
from orchestrator.manifest.model import ConversationStarter
from orchestrator.manifest.problems import CODES, Kind, error, quoted, warning
from orchestrator.manifest.unresolved import strings_in, unresolved_in
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

MAX_INSTRUCTIONS = 8000
"""Characters of an agent's instructions that are used, as in Microsoft 365."""

MAX_ACTIONS = 32
"""How many plugins an agent and its app manifest may name; Microsoft 365 takes ten."""

MAX_STARTERS = 12
"""How many of an agent's conversation starters are read, as in Microsoft 365."""

MAX_TEXT_FILES = 8
"""How many text files are put into the instructions of an agent; what would be further is left as it stands."""

MAX_LISTED = 12
"""How many capabilities a message names."""

NOTHING_TO_CALL = "agent-without-actions"
"""The code for an agent that names no plugin: its documents are right, and it cannot be talked to here."""

AGENT_CODES: Mapping[str, Kind] = {
    "package-empty": error("a folder, an archive or an app manifest has neither an agent nor a plugin"),
    "agent-unreadable": error("the agent that an app manifest names is not there, or cannot be read"),
    "action-unreadable": error("a plugin manifest that an agent or an app manifest names is not there"),
    "too-many-actions": error("an agent names more plugins than are loaded"),
    "several-agents": warning("an app manifest names more than one agent; the first is taken"),
    NOTHING_TO_CALL: warning("an agent names no plugin, so that there is nothing to call"),
    "capability-ignored": warning("an agent wants a capability of Microsoft 365, which this host has not"),
    "starter-ignored": warning("a conversation starter of an agent has no text, or is something else; it is left out"),
    "instructions-unreadable": warning(
        "a text file that the instructions of an agent name with `$[file('…')]` cannot be had", strict="error"
    ),
}
"""What can be wrong with a package, besides what can be wrong with any manifest."""

ALL_CODES: Mapping[str, Kind] = {**CODES, **AGENT_CODES}

_OPTIONAL = ("description", "instructions", "conversation_starters", "actions", "capabilities")
_LOCALIZED = ("name", "description", "instructions", "conversation_starters")
_FILE_FUNCTION = re.compile(r"\$\[\s*file\(\s*(?:'([^'\]]*)'|\"([^\"\]]*)\")\s*\)\s*\]")


class _Member(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


def _short(text: Json) -> str:
    short = text.get("short") if isinstance(text, dict) else text
    return short if isinstance(short, str) else ""


class FileReference(_Member):
    """An element that names a document of the package."""

    file: str


class _CopilotAgents(_Member):
    declarativeAgents: tuple[FileReference, ...] = ()
    declarativeCopilots: tuple[FileReference, ...] = ()
    plugins: tuple[FileReference, ...] = ()


class AppManifest(_Member):
    """As much of an app manifest as leads to agents and plugins."""

    name: Json = None
    description: Json = None
    copilotAgents: _CopilotAgents = _CopilotAgents()
    copilotExtensions: _CopilotAgents = _CopilotAgents()
    """Its name in older manifests."""

    @property
    def short_name(self) -> str:
        """What the app is called."""
        return _short(self.name)

    @property
    def short_description(self) -> str:
        """What it is, in one sentence."""
        return _short(self.description)


class AgentDocument(_Member):
    """As much of a declarative agent as this host makes use of."""

    name: str
    description: str | None = None
    instructions: str | None = None
    conversation_starters: tuple[ConversationStarter, ...] = ()
    actions: tuple[FileReference, ...] = ()
    capabilities: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document that another one names."""

    file: str
    pointer: str
    """Where it is named."""


def note(code: str, pointer: str, message: str, *, hint: str = "") -> Problem:
    """A problem at the pointer, with what its code says of it."""
    return problems.problem(code, pointer, message, hint=hint, codes=ALL_CODES)


def read_app(document: JsonObject) -> tuple[AppManifest | None, tuple[Problem, ...]]:
    """The app manifest, or why it is none."""
    try:
        return AppManifest.model_validate(document), ()
    except ValidationError as error:
        return None, tuple(type_problems(error, document))


def _why_no_starter(item: Json) -> tuple[str, str]:
    """What is wrong with a conversation starter, and where in it; empty for one that is right."""
    if not isinstance(item, dict):
        return f"a conversation starter is an object, not {type_of(item)}", ""
    try:
        ConversationStarter.model_validate(item)
    except ValidationError as error:
        found = type_problems(error, item)[0]
        return found.message, found.pointer
    return "", ""


def _starters(document: JsonObject) -> tuple[list[Json], tuple[Problem, ...]]:
    """The conversation starters that can be offered, and what is wrong with the others."""
    kept: list[Json] = []
    found: list[Problem] = []
    listed = document.get("conversation_starters")
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        pointer = pointer_to("conversation_starters", index)
        reason, place = _why_no_starter(item)
        if reason:
            hint = "give it a `text`, and a `title` if it is to have one"
            found.append(note("starter-ignored", pointer + place, f"{reason}; this starter is left out", hint=hint))
            continue
        kept.append(item)
        if isinstance(item, dict) and "title" in item and item["title"] is None:
            found.append(null_problem("", "title", pointer + "/title"))
    return kept, tuple(found)


def _forgiven(document: JsonObject) -> tuple[JsonObject, tuple[Problem, ...]]:
    """The document without the mistakes in it that an agent does well without, as a plugin manifest is read too."""
    nulls = [name for name in _OPTIONAL if name in document and document[name] is None]
    problems = tuple(null_problem("", name, pointer_to(name)) for name in nulls)
    read = {name: value for name, value in document.items() if name not in nulls}
    if not isinstance(read.get("conversation_starters"), list):
        return read, problems
    kept, found = _starters(read)
    return {**read, "conversation_starters": kept}, (*problems, *found)


def read_agent(document: JsonObject) -> tuple[AgentDocument | None, tuple[Problem, ...]]:
    """The agent and what is odd about it, or why it is none."""
    read, forgiven = _forgiven(document)
    try:
        agent = AgentDocument.model_validate(read)
    except ValidationError as error:
        return None, (*type_problems(error, read), *forgiven)
    return agent, (*forgiven, *_oddities(agent, document))


def _oddities(agent: AgentDocument, document: JsonObject) -> Iterator[Problem]:
    for name in ("name", "description", "conversation_starters"):
        for found in unresolved_in(document.get(name)):
            yield replace(found, pointer=pointer_to(name) + found.pointer)
    if agent.capabilities:
        names = [item["name"] for item in agent.capabilities if isinstance(item, dict) and "name" in item]
        listed = ", ".join(quoted(name) for name in names[:MAX_LISTED] if isinstance(name, str))
        yield note("capability-ignored", "/capabilities", f"this host has no capability {listed or 'of that kind'}")


def key_problems(document: JsonObject, languages: Languages | None) -> Iterator[Problem]:
    """Localization keys of an agent that have no text in any language, each string once."""
    known = {key for table in languages.tables.values() for key in table} if languages is not None else set[str]()
    for name in _LOCALIZED:
        for place, text in strings_in(document.get(name), pointer_to(name)):
            missing = [key for key in keys_in(text) if key not in known]
            if missing and languages is None:
                hint = "name language files in `localizationInfo` of the app manifest"
                yield note("no-languages", place, f"no language has a text for {quoted(missing[0])}", hint=hint)
            elif missing:
                hint = "add it to the language files; its name is shown until then"
                yield note("missing-key", place, f"no language has a text for {quoted(missing[0])}", hint=hint)


def agents_in(app: AppManifest) -> tuple[Named, ...]:
    """The agents that it names, in its order."""
    return tuple(_named(app, "declarativeAgents", "declarativeCopilots"))


def plugins_in(app: AppManifest) -> tuple[Named, ...]:
    """The plugins that it names beside its agents."""
    return tuple(_named(app, "plugins"))


def actions_of(agent: AgentDocument) -> tuple[Named, ...]:
    """The plugins that an agent names."""
    return tuple(
        Named(file=action.file, pointer=pointer_to("actions", index, "file"))
        for index, action in enumerate(agent.actions)
    )


def _named(app: AppManifest, *members: str) -> Iterator[Named]:
    for section, copilot in zip(APP_SECTIONS, (app.copilotAgents, app.copilotExtensions), strict=True):
        lists = {
            "declarativeAgents": copilot.declarativeAgents,
            "declarativeCopilots": copilot.declarativeCopilots,
            "plugins": copilot.plugins,
        }
        for member in members:
            for index, reference in enumerate(lists[member]):
                yield Named(file=reference.file, pointer=pointer_to(section, member, index, "file"))


def text_files(instructions: str) -> tuple[str, ...]:
    """The files that `$[file('…')]` names in instructions, each once."""
    found = (match[1] or match[2] or "" for match in _FILE_FUNCTION.finditer(instructions))
    return tuple(dict.fromkeys(found))


def with_text_files(instructions: str, texts: Mapping[str, str]) -> str:
    """The instructions with the texts in the places that name them; what is in a text is taken as it stands."""
    return _FILE_FUNCTION.sub(lambda match: texts.get(match[1] or match[2] or "", ""), instructions, MAX_TEXT_FILES)
