"""The strict reading: the official schema of the stated version, but for the differences that are written down. Pure.

It starts from what the lenient reading has found, whose messages know more; the differences are in
`orchestrator.check.differences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.violations import Violation, violations_in
from orchestrator.errors import Problem
from runtimes.values import JsonObject

_UNASKED = frozenset(
    {"unreadable", "not-json", "not-an-object", "openai-manifest", "openapi-description", "too-many-problems"}
)
"""Where there is one of these, no schema is asked: there is no manifest, or there is no end of mistakes."""

_PLACEHOLDER = "unresolved-placeholder"
_NAMESPACE = "namespace-missing"

_SAID_BY: Mapping[str, frozenset[str]] = {
    "missing": frozenset({"missing", "reference-missing"}),
    "wrong-type": frozenset({"wrong-type"}),
    "unknown-member": frozenset(
        {"unknown-member", "misspelled-member", "version-mismatch", "scopes-unused", _PLACEHOLDER}
    ),
    "unknown-value": frozenset({"unknown-value", "value-case", "version-mismatch", _PLACEHOLDER}),
    "card-and-file": frozenset({"card-and-file"}),
    "namespace-name": frozenset({_PLACEHOLDER}),
    "function-name": frozenset({_PLACEHOLDER}),
}
"""The codes by which the lenient reading says the same of a place as the schema does."""

_SAID_BETTER: Mapping[str, frozenset[str]] = {
    "schema-version": frozenset({"schema-version"}),
    "missing": frozenset({"member-missing", _NAMESPACE}),
    "wrong-type": frozenset({_NAMESPACE, "unexpected-type", "null-member", "null-default", "beyond-subset"}),
    "unknown-member": frozenset({"beyond-subset"}),
    "unknown-value": frozenset({"beyond-subset"}),
    "namespace-name": frozenset({"namespace-name"}),
    "function-name": frozenset({"function-name"}),
}
"""The codes by which it says less than the schema, which knows the version, or speaks of what it reads all the same."""

_ALL_SAID = frozenset[str]().union(*_SAID_BY.values(), *_SAID_BETTER.values())


def _schema_pointer(found: Problem) -> str:
    """The pointer by which the schema knows the place."""
    return "/namespace" if found.code == _NAMESPACE else found.pointer


def _is_moot(found: Problem, violations: Mapping[str, Violation]) -> bool:
    """True for what a schema may say inside a value of the wrong type: it is not what the members there are for."""
    if found.severity == "error" or found.file or found.code not in _ALL_SAID:
        return False
    pointer = found.pointer
    while pointer:
        if pointer in violations and violations[pointer].code == "wrong-type":
            return True
        pointer = pointer.rpartition("/")[0]
    return False


def _merged(lenient: Sequence[Problem], violations: Mapping[str, Violation]) -> Iterator[Problem]:
    """One problem for each mistake: first the lenient reading's, then what only the schema sees."""
    unsaid = dict(violations)
    for found in lenient:
        pointer = _schema_pointer(found)
        violation = violations.get(pointer) if not found.file else None
        code = violation.code if violation is not None else ""
        if found.code in _SAID_BETTER.get(code, ()):
            continue
        is_said = found.code in _SAID_BY.get(code, ()) and pointer in unsaid
        if is_said:
            del unsaid[pointer]
            yield replace(found, pointer=pointer, severity="error")
        elif not _is_moot(found, violations):
            yield replace(found, severity=ALL_CODES[found.code].strict)
    yield from (violation.told() for violation in unsaid.values())


def judged_strictly(document: JsonObject, lenient: Sequence[Problem]) -> tuple[Problem, ...]:
    """What the strict reading says of a document in which the lenient reading has found these problems.

    Problems that only the schema sees come last and have no line and column yet.
    """
    if any(found.code in _UNASKED for found in lenient):
        return tuple(lenient)
    return tuple(_merged(lenient, violations_in(document)))
