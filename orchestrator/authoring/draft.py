"""A whole manifest from a description: which operations become functions, and what runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, islice

from orchestrator.authoring.about import about
from orchestrator.authoring.extensions import Cards
from orchestrator.authoring.function import Usable, write_function
from orchestrator.authoring.security import Auth, auth_of
from orchestrator.authoring.wording import one_line, without_keys
from orchestrator.errors import OrchestratorError, UnknownName
from runtimes.http import is_url
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.openapi.operations import read_operation
from runtimes.placeholders import filled, unresolved_placeholder
from runtimes.values import Json, JsonObject

MAX_OPERATIONS = 500
"""Operations that may become functions; no model chooses well among a tenth of that."""

MAX_FUNCTION_NAME = 200
"""Characters of a function's name."""

MAX_STARTERS = 6
"""Conversation starters; hosts show no more."""

MAX_NAMES_GUESSED_AMONG = 1000
"""Operations whose names an unknown one is compared with."""

MAX_STARTER = 50
"""Characters of a conversation starter."""

PROGRESS_STYLE = "ShowUsage"

_PLACEHOLDER = re.compile(r"\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)[^{}]*\}\}")
_STAND_IN_SERVER = "https://placeholder.invalid"
_STAND_IN = "placeholder"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An operation that is no function of the manifest."""

    operation: str
    """Its operationId, else its method and path."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A manifest, and what is to be said of it."""

    document: JsonObject
    functions: tuple[str, ...]
    """The names of its functions; none means that the document is of no use."""
    left_out: tuple[LeftOut, ...]
    destinations: tuple[str, ...]
    """The origins that its functions call."""
    references: tuple[str, ...]
    """The credentials that have to be registered."""


def _shown_name(entry: Entry) -> str:
    return (entry.operation_id or f"{entry.method} {entry.path}")[:MAX_FUNCTION_NAME]


def _chosen(description: Description, wanted: Sequence[str]) -> list[Entry]:
    """The operations that a name or a pattern means, in their own order; all of them where none is named.

    Raises: `UnknownName` for one that means nothing.
    """
    if not wanted:
        return list(description.entries)
    names = {id(entry): {entry.operation_id or "", entry.plain_name} for entry in description.entries}
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for known in names.values() for name in known):
            near = (_shown_name(entry) for entry in islice(description.entries, MAX_NAMES_GUESSED_AMONG))
            raise UnknownName("operation", pattern, near)
    return [
        entry
        for entry in description.entries
        if any(fnmatchcase(name, pattern) for name in names[id(entry)] for pattern in wanted)
    ]


def _stand_ins(description: Description) -> Mapping[str, str]:
    """Something for each placeholder in a path or a server's URL: it is filled in by whoever runs the manifest."""
    levels = chain.from_iterable((entry.operation, entry.path_item) for entry in description.entries)
    servers = chain.from_iterable(list_at(level, "servers") for level in chain([description.root], levels))
    values: dict[str, str] = {}
    for text in chain(object_at(description.root, "paths"), (text_at(server, "url") for server in servers)):
        for found in _PLACEHOLDER.finditer(text):
            values[found[1]] = values.get(found[1], _STAND_IN) if found.start() else _STAND_IN_SERVER
    return values


class _Reader:
    """Reads operations as the runtime would, once the placeholders in them have values."""

    def __init__(self, description: Description, location: str) -> None:
        self._description = description
        self._location = location
        values = _stand_ins(description)
        self._judged = description
        if values:
            self._judged = Description(filled(description.root, values), description.location, description.neighbours)

    def read(self, entry: Entry) -> Usable:
        """Raises: `OperationUnusable`."""
        name = entry.plain_name  # what other hosts would call it too
        if len(name) > MAX_FUNCTION_NAME:
            raise OperationUnusable(f"its name has more than {MAX_FUNCTION_NAME} characters")
        if placeholder := unresolved_placeholder(entry.operation_id or entry.path):
            raise OperationUnusable(
                f"its name would come from the placeholder {placeholder[:80]}; give it an operationId"
            )
        if self._description.find(name) is not entry:
            raise OperationUnusable(f"as a function it would be {name!r}, which is another operation's name")
        operation = read_operation(self._judged, name, self._location)
        from_afar = is_url(self._description.location)
        return Usable(entry=entry, operation=operation, auth=auth_of(self._description, entry, from_afar=from_afar))


