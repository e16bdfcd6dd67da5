"""Cassettes as files beside the conversation files: read with every problem at its place, and written canonically."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from orchestrator.errors import Problem, UsageError
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.files import file_below, no_link, read_limited
from orchestrator.testing.format.finding import SUFFIX
from orchestrator.testing.format.mistakes import mistakes_of
from orchestrator.testing.format.places import Where
from orchestrator.testing.format.reading import MAX_PROBLEMS
from orchestrator.testing.format.settings import CASSETTE_SUFFIX
from orchestrator.testing.format.yaml_text import yaml_text
from orchestrator.testing.recordings.cassette import VERSION, Cassette, RecordedConversation
from runtimes.documents import DocumentError, parse_document
from runtimes.limits import MAX_YAML_BYTES
from runtimes.values import Json, JsonObject
from runtimes.yaml_positions import positions_of

_FIRST_LINE = "# Written by `orchestrator test --record`: review it, and keep it beside the conversations.\n"
_CONVERSATIONS = "conversations"
_AGAIN = "remove the file and record it again"


class CassetteUnreadable(UsageError):
    """A cassette has mistakes."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(f"the recording {first.file!r} cannot be read: {first.message} ({first.line}:{first.column})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCassette:
    """What a file says; empty where it has problems."""

    cassette: Cassette = field(default_factory=Cassette)
    problems: tuple[Problem, ...] = ()


def cassette_beside(file: str) -> Path:
    """Where the cassette of a conversation file lies."""
    path = Path(file).resolve() if Path(file).is_symlink() else Path(file)
    stem = path.name.removesuffix(SUFFIX)
    return path.with_name(f"{path.stem if stem == path.name else stem}{CASSETTE_SUFFIX}")


def has_steps(conversation: Conversation) -> bool:
    """True where the file says what the model replies."""
    return any(turn.model for turn in conversation.turns)


def api_cassette(conversation: Conversation, file: str) -> Path | None:
    """Where the API is recorded; None where it is not. Raises: `UsageError` for a place out of the file's folder."""
    recorded = conversation.api.recorded
    if recorded is None:
        return None
    beside = cassette_beside(file)
    return beside if recorded is True else file_below(beside.parent, recorded)


def cassettes_of(conversation: Conversation, file: str) -> tuple[Path, ...]:
    """The cassettes that a conversation of the file is played from. Raises: `UsageError`."""
    api = api_cassette(conversation, file)
    return (*(() if has_steps(conversation) else (cassette_beside(file),)), *(() if api is None else (api,)))


def _owner(file: str, path: Path) -> str:
    """A conversation file as its cassette names it."""
    return Path(os.path.relpath(os.path.realpath(file), os.path.realpath(path.parent))).as_posix()


def owned(cassette: Cassette, path: Path, file: str) -> Cassette:
    """The cassette at a path as one that belongs to a conversation file.

    Raises: `UsageError` where it belongs to another one, which is there.
    """
    own = _owner(file, path)
    if cassette.file not in ("", own) and os.path.exists(path.parent / cassette.file):
        raise UsageError(
            f"the recording {str(path)!r} belongs to {cassette.file!r}: no two files share one, so name another one "
            "under 'recorded'"
        )
    return cassette.model_copy(update={"file": own})


def _problems(error: ValidationError, document: JsonObject, data: bytes, name: str) -> Iterator[Problem]:
    positions = positions_of(data)
    where = Where(positions=positions)
    for mistake in mistakes_of(error, document, Cassette)[:MAX_PROBLEMS]:
        key = positions.key(mistake.pointer) if mistake.code == "unknown-member" else None
        place = key or where.place(mistake.pointer)
        yield Problem(
            severity="error",
            code=mistake.code,
            message=mistake.message,
            pointer=mistake.pointer,
            line=place.line,
            column=place.column,
            hint=mistake.hint or _AGAIN,
            file=name,
        )


def _whole(code: str, message: str, name: str, line: int = 1, column: int = 1) -> ReadCassette:
    found = Problem(severity="error", code=code, message=message, line=line, column=column, hint=_AGAIN, file=name)
    return ReadCassette(problems=(found,))


def read_cassette(data: bytes, name: str) -> ReadCassette:
    """Reads the bytes of a cassette that is called `name`: YAML, or JSON."""
    try:
        document: Json = parse_document(data, name)
    except DocumentError as error:
        return _whole("not-yaml", error.reason, name, error.line or 1, error.column or 1)
    if not isinstance(document, dict):
        return _whole("not-an-object", "a cassette is an object with 'conversations'", name)
    if document.get("cassette") != VERSION:
        return _whole("unknown-version", f"'cassette' must be {VERSION}, the version that is read here", name)
    try:
        return ReadCassette(cassette=Cassette.model_validate(document))
    except ValidationError as error:
        found = tuple(sorted(_problems(error, document, data, name), key=lambda one: (one.line, one.column)))
        return ReadCassette(problems=found)


class Spelled:
    """The texts of conversations as they stand in a file, each made once."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[RecordedConversation, str]] = {}

    def text(self, recorded: RecordedConversation) -> str:
        """That of one conversation."""
        known = self._texts.get(id(recorded))
        if known is None:
            value: JsonObject = recorded.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            known = recorded, yaml_text({_CONVERSATIONS: [value]}).partition("\n")[2]
            self._texts[id(recorded)] = known
        return known[1]


def write_cassette(cassette: Cassette, spelled: Spelled | None = None) -> bytes:
    """The text of a file that reads back as the same cassette; the same one gives the same bytes."""
    head: JsonObject = {"cassette": VERSION, **({"file": cassette.file} if cassette.file else {})}
    texts = [*map((spelled or Spelled()).text, cassette.conversations)]
    return "".join([_FIRST_LINE, yaml_text(head), *([f"{_CONVERSATIONS}:\n"] if texts else []), *texts]).encode()


class Cassettes:
    """The cassettes of a run, each read once."""

    def __init__(self) -> None:
        self._read: dict[Path, ReadCassette] = {}

    def problems(self, path: Path) -> tuple[Problem, ...]:
        """What is wrong with a cassette. Raises: `UsageError` where it cannot be read."""
        return self._at(path).problems

    def at(self, path: Path) -> Cassette:
        """What is on a cassette; nothing where there is no file.

        Raises: `CassetteUnreadable`, `UsageError` for a file that cannot be read, and for a symbolic link.
        """
        read = self._at(path)
        if read.problems:
            raise CassetteUnreadable(read.problems)
        return read.cassette

    def put(self, path: Path, cassette: Cassette) -> None:
        """Takes this one for what is there."""
        self._read[path] = ReadCassette(cassette=cassette)

    def _at(self, path: Path) -> ReadCassette:
        if path not in self._read:
            is_there = no_link(path).exists()
            self._read[path] = (
                read_cassette(read_limited(path, MAX_YAML_BYTES), str(path)) if is_there else ReadCassette()
            )
        return self._read[path]
