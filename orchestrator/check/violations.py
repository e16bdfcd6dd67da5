"""Where a document violates the shape of its version, and how that is said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from orchestrator.check.codes import problem
from orchestrator.check.shapes import ALONE, INSTEAD, schema_of
from orchestrator.check.versions import NAMES, VERSIONS
from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.members import type_of
from orchestrator.manifest.problems import quoted
from orchestrator.manifest.versions import KNOWN_VERSIONS
from runtimes.positions import name_at, pointer_to
from runtimes.values import Json, JsonObject

if TYPE_CHECKING:
    import jsonschema_rs

JUDGED_AS = "v2.2"
"""The version whose text judges documents of v1 and v2, and of no known version."""

_NAME_CODES = {"/namespace": "namespace-name"}
_NOT_IN_ANY_NAME = re.compile(r"[^A-Za-z0-9]+")
_TYPES = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "a number",
    "number": "a number",
    "array": "an array",
    "object": "an object",
}
"""The names of JSON Schema for types, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A place where the document is not as its shape has it."""

    code: str
    pointer: str
    """For a member that is missing, where it would be."""
    value: Json = None
    """What stands there."""
    wanted: Sequence[str] = ()
    """Types, known values, or members, in the words of the shape."""
    version: str

    def told(self) -> Problem:
        """The violation as an error, whatever the lenient reading makes of its code."""
        message, hint = _message_and_hint(self)
        return replace(problem(self.code, self.pointer, message, hint=hint), severity="error")


def _kinds(types: Sequence[str]) -> str:
    """The types in words, in an order of our own: the engine's is none."""
    *most, last = dict.fromkeys(words for kind, words in _TYPES.items() if kind in types)
    return f"{', '.join(most)} or {last}" if most else last


def _message_and_hint(found: Violation) -> tuple[str, str]:
    name = quoted(name_at(found.pointer))
    match found.code:
        case "missing":
            either = " or ".join(repr(member) for member in (name_at(found.pointer), *found.wanted))
            return f"member {name} is missing", f"add {either}"
        case "wrong-type":
            subject = f"element {name_at(found.pointer)}" if name_at(found.pointer).isdecimal() else name
            return f"{subject} must be {_kinds(found.wanted)}, not {type_of(found.value)}", ""
        case "unknown-member":
            hint = guess(name_at(found.pointer), found.wanted, "remove it, or begin its name with 'x-'")
            return f"{found.version} has no member {name} here", hint
        case "schema-version":
            written = found.value if isinstance(found.value, str) else None
            message = (
                "there is no schema_version" if written is None else f"schema_version {quoted(written)} is not known"
            )
            hint = guess(written or "", found.wanted, f"known versions: {', '.join(found.wanted)}")
            return f"{message}; judged by the text of {found.version!r}", hint
        case "card-and-file":
            return "a card in a file has other members beside 'file'", "keep 'file' alone, or write the card here"
        case "unknown-value":
            written = found.value if isinstance(found.value, str) else ""
            hint = guess(written, found.wanted, f"known values: {', '.join(found.wanted)}")
            return f"{found.version} does not know the value {quoted(written)} here", hint
        case _:
            return _name_message_and_hint(found)


