"""Files of the conversation in arguments: where a function takes a file, `attachment:ID` stands for it. Pure.

Only the function's schema says where that is: anywhere else such a text is a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.content import AttachedFile
from runtimes.base import RAW_BYTES, FunctionSignature
from runtimes.values import Json, JsonObject

MARK = "attachment:"
"""What the name of a file of the conversation starts with; no base64 text does."""

PATH_MARK = "@"
"""What a path starts with on the command line; no base64 text does."""

MAX_SCHEMAS = 256
"""How many schemas are looked at for one value, its references and alternatives together."""

MAX_LISTED = 8
"""How many files a complaint lists."""

FileKind = Literal["binary", "byte", "base64url"]
"""How a function takes a file: as bytes, or as their text in base64 or its URL-safe spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Where a file may stand."""

    argument: str
    """The name of the argument that it is, or is a part of."""
    kind: FileKind
    is_certain: bool = True
    """False where the schema admits any other text too."""


Filling = Callable[[FilePlace, str], str]
"""What stands in the place of a file: told where that is, and what is written there."""

_DEFINITIONS = "#/$defs/"
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_ENCODINGS: Mapping[str, FileKind] = {"base64": "byte", "base64url": "base64url"}
_FORMATS: Mapping[str, FileKind] = {"binary": "byte", "byte": "byte", "base64url": "base64url"}


def _kind(schema: JsonObject) -> FileKind | None:
    if RAW_BYTES.items() <= schema.items():
        return "binary"
    encoding, form = schema.get("contentEncoding"), schema.get("format")
    if isinstance(encoding, str):
        return _ENCODINGS.get(encoding.lower())
    return _FORMATS.get(form) if isinstance(form, str) else None


def _is_text(schema: JsonObject) -> bool:
    """True for an alternative that says nothing but that it is a string."""
    declared = schema.get("type")
    return "string" in (declared if isinstance(declared, list) else [declared])


def _items(schema: JsonObject, index: int) -> Json:
    first = schema.get("prefixItems")
    return first[index] if isinstance(first, list) and index < len(first) else schema.get("items")


def _members(schema: JsonObject, name: str) -> Iterator[Json]:
    """The schemas that a member may have: which pattern its name matches is left open."""
    properties, patterns = schema.get("properties"), schema.get("patternProperties")
    if isinstance(properties, dict) and name in properties:
        yield properties[name]
        return
    if isinstance(patterns, dict):
        yield from patterns.values()
    yield schema.get("additionalProperties")


class _Walk:
    """Goes through arguments along their schema, no further than they reach."""

    def __init__(self, parameters: JsonObject, filling: Filling) -> None:
        definitions = parameters.get("$defs")
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._filling = filling

    def _reached(self, schemas: Sequence[Json]) -> list[JsonObject]:
        """The schemas with all that they refer to and are composed of."""
        found: dict[int, JsonObject] = {}
        pending = [*reversed(schemas)]
        while pending and len(found) < MAX_SCHEMAS:
            schema = pending.pop()
            if not isinstance(schema, dict) or id(schema) in found:
                continue
            found[id(schema)] = schema
            for keyword in _ALTERNATIVES:
                parts = schema.get(keyword)
                pending += reversed(parts) if isinstance(parts, list) else ()
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith(_DEFINITIONS):
                name = reference.removeprefix(_DEFINITIONS).replace("~1", "/").replace("~0", "~")
                pending.append(self._definitions.get(name))
        return [*found.values()]

    def _text(self, argument: str, text: str, schemas: Sequence[JsonObject]) -> str:
        kinds: list[FileKind | None] = [_kind(schema) for schema in schemas]
        found: FileKind | None = next((kind for kind in kinds if kind is not None), None)
        if found is None:
            return text
        others = (_is_text(schema) for schema, kind in zip(schemas, kinds, strict=True) if kind is None)
        return self._filling(FilePlace(argument=argument, kind=found, is_certain=not any(others)), text)

    def value(self, argument: str, value: Json, schemas: Sequence[Json]) -> Json:
        if not schemas or not isinstance(value, str | list | dict):
            return value
        reached = self._reached(schemas)
        if isinstance(value, str):
            return self._text(argument, value, reached)
        if isinstance(value, list):
            return [
                self.value(argument, item, [_items(schema, index) for schema in reached])
                for index, item in enumerate(value)
            ]
        return {
            name: self.value(argument, member, [one for schema in reached for one in _members(schema, name)])
            for name, member in value.items()
        }


def with_files(arguments: JsonObject, parameters: JsonObject, filling: Filling) -> JsonObject:
    """The arguments with something else in the place of each file; what `filling` raises is raised."""
    walk = _Walk(parameters, filling)
    named = parameters.get("properties")
    known = named if isinstance(named, dict) else {}
    filled: JsonObject = {}
    for name, value in arguments.items():
        is_whole = name not in known and isinstance(value, dict)  # such as a body whose members are the arguments
        schemas = [*_members(parameters, name), *([parameters] if is_whole else [])]
        filled[name] = walk.value(name, value, schemas)
    return filled


def schema_of(signature: FunctionSignature) -> JsonObject:
    """The schema that says where a function takes files: whole, where what a model is told is not."""
    return signature.rules.schema() if signature.rules is not None else signature.parameters


def reference_to(file: AttachedFile) -> str:
    """What a call names the file by."""
    return MARK + file.id


def notice(file: AttachedFile) -> str:
    """What a model is told of a file: all but its bytes."""
    return f'[attached: {file.label}; where a function takes a file, "{reference_to(file)}" is this one]'


def _unread(place: FilePlace, text: str) -> str:
    """Why a text that names no file of the conversation is none itself; empty where it may be one."""
    if text.startswith(PATH_MARK):
        return f"{place.argument[:60]!r} is a file; give its bytes as base64 text, not its path or its address"
    if place.kind != "binary":
        return ""  # whoever gets it as text has the last word
    from runtimes.openapi.files import unread

    return unread(place.argument, text)


def misnamed(arguments: JsonObject, signature: FunctionSignature, known: Mapping[str, AttachedFile]) -> str:
    """What a model is to correct where it names files; empty where nothing is wrong."""
    complaints: list[str] = []
    by_name = {file.name: file for file in known.values() if file.name} | dict(known)

    def look(place: FilePlace, text: str) -> str:
        if text.startswith(MARK):
            if text.removeprefix(MARK) not in known:
                listed = [f"{reference_to(file)} ({file.name})" for file in known.values()][-MAX_LISTED:]
                there_are = f"there are: {', '.join(listed)}" if listed else "none are in this conversation"
                complaints.append(f"{place.argument!r}: there is no {text[:60]!r}; {there_are}")
        elif not place.is_certain:
            return text
        elif file := by_name.get(text):
            complaints.append(f"{place.argument!r}: this file is named {reference_to(file)!r}")
        elif reason := _unread(place, text):
            complaints.append(reason)
        return text

    with_files(arguments, schema_of(signature), look)
    return "; ".join(complaints[:MAX_LISTED])


def named_files(
    arguments: JsonObject, signature: FunctionSignature, known: Mapping[str, AttachedFile]
) -> tuple[JsonObject, tuple[AttachedFile, ...]]:
    """The arguments with files by their own names, for people; and the files, each once."""
    files: dict[str, AttachedFile] = {}

    def look(place: FilePlace, text: str) -> str:
        del place
        file = known.get(text.removeprefix(MARK)) if text.startswith(MARK) else None
        if file is None:
            return text
        files[file.id] = file
        return file.name or reference_to(file)

    return with_files(arguments, schema_of(signature), look), tuple(files.values())
