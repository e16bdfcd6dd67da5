"""The rules for functions: what is said of their parameters, and how their answers are read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.member_rules import EXTENSION, is_open, texts_of
from orchestrator.manifest.members import KINDS, Found, type_of
from orchestrator.manifest.problems import problem, quoted
from orchestrator.manifest.queries import Path, data_path_of, path_of, property_of, within_result
from orchestrator.manifest.versions import owning_version
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

_PROPERTIES = "ResponseProperties"


def _is_integer(value: Json) -> bool:
    return value.is_integer() if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
"""What a value of each type of parameter is (spec 7.2.1)."""


def required_problems(found: Found) -> Iterator[Problem]:
    """Names in `required` that are no parameters (spec 6.2.3)."""
    properties, required = found.members.get("properties"), found.members.get("required")
    known = properties if isinstance(properties, dict) else {}
    for place, name in texts_of(required if isinstance(required, list) else [], found.pointer + "/required"):
        if name not in known:
            hint = guess(name, known, "describe it in 'properties', or remove it")
            yield problem("unknown-required", place, f"required parameter {quoted(name)} is not described", hint=hint)


def _default_problems(parameter: JsonObject, pointer: str, kind: str) -> Iterator[Problem]:
    if "default" not in parameter:
        return
    value = parameter["default"]
    if value is None:
        yield problem("null-default", pointer, "the default is null; it is read as no default", hint="remove it")
    elif kind in _TYPES and not _TYPES[kind](value) and not (isinstance(value, str) and is_open(value)):
        message = f"the default of a parameter of type {kind!r} is {type_of(value)}"
        yield problem("misplaced-keyword", pointer, message, hint="write a value of that type")


def parameter_problems(found: Found) -> Iterator[Problem]:
    """Keywords that do not go with the type of the parameter (spec 7.2.3 to 7.2.5)."""
    written = found.members.get("type")
    kind = written.strip().casefold() if isinstance(written, str) else ""
    for keyword, wanted in (("enum", "string"), ("items", "array")):
        if found.members.get(keyword) is not None and kind in _TYPES and kind != wanted:
            message = f"{keyword!r} is for parameters of type {wanted!r}, and this one is of type {kind!r}"
            yield problem("misplaced-keyword", found.pointer + pointer_to(keyword), message, hint="remove it")
    values = found.members.get("enum")
    for index, value in enumerate(values if kind == "string" and isinstance(values, list) else ()):
        if not isinstance(value, str):
            message = f"this must be a string, not {type_of(value)}, as the parameter is"
            yield problem("unexpected-type", found.pointer + pointer_to("enum", index), message)
    yield from _default_problems(found.members, found.pointer + "/default", kind)


def _data_path_problems(found: Found) -> Iterator[Problem]:
    written = found.members.get("data_path")
    if not isinstance(written, str) or is_open(written):
        return
    pointer = found.pointer + "/data_path"
    if written.strip() and path_of(written) is None:
        yield problem(
            "not-jsonpath", pointer, f"{quoted(written)} is no JSONPath; it selects nothing", hint="write '$'"
        )
    elif (meant := data_path_of(written)) != written:
        message = f"{quoted(written)} is no JSONPath; it is taken for {quoted(meant)}"
        yield problem("not-jsonpath", pointer, message, hint=f"write {quoted(meant)}")


def _card_problems(found: Found, version: str) -> Iterator[Problem]:
    card = found.members.get("static_template")
    if not isinstance(card, dict) or "file" not in card:
        return
    pointer = found.pointer + pointer_to("static_template", "file")
    if (owner := owning_version("static_template.file", version)) is not None:
        message = f"a card in a file belongs to version {owner!r}, not {version!r}"
        yield problem("version-mismatch", pointer, message, hint=f"set schema_version to {owner!r}, or write the card")
    if not isinstance(card["file"], str):
        message = f"this must be a string, not {type_of(card['file'])}; it is not understood"
        yield problem("unexpected-type", pointer, message)
    if any(name != "file" and not name.startswith(EXTENSION) for name in card):
        message = "a card in a file has other members beside 'file', which are not read"
        yield problem("card-and-file", pointer, message, hint="keep 'file' alone, or write the card here")


def _repeated_path_problems(found: Found) -> Iterator[Problem]:
    written, properties = found.members.get("data_path"), found.members.get("properties")
    if not isinstance(written, str) or not isinstance(properties, dict):
        return
    for name, value in properties.items():
        reading = property_of(value) if name in KINDS[_PROPERTIES] else None
        paths = [part.query for part in reading.parts if isinstance(part, Path)] if reading is not None else []
        meant = within_result(paths[0], data_path_of(written)) if len(paths) == 1 else None
        if meant is not None:
            told = f"{quoted(paths[0])} repeats the data path"
            message = f"{told}; where it selects nothing it is taken for {quoted(meant)}"
            pointer = found.pointer + pointer_to("properties", name)
            yield problem("repeated-path", pointer, message, hint=f"write {quoted(meant)}")


def semantics_problems(found: Found, version: str) -> Iterator[Problem]:
    """A data path that is none, paths that repeat it, and cards in files (spec 9.4.2.1 to 9.4.2.3)."""
    yield from _data_path_problems(found)
    yield from _repeated_path_problems(found)
    yield from _card_problems(found, version)


def property_problems(found: Found) -> Iterator[Problem]:
    """Properties of response semantics that are something else than JSONPath (spec 9.4.2.2)."""
    for name, value in found.members.items():
        if name not in KINDS[_PROPERTIES] or value is None or (isinstance(value, str) and is_open(value)):
            continue
        pointer, reading = found.pointer + pointer_to(name), property_of(value)
        if reading is None:
            message = f"this must be a JSONPath, not {type_of(value)}; it is not understood"
            yield problem("unexpected-type", pointer, message, hint="write a path such as '$.name'")
        elif reading.taken_for:
            shown = quoted(value) if isinstance(value, str) else "this"
            message = f"{shown} is no JSONPath; it is taken for {reading.taken_for}"
            alone = reading.parts[0] if len(reading.parts) == 1 else None
            hint = f"write {quoted(alone.query)}" if isinstance(alone, Path) else "write a path such as '$.name'"
            yield problem("not-jsonpath", pointer, message, hint=hint)
