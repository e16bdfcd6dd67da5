"""Examines a manifest: bytes or a document in, every problem out, each at its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import Problem
from orchestrator.manifest.filling import filled_manifest, without_descriptions
from orchestrator.manifest.key_rules import misplaced_keys
from orchestrator.manifest.kinds import stated_kind
from orchestrator.manifest.members import type_of
from orchestrator.manifest.model import Manifest
from orchestrator.manifest.parse_hints import parse_hint
from orchestrator.manifest.problems import CODES, Kind, problem, quoted
from orchestrator.manifest.rules import errors_in, warnings_in
from orchestrator.manifest.unresolved import unresolved_in
from runtimes.positions import BOM, Place, Positions, name_at, pointer_to, scan
from runtimes.values import InvalidJson, Json, JsonObject, decoded, parse_json_document

MAX_PROBLEMS = 1000
"""How many problems of one document are listed; errors come before warnings."""

_MAX_TYPE_ERRORS = 2 * (MAX_PROBLEMS + 1)
"""How many errors of the model are read: a union of two types has two for one problem."""

MAX_PREAMBLE = 4096
"""How many characters of a text that is no JSON are looked through for the version of OpenAPI."""

_STATED_IN_YAML = re.compile(r"^(openapi|swagger)[ \t]*:[ \t]", re.MULTILINE)

_OF_MANIFESTS = frozenset({"schema_version", "name_for_human", "functions", "runtimes"})
"""Members that an OpenAPI description has not."""

_WANTED = {
    "string_type": "a string",
    "tuple_type": "an array",
    "model_type": "an object",
    "dict_type": "an object",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What the model wanted, by its name for the mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found."""

    manifest: Manifest | None
    """None where there are errors of type."""
    document: JsonObject
    problems: tuple[Problem, ...]
    """In the order of their places, where the text is known; at one place errors come first."""
    positions: Positions | None = None
    """Where everything stands, if the text is known and is JSON."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that keep the manifest from being loaded."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def _child(node: Json, part: str | int, *, is_missing: bool) -> tuple[Json] | None:
    """What stands there in the document, if the part is a step into it."""
    if isinstance(node, dict) and isinstance(part, str) and (part in node or is_missing):
        return (node.get(part),)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return (node[part],)
    return None


def _pointer_and_value(item: ErrorDetails, document: JsonObject) -> tuple[str, Json]:
    parts: list[str | int] = []
    node: Json = document
    for part in item["loc"]:  # a union adds its branches to the place; they are not in the document
        child = _child(node, part, is_missing=item["type"] == "missing")
        if child is not None:
            parts.append(part)
            node = child[0]
    return pointer_to(*parts), node


def _type_problem(pointer: str, kinds: Sequence[str], value: Json) -> Problem:
    """`kinds` are those that were wanted; none where the member is missing."""
    name = name_at(pointer)
    if not kinds:
        return problem("missing", pointer, f"member {name!r} is missing", hint=f"add {name!r}")
    subject = f"element {name}" if name.isdecimal() else quoted(name)
    return problem(
        "wrong-type", pointer, f"{subject} must be {' or '.join(dict.fromkeys(kinds))}, not {type_of(value)}"
    )


def _around(pointers: Iterable[str]) -> set[str]:
    """The pointers of everything around these places."""
    around: set[str] = set()
    for pointer in pointers:
        while pointer := pointer.rpartition("/")[0]:
            around.add(pointer)
    return around


def type_problems(error: ValidationError, document: JsonObject) -> list[Problem]:
    """One problem for each place, however many branches of a union were tried there."""
    wanted: dict[str, list[str]] = {}
    values: dict[str, Json] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_TYPE_ERRORS]:
        pointer, value = _pointer_and_value(item, document)
        values[pointer] = value
        kinds = wanted.setdefault(pointer, [])
        if item["type"] != "missing":
            kinds.append(_WANTED.get(item["type"], "another value"))
    for pointer in _around(wanted):  # refused by one branch of a union, while another got further and says more
        wanted.pop(pointer, None)
    return [_type_problem(pointer, kinds, values[pointer]) for pointer, kinds in wanted.items()]


def _listed(problems: Iterable[Problem]) -> list[Problem]:
    listed = list(islice(problems, MAX_PROBLEMS + 1))
    if len(listed) <= MAX_PROBLEMS:
        return listed
    message = f"there are more than {MAX_PROBLEMS} problems; the others are not listed"
    return [problem("too-many-problems", "", message), *listed[:MAX_PROBLEMS]]


def _text_problems(positions: Positions) -> Iterable[Problem]:
    for noted in positions.duplicates:
        message = f"the key {quoted(name_at(noted.pointer))} is there twice"
        yield _at(problem("duplicate-key", noted.pointer, message, hint="remove one of them"), noted.place)
    for noted in positions.huge_integers:
        message = "the integer is beyond 64 bits, which many readers round"
        yield _at(problem("huge-integer", noted.pointer, message, hint="write it as a string"), noted.place)


def _at(found: Problem, place: Place) -> Problem:
    return replace(found, line=place.line, column=place.column)


def located(found: Problem, positions: Positions, codes: Mapping[str, Kind] = CODES) -> Problem:
    """The problem with its line and column: those of the key or of the value, as its code says."""
    key = positions.key(found.pointer) if codes[found.code].is_at_key else None
    return _at(found, key or positions.nearest(found.pointer))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file and place, those of the document itself first; at one place errors come first."""
    return tuple(sorted(problems, key=lambda found: (found.file, found.line, found.column, found.severity)))


