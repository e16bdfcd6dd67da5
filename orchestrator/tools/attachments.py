"""Files of the conversation in arguments: where a function takes a file, `attachment:ID` stands for it. Pure.

Only the function's schema says where that is: anywhere else such a text is a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from orchestrator.content import AttachedFile
from runtimes.values import Json, JsonObject

MARK = "attachment:"
"""What the name of a file of the conversation starts with; no base64 text does."""

MAX_CHAIN = 8
"""How many references between schemas are followed."""

MAX_LISTED = 8
"""How many files a complaint lists."""

FileKind = Literal["binary", "byte"]
"""How a function takes a file: as bytes, or as their base64 text."""

Filling = Callable[[str, str, FileKind], str]
"""What stands in the place of a file: told the argument's name, what is written there, and how it is taken."""

_DEFINITIONS = "#/$defs/"


def _member(schema: Json, name: str) -> Json:
    return schema.get(name) if isinstance(schema, dict) else None


class _Walk:
    """Goes through arguments along their schema, no further than they reach."""

    def __init__(self, parameters: Mapping[str, Json], filling: Filling) -> None:
        self._definitions = parameters.get("$defs")
        self._filling = filling

    def _followed(self, schema: Json) -> Json:
        for _ in range(MAX_CHAIN):
            reference = _member(schema, "$ref")
            if not isinstance(reference, str) or not reference.startswith(_DEFINITIONS):
                break
            name = reference.removeprefix(_DEFINITIONS).replace("~1", "/").replace("~0", "~")
            schema = _member(self._definitions, name)
        return schema

    def _kind(self, schema: Json) -> FileKind | None:
        form = _member(schema, "format")
        if form == "binary":
            return "binary"
        return "byte" if form == "byte" or _member(schema, "contentEncoding") == "base64" else None

    def value(self, argument: str, value: Json, schema: Json) -> Json:
        schema = self._followed(schema)
        if isinstance(value, list):
            items = _member(schema, "items")
            return [self.value(argument, item, items) for item in value]
        if isinstance(value, dict):
            return self.members(value, schema, argument)
        kind = self._kind(schema)
        return self._filling(argument, value, kind) if isinstance(value, str) and kind is not None else value

    def members(self, value: JsonObject, schema: Json, argument: str = "") -> JsonObject:
        properties = _member(schema, "properties")
        return {name: self.value(argument or name, one, _member(properties, name)) for name, one in value.items()}


def with_files(arguments: JsonObject, parameters: JsonObject, filling: Filling) -> JsonObject:
    """The arguments with something else in the place of each file; what `filling` raises is raised."""
    return _Walk(parameters, filling).members(arguments, parameters)


def reference_to(file: AttachedFile) -> str:
    """What a call names the file by."""
    return MARK + file.id


def notice(file: AttachedFile) -> str:
    """What a model is told of a file: all but its bytes."""
    return f'[attached: {file.label}; where a function takes a file, "{reference_to(file)}" is this one]'


def misnamed(arguments: JsonObject, parameters: JsonObject, known: Mapping[str, AttachedFile]) -> str:
    """What a model is to correct where it names files; empty where nothing is wrong."""
    complaints: list[str] = []
    by_name = {file.name: file for file in known.values() if file.name} | dict(known)

    def look(argument: str, text: str, kind: FileKind) -> str:
        del kind
        if not text.startswith(MARK):
            if file := by_name.get(text):
                complaints.append(f"{argument!r}: this file is named {reference_to(file)!r}")
        elif text.removeprefix(MARK) not in known:
            listed = [f"{reference_to(file)} ({file.name})" for file in known.values()][-MAX_LISTED:]
            there_are = f"there are: {', '.join(listed)}" if listed else "none are in this conversation"
            complaints.append(f"{argument!r}: there is no {text[:60]!r}; {there_are}")
        return text

    with_files(arguments, parameters, look)
    return "; ".join(complaints[:MAX_LISTED])


def named_files(
    arguments: JsonObject, parameters: JsonObject, known: Mapping[str, AttachedFile]
) -> tuple[JsonObject, tuple[AttachedFile, ...]]:
    """The arguments with files by their own names, for people; and the files, each once."""
    files: dict[str, AttachedFile] = {}

    def look(argument: str, text: str, kind: FileKind) -> str:
        del argument, kind
        file = known.get(text.removeprefix(MARK)) if text.startswith(MARK) else None
        if file is None:
            return text
        files[file.id] = file
        return file.name or reference_to(file)

    return with_files(arguments, parameters, look), tuple(files.values())