def _starters(functions: Sequence[Usable]) -> list[Json]:
    texts = dict.fromkeys(one_line(usable.heading, MAX_STARTER).rstrip(".") for usable in functions)
    return [{"text": text} for text in islice(texts, MAX_STARTERS)]


def _runtimes(functions: Sequence[Usable], reference: str) -> list[Json]:
    """One for each credential: a runtime has one auth object (spec 11.1.2)."""
    groups: dict[Auth, list[Json]] = {}
    for usable in functions:
        groups.setdefault(usable.auth, []).append(usable.name)
    return [
        {
            "type": "OpenApi",
            "auth": auth.as_member,
            "spec": {"url": reference, "progress_style": PROGRESS_STYLE},
            "run_for_functions": names,
        }
        for auth, names in groups.items()
    ]


def _disarmed(value: Json, *, from_afar: bool) -> Json:
    """The same without localization keys, and without placeholders where the text is from afar.

    Those would be filled in from the environment of whoever runs the manifest.
    """
    if isinstance(value, str):
        return without_keys(value.replace("${{", "$ {{") if from_afar else value)
    if isinstance(value, list):
        return [_disarmed(item, from_afar=from_afar) for item in value]
    if isinstance(value, dict):
        members = ((_disarmed(name, from_afar=from_afar), item) for name, item in value.items())
        return {str(name): _disarmed(item, from_afar=from_afar) for name, item in members}
    return value


def _own_words(description: Description, functions: Sequence[Usable], name: str | None, cards: Cards) -> JsonObject:
    """All of the manifest that is the description's text."""
    words: JsonObject = about(object_at(description.root, "info"), name)
    words["capabilities"] = {"conversation_starters": _starters(functions)}
    words["functions"] = [write_function(description, usable, cards) for usable in functions]
    disarmed = _disarmed(words, from_afar=is_url(description.location))
    assert isinstance(disarmed, dict)
    return disarmed


def _split(reader: _Reader, entries: Sequence[Entry]) -> Iterator[Usable | LeftOut]:
    for entry in entries:
        try:
            yield reader.read(entry)
        except OperationUnusable as reason:
            yield LeftOut(operation=_shown_name(entry), reason=str(reason))


def draft_manifest(
    description: Description,
    *,
    reference: str,
    location: str,
    operations: Sequence[str] = (),
    name: str | None = None,
    cards: Cards | None = None,
) -> Draft:
    """The manifest of a description.

    `reference` is what the manifest at `location` calls the description; `operations` are names or patterns of those
    that become functions; `name` takes the place of the title; `cards` are those in files, by the description's names.

    Raises: `UnknownName` for an operation that is not there, `OrchestratorError` when there are too many.
    """
    entries = _chosen(description, operations)
    if len(entries) > MAX_OPERATIONS:
        message = f"{len(entries)} operations would become functions, and {MAX_OPERATIONS} may"
        raise OrchestratorError(f"{message}; choose some with --operations")
    read = list(_split(_Reader(description, location), entries))
    functions = [one for one in read if isinstance(one, Usable)]
    document = _own_words(description, functions, name, cards or {})
    document["runtimes"] = _runtimes(functions, reference)
    return Draft(
        document=document,
        functions=tuple(usable.name for usable in functions),
        left_out=tuple(one for one in read if isinstance(one, LeftOut)),
        destinations=tuple(dict.fromkeys(usable.operation.signature.destination for usable in functions)),
        references=tuple(dict.fromkeys(one.auth.reference_id for one in functions if one.auth.reference_id)),
    )
