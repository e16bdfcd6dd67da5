"""Reads a conversation file: bytes in, conversations or every problem out, each at its place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from pydantic import ValidationError

from orchestrator.errors import Problem
from orchestrator.testing.format.conversation import Conversation, ConversationFile
from orchestrator.testing.format.finding import SUFFIX
from orchestrator.testing.format.mistakes import mistakes_of
from orchestrator.testing.format.parameters import ParameterError, filled_rows
from orchestrator.testing.format.places import Placed, Where
from orchestrator.testing.format.settings import TABLES
from runtimes.documents import DocumentError, parse_document
from runtimes.positions import Place, Positions, pointer_to
from runtimes.values import Json, JsonObject
from runtimes.yaml_positions import positions_of

MAX_PROBLEMS = 200
"""Problems of one file that are listed."""

MAX_CONVERSATIONS = 5000
"""Conversations of one file, each row of a table counted."""

_AT_KEY = frozenset({"unknown-member", "pattern"})
"""Mistakes that stand at a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """What a file says; it has conversations only where it has no problems."""

    name: str
    conversations: tuple[Placed, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A conversation as it is written."""

    pointer: str
    own: JsonObject
    shared: JsonObject
    name: str

    def base(self, location: tuple[int | str, ...]) -> str:
        """Where a member was written: in the conversation, or in what it shares."""
        first, *rest = (*location, "")
        mine = self.own.get(str(first))
        if first in TABLES and isinstance(mine, dict) and rest[0]:
            return self.pointer if rest[0] in mine else ""
        return self.pointer if str(first) in self.own or str(first) not in self.shared else ""

    @property
    def members(self) -> JsonObject:
        """Its own members, and those that it shares."""
        members: JsonObject = {**self.shared, **self.own}
        for name in TABLES:
            shared, own = self.shared.get(name), self.own.get(name)
            if isinstance(shared, dict) and isinstance(own, dict):
                members[name] = {**shared, **own}
        if "tags" in self.shared and "tags" in self.own:
            members["tags"] = [*_listed(self.shared["tags"]), *_listed(self.own["tags"])]
        return members


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _error(code: str, message: str, pointer: str, hint: str = "") -> Problem:
    return Problem(severity="error", code=code, message=message, pointer=pointer, hint=hint)


def _invalid(error: ValidationError, entry: _Entry, members: JsonObject) -> Iterator[Problem]:
    for mistake in mistakes_of(error, members, ConversationFile)[:MAX_PROBLEMS]:
        yield _error(mistake.code, mistake.message, entry.base(mistake.location) + mistake.pointer, mistake.hint)


def _dangling(conversation: Conversation, entry: _Entry) -> Iterator[Problem]:
    """Names of services that nothing has."""
    for index, plugin in enumerate(conversation.plugins):
        if plugin.service is not None and plugin.service not in conversation.services:
            pointer = entry.base(("plugins",)) + pointer_to("plugins", index, "service")
            known = ", ".join(conversation.services) or "none"
            yield _error("unknown-service", f"there is no service {plugin.service!r}", pointer, f"known: {known}")


def _conversation(entry: _Entry, members: JsonObject, label: str) -> tuple[Conversation | None, list[Problem]]:
    named = members.get("name", entry.name)
    members = {**members, "name": f"{named} [{label}]" if label and isinstance(named, str) else named}
    try:
        conversation = Conversation.model_validate(members)
    except ValidationError as error:
        return None, list(_invalid(error, entry, members))
    return conversation, list(_dangling(conversation, entry))


def _rows(entry: _Entry) -> Iterator[tuple[str, JsonObject]]:
    """The members of each conversation that the entry stands for. Raises: `ParameterError`."""
    if "parameters" not in entry.own:
        yield "", entry.members
        return
    own = {name: value for name, value in entry.own.items() if name != "parameters"}
    for label, done in filled_rows(own, entry.own["parameters"], entry.pointer):
        yield label, replace(entry, own=done).members


def _several(document: JsonObject, stem: str) -> Iterator[_Entry | Problem]:
    """The conversations of a file with several."""
    shared = {name: value for name, value in document.items() if name not in ("conversations", "name")}
    for name in ("turns", "parameters"):
        if shared.pop(name, None) is not None:
            yield _error("wrong-value", f"{name!r} belongs to one of the conversations", pointer_to(name))
    conversations = document["conversations"]
    if not isinstance(conversations, list) or not conversations:
        yield _error("wrong-value", "'conversations' must be a list of conversations", "/conversations")
        return
    group = document.get("name", stem)
    for index, own in enumerate(conversations):
        pointer = pointer_to("conversations", index)
        if isinstance(own, dict):
            yield _Entry(pointer=pointer, own=own, shared=shared, name=f"{group} {index + 1}")
        else:
            yield _error("wrong-value", "a conversation must be an object", pointer)


def _read(entries: Iterable[_Entry | Problem], positions: Positions) -> Iterator[Placed | Problem]:
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        try:
            for label, members in _rows(entry):
                conversation, problems = _conversation(entry, members, label)
                yield from problems
                if conversation is not None:
                    where = Where(pointer=entry.pointer, positions=positions)
                    yield Placed(conversation=conversation, where=where)
        except ParameterError as error:
            yield _error("parameter", str(error), error.pointer, error.hint)


def _place(problem: Problem, positions: Positions) -> Place:
    known = Where(positions=positions).known(problem.pointer)
    key = positions.key(known) if problem.code in _AT_KEY else None
    return key or positions.nearest(known)


def _located(problems: Iterable[Problem], positions: Positions) -> tuple[Problem, ...]:
    """Each problem once, with its place, in the order of the file."""
    places = ((problem, _place(problem, positions)) for problem in dict.fromkeys(problems))
    found = [replace(problem, line=place.line, column=place.column) for problem, place in places]
    return tuple(sorted(found, key=lambda one: (one.line, one.column)))[:MAX_PROBLEMS]


def read_conversations(data: bytes, name: str) -> ReadFile:
    """Reads the bytes of a file that is called `name`: YAML or JSON."""
    try:
        document = parse_document(data, name)
    except DocumentError as error:
        found = _error("not-yaml", error.reason, "")
        return ReadFile(name=name, problems=(replace(found, line=error.line, column=error.column),))
    positions = positions_of(data)
    if not isinstance(document, dict):
        message = "a conversation file is an object with 'turns' or 'conversations'"
        return ReadFile(name=name, problems=_located([_error("not-an-object", message, "")], positions))
    stem = PurePath(name).name.removesuffix(SUFFIX)
    entries: Iterable[_Entry | Problem] = (
        _several(document, stem)
        if "conversations" in document
        else [_Entry(pointer="", own=document, shared={}, name=stem)]
    )
    conversations: list[Placed] = []
    problems: list[Problem] = []
    for one in _read(entries, positions):
        if len(conversations) >= MAX_CONVERSATIONS:
            problems.append(_error("too-many", f"there are more than {MAX_CONVERSATIONS} conversations", ""))
            break
        if isinstance(one, Problem):
            problems.append(one)
        else:
            conversations.append(one)
    if problems:
        return ReadFile(name=name, problems=_located(problems, positions))
    return ReadFile(name=name, conversations=tuple(conversations))