def examine_document(document: JsonObject, *, is_remote: bool = False) -> Examined:
    """All problems of a document whose text is not known; they have no places.

    `is_remote` says that it is from a URL: its relative references are URLs, and cannot lead out of a folder.
    """
    if "api" in document:
        message = "this is an OpenAI plugin manifest, which is another format"
        hint = "write a plugin manifest for the API it names"
        return Examined(
            manifest=None, document=document, problems=(problem("openai-manifest", "/api", message, hint=hint),)
        )
    stated = next((name for name in ("openapi", "swagger") if name in document), None)
    if stated is not None and _OF_MANIFESTS.isdisjoint(document):
        return Examined(manifest=None, document=document, problems=(_openapi(stated),))
    manifest: Manifest | None = None
    problems: list[Problem] = []
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        problems = [_told_of_agents(found, document) for found in type_problems(error, document)]
    unfilled = unresolved_in(without_descriptions(document)[0])
    warnings = (warnings_in(document), unfilled, misplaced_keys(document))
    rules = (problems, errors_in(document, is_remote=is_remote), *warnings)
    found = _listed(item for part in rules for item in part)
    return Examined(manifest=manifest, document=document, problems=tuple(found))


def _refused(found: Problem) -> Examined:
    return Examined(manifest=None, document={}, problems=(found,))


def _openapi(member: str) -> Problem:
    message = "this is an OpenAPI description, and no plugin manifest"
    hint = "make a manifest for it with `orchestrator new`, or name the manifest that refers to it"
    return problem("openapi-description", pointer_to(member), message, hint=hint)


def _told_of_agents(found: Problem, document: JsonObject) -> Problem:
    """What names the member that is missing, where the document may as well be meant to be an agent."""
    if found.code != "missing" or found.pointer != "/name_for_human" or "name" not in document:
        return found
    if stated_kind(document) is not None:
        return found
    message = f"{found.message}, and for a declarative agent 'instructions' or 'actions' are"
    return replace(found, message=message, hint="add 'name_for_human' to a plugin, 'instructions' to an agent")


def _not_json(error: InvalidJson, data: bytes) -> Examined:
    text = data.decode(errors="replace").removeprefix(BOM)
    if stated := _STATED_IN_YAML.search(text[:MAX_PREAMBLE]):
        line = text.count("\n", 0, stated.start()) + 1
        return _refused(_at(_openapi(stated[1]), Place(line, 1)))
    hint = parse_hint(error.reason, text, error.line, error.column)
    found = problem("not-json", "", f"not JSON: {error.reason}", hint=hint)
    return _refused(_at(found, Place(error.line, error.column)))


def examine_text(data: bytes, values: Mapping[str, str] | None = None) -> Examined:
    """The object in the bytes of a file, with what only its text shows; no rule of a manifest is held to it.

    A byte order mark is skipped, and `values` fill placeholders. Without positions, the problems say why not.
    """
    try:
        text = decoded(data.removeprefix(BOM.encode()))
        document = parse_json_document(text)
        positions = scan(text)
    except InvalidJson as error:
        return _not_json(error, data)
    document = filled_manifest(document, values or {})
    if not isinstance(document, dict):
        message = f"a manifest is a JSON object, not {type_of(document)}"
        return _refused(located(problem("not-an-object", "", message), positions))
    problems = tuple(_text_problems(positions))
    return Examined(manifest=None, document=document, problems=problems, positions=positions)


def examine(data: bytes, values: Mapping[str, str] | None = None, *, is_remote: bool = False) -> Examined:
    """All problems of the bytes of a manifest; a byte order mark is skipped, and `values` fill its placeholders."""
    text = examine_text(data, values)
    if text.positions is None:
        return text
    examined = examine_document(text.document, is_remote=is_remote)
    problems = (*(located(found, text.positions) for found in examined.problems), *text.problems)
    return replace(examined, problems=in_order(problems), positions=text.positions)