def _name_message_and_hint(found: Violation) -> tuple[str, str]:
    written = found.value if isinstance(found.value, str) else ""
    (pattern,) = found.wanted
    if not written:
        return "the name is empty", f"write {NAMES[pattern]}"
    separator = "_" if re.fullmatch(pattern, "_") else "-"
    mended = _NOT_IN_ANY_NAME.sub(separator, written).strip(separator)
    message = f"the name {quoted(written)} has other characters than {NAMES[pattern]}, which {found.version} takes"
    return message, f"write {quoted(mended)}" if mended else f"write {NAMES[pattern]}"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape that is ready to judge documents."""

    version: str
    schema: JsonObject
    validator: jsonschema_rs.Validator

    def keywords_at(self, path: Sequence[str | int]) -> JsonObject:
        """The object of the schema that has the keyword at the path."""
        node: Json = self.schema
        for part in path[:-1]:
            node = _child(node, part)
        return node if isinstance(node, dict) else {}


@lru_cache(maxsize=len(VERSIONS))
def _shape(version: str) -> _Shape:
    """Compiled when the first document of the version is judged."""
    from jsonschema_rs import Draft202012Validator

    schema = schema_of(VERSIONS[version])
    return _Shape(version, schema, Draft202012Validator(schema))


def _child(node: Json, part: str | int) -> Json:
    if isinstance(node, dict) and isinstance(part, str):
        return node[part]
    if isinstance(node, list) and isinstance(part, int):
        return node[part]
    return None


def _value_at(document: JsonObject, path: Sequence[str | int]) -> Json:
    value: Json = document
    for part in path:
        value = _child(value, part)
    return value


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _unknown_members(
    unexpected: Sequence[str], keywords: JsonObject, path: Sequence[str | int], around: Json, version: str
) -> Iterator[Violation]:
    alone, properties = keywords.get(ALONE), keywords.get("properties")
    if isinstance(alone, str):
        yield Violation(code="card-and-file", pointer=pointer_to(*path, alone), version=version)
        return
    written = around if isinstance(around, dict) else {}
    known = [name for name in (properties if isinstance(properties, dict) else {}) if name not in written]
    for name in unexpected:
        yield Violation(code="unknown-member", pointer=pointer_to(*path, name), wanted=known, version=version)


def _violations_of(error: jsonschema_rs.ValidationError, document: JsonObject, shape: _Shape) -> Iterator[Violation]:
    from jsonschema_rs import ValidationErrorKind as Kinds

    path, keywords = error.instance_path, shape.keywords_at(error.schema_path)
    value, version = _value_at(document, path), shape.version
    pointer = pointer_to(*path)
    match error.kind:
        case Kinds.Required(property=name):
            instead = keywords.get(INSTEAD)
            members = [instead] if isinstance(instead, str) else []
            yield Violation(code="missing", pointer=pointer_to(*path, name), wanted=members, version=version)
        case Kinds.AdditionalProperties(unexpected=names):
            yield from _unknown_members(names, keywords, path, value, version)
        case Kinds.Type(types=types):
            yield Violation(code="wrong-type", pointer=pointer, value=value, wanted=types, version=version)
        case Kinds.Enum():
            known = _texts(keywords.get("enum"))
            yield Violation(code="unknown-value", pointer=pointer, value=value, wanted=known, version=version)
        case Kinds.Constant():
            known = _texts([keywords.get("const")])
            yield Violation(code="unknown-value", pointer=pointer, value=value, wanted=known, version=version)
        case Kinds.Pattern(pattern=pattern):
            code = _NAME_CODES.get(pointer, "function-name")
            yield Violation(code=code, pointer=pointer, value=value, wanted=[pattern], version=version)
        case _:
            raise AssertionError(f"no shape has the keyword {error.kind.name!r}")


def _version_violations(version: Json) -> Iterator[Violation]:
    """What no schema can say: the value chooses the schema."""
    pointer = "/schema_version"
    if isinstance(version, str | None) and version not in KNOWN_VERSIONS:
        yield Violation(code="schema-version", pointer=pointer, value=version, wanted=KNOWN_VERSIONS, version=JUDGED_AS)
    elif not isinstance(version, str | None):
        yield Violation(code="wrong-type", pointer=pointer, value=version, wanted=["string"], version=JUDGED_AS)


def _violations(document: JsonObject) -> Iterator[Violation]:
    version = document.get("schema_version")
    yield from _version_violations(version)
    shape = _shape(version if isinstance(version, str) and version in VERSIONS else JUDGED_AS)
    for error in shape.validator.iter_errors(document):
        yield from _violations_of(error, document, shape)


def violations_in(document: JsonObject) -> dict[str, Violation]:
    """The violations by pointer, one for each place, at most `MAX_PROBLEMS`."""
    found: dict[str, Violation] = {}
    for violation in islice(_violations(document), MAX_PROBLEMS):
        kept = found.setdefault(violation.pointer, violation)
        if violation.code == "wrong-type" and kept.code != "wrong-type":  # another type explains the rest
            found[violation.pointer] = violation
    return found
