"""The rules for single members, whatever object they are in: their names, types, lengths, values and versions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.errors import Problem
from orchestrator.manifest.fragments import KINDS_OF_FRAGMENTS
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.known import DEFAULTS, LENGTHS, MAX_STRING, UNMEASURED, VALUES
from orchestrator.manifest.members import KINDS, Found, Member, type_of
from orchestrator.manifest.problems import problem, quoted
from orchestrator.manifest.subset import subset_problem
from orchestrator.manifest.versions import owning_version, owning_version_of_type
from runtimes.positions import pointer_to
from runtimes.values import Json

EXTENSION = "x-"
"""How the names of members and values begin that the specification leaves to others (spec 3.5 and 3.6)."""

_PLACEHOLDERS = ("${{", "[[")
"""What stands for text that is not known from the document alone: the environment, and localization (spec 3.4)."""

_TOLD_ELSEWHERE = frozenset(
    {"Manifest.schema_version", "Manifest.namespace", "FunctionParameter.default", "RuntimeAuth.type"}
)
"""Members whose null is read by a rule of its own."""


def is_open(text: str) -> bool:
    """True for a text that the document alone does not say: it has a placeholder in it."""
    return any(mark in text for mark in _PLACEHOLDERS)


def texts_of(value: Json, pointer: str) -> Iterator[tuple[str, str]]:
    """The string, or the strings of the array, each with its pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield pointer + pointer_to(index), item


def _unknown_member(found: Found, name: str) -> Iterator[Problem]:
    if name.startswith(EXTENSION):
        return
    known = [member.name for member in KINDS[found.kind].values() if member.name not in found.members]
    hint = guess(name, known, f"remove it, or begin its name with {EXTENSION!r}")
    message = f"member {quoted(name)} is not known"
    yield problem("unknown-member", found.pointer + pointer_to(name), message, hint=hint)


def _length_problems(path: str, pointer: str, value: Json) -> Iterator[Problem]:
    limit = LENGTHS.get(path, MAX_STRING)
    for place, text in texts_of(value, pointer):
        if len(text) > limit and not is_open(text):
            message = f"the string has {len(text)} characters; those beyond {limit} may be ignored"
            yield problem("too-long", place, message, hint="shorten it")


def _value_problems(known: Sequence[str], pointer: str, value: Json) -> Iterator[Problem]:
    for place, text in texts_of(value, pointer):
        if text in known or text.startswith((EXTENSION, *_PLACEHOLDERS)):
            continue
        meant = next((word for word in known if word.casefold() == text.strip().casefold()), None)
        if meant is not None:
            message = f"the value {text!r} is {meant!r} in another case"
            yield problem("value-case", place, message, hint=f"write {meant!r}")
            continue
        hint = guess(text, known, f"known values: {', '.join(known)}")
        yield problem("unknown-value", place, f"the value {quoted(text)} is not known", hint=hint)


def _elements(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield from ((pointer_to(name), item) for name, item in value.items())
    elif isinstance(value, list):
        yield from ((pointer_to(index), item) for index, item in enumerate(value))


def _type_problems(member: Member, pointer: str, value: Json) -> Iterator[Problem]:
    """Wrong types in what the model leaves as plain JSON."""
    places: list[tuple[str, Json, frozenset[str]]] = [(pointer, value, member.types)]
    if not member.types or type_of(value) in member.types:
        places = [(pointer + step, item, member.element_types) for step, item in _elements(value)]
    for place, item, wanted in places:
        if wanted and type_of(item) not in wanted:
            names = " or ".join(sorted(wanted))
            yield problem("unexpected-type", place, f"this must be {names}, not {type_of(item)}; it is not understood")


def _version_problems(path: str, name: str, pointer: str, value: Json, version: str) -> Iterator[Problem]:
    subject, owner = f"member {name!r}", owning_version(path, version)
    if path == "Runtime.type" and isinstance(value, str):
        subject, owner = f"the type {value!r}", owning_version_of_type(value, version)
    if owner is not None:
        message = f"{subject} belongs to version {owner!r}, not {version!r}"
        yield problem("version-mismatch", pointer, message, hint=f"set schema_version to {owner!r}, or remove it")


def null_problem(path: str, name: str, pointer: str) -> Problem:
    """The warning for a member that is null."""
    if path == "Runtime.auth":
        message = f"{name!r} is null, which does not say that there is no credential; its functions are not offered"
        return problem("null-member", pointer, message, hint='write {"type": "None"} where none is needed')
    return problem("null-member", pointer, f"{name!r} is null; it is read as if it were not there", hint="remove it")


def _member_problems(found: Found, name: str, member: Member, value: Json, version: str) -> Iterator[Problem]:
    path, pointer = f"{found.kind}.{member.name}", found.pointer + pointer_to(name)
    if name != member.name and member.name in found.members:
        message = f"member {name!r} is another spelling of {member.name!r}, which is there too; this one is not read"
        yield problem("misspelled-member", pointer, message, hint="remove it")
        return
    if name != member.name:
        message = f"member {name!r} is another spelling of {member.name!r}"
        yield problem("misspelled-member", pointer, message, hint=f"write {member.name!r}")
    yield from _version_problems(path, name, pointer, value, version)
    is_fragment = found.kind in KINDS_OF_FRAGMENTS
    if value is None and path not in _TOLD_ELSEWHERE and (is_fragment or "null" in member.types):
        yield null_problem(path, name, pointer)
        return
    if is_fragment:
        yield from _type_problems(member, pointer, value)
    if path not in UNMEASURED:
        yield from _length_problems(path, pointer, value)
    if path in VALUES:
        yield from _value_problems(VALUES[path], pointer, value)


def _missing_members(found: Found) -> Iterator[Problem]:
    for path, consequence in DEFAULTS.items():
        kind, _, name = path.partition(".")
        is_there = name in found.members or (kind == "Returns" and "$ref" in found.members)
        if kind == found.kind and not is_there:
            message = f"required member {name!r} is missing; {consequence}"
            yield problem("member-missing", found.pointer + pointer_to(name), message, hint=f"add {name!r}")


def member_problems(found: Found, version: str) -> Iterator[Problem]:
    """What is wrong with the members of one object; `version` is the one it is judged as."""
    members = KINDS[found.kind]
    for name, value in found.members.items():
        if (beyond := subset_problem(found, name, value)) is not None:
            yield beyond
        elif name in members:
            yield from _member_problems(found, name, members[name], value, version)
        else:
            yield from _unknown_member(found, name)
    yield from _missing_members(found)
