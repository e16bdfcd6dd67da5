"""Every kind of mistake that can be found in a manifest: its code, how bad it is, and its clause. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import Problem
from orchestrator.manifest.members import clause_at

MAX_QUOTED = 80
"""How many characters of a name or a value a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What all problems of one code have in common."""

    severity: Literal["error", "warning"]
    strict: Literal["error", "warning"]
    """How bad it is in the strict reading, where the official schema does not decide."""
    clause: str = ""
    """The clause that is violated; empty where there is none."""
    is_of_member: bool = False
    """The clause is that of the member at the pointer."""
    is_at_key: bool = False
    """The place is that of the key; otherwise of the value, or of the object in which a member is missing."""
    meaning: str


def error(meaning: str, clause: str = "", *, of_member: bool = False, at_key: bool = False) -> Kind:
    """A kind that is an error in both readings."""
    return Kind(
        severity="error", strict="error", clause=clause, is_of_member=of_member, is_at_key=at_key, meaning=meaning
    )


def warning(
    meaning: str,
    clause: str = "",
    *,
    of_member: bool = False,
    at_key: bool = False,
    strict: Literal["error", "warning"] = "warning",
) -> Kind:
    """A kind that is a warning in the lenient reading."""
    return Kind(
        severity="warning", strict=strict, clause=clause, is_of_member=of_member, is_at_key=at_key, meaning=meaning
    )


CODES: Mapping[str, Kind] = {
    "unreadable": error("the file is not there, cannot be read, or is too large"),
    "not-json": error("the file is not JSON in UTF-8, or goes beyond a limit for JSON"),
    "not-an-object": error("the document is JSON, and no object", "4"),
    "openai-manifest": error(
        "the document is an OpenAI plugin manifest, which is another format", "4.2.1", at_key=True
    ),
    "openapi-description": error("the document is an OpenAPI description, and no plugin manifest", at_key=True),
    "duplicate-key": error("an object has a key twice", at_key=True),
    "missing": error("a member is missing without which nothing can be done", of_member=True),
    "wrong-type": error("a value has another JSON type than the member takes", of_member=True),
    "blank-name": error("`name_for_human` has nothing but white space", "4.2.2"),
    "duplicate-function": error("two functions have one name", "4.2.10"),
    "function-bound-twice": error("two runtimes name one function", "11"),
    "path-escapes": error("a reference leads out of the manifest's folder", "3.1"),
    "too-many-problems": error("there are more problems than are listed"),
    "schema-version": warning("`schema_version` is missing or not known; the document is read as the newest", "4.2.1"),
    "schema-uri": warning("`$schema` names another version than `schema_version`", "4.2.1"),
    "version-mismatch": warning("a member or value belongs to another version of the document", "4.2.1", at_key=True),
    "namespace-missing": warning("there is no `namespace`; one is made from the name", "4.2.9"),
    "namespace-name": warning("`namespace` has other characters than letters, digits and underscores", "4.2.9"),
    "function-name": warning("a function's name has other characters than letters, digits and underscores", "5.2.1"),
    "member-missing": warning("a required member is missing that has an obvious default", of_member=True),
    "unknown-member": warning("an object has a member that the specification does not name", "3.3", at_key=True),
    "misspelled-member": warning("a member has another spelling than the specification's", of_member=True, at_key=True),
    "too-long": warning("a string is longer than a host has to read", of_member=True),
    "value-case": warning("a value from a known set is written in another case", of_member=True),
    "unknown-value": warning("a value is not in its known set, and does not start with `x-`", of_member=True),
    "unknown-required": warning(
        "`required` names a parameter that `properties` does not have", "6.2.3", strict="error"
    ),
    "unresolved-placeholder": warning("an environment placeholder `${{NAME}}` has no value"),
    "unexpected-type": warning(
        "a value in `spec`, `parameters` and the like has another JSON type than described", of_member=True
    ),
    "null-member": warning(
        "a member is null, which is read as if it were not there; the functions of a null `auth` are not offered",
        of_member=True,
    ),
    "null-default": warning("a parameter's default is null, which is read as none", "7.2.5"),
    "beyond-subset": warning("more of JSON Schema is used than the specification takes", of_member=True, at_key=True),
    "misplaced-keyword": warning("a keyword of a parameter does not go with its `type`", of_member=True),
    "not-jsonpath": warning(
        "a data path or property is no JSONPath; the message says what it is read as", of_member=True
    ),
    "repeated-path": warning(
        "the path of a property starts with the data path, as if it began at the root; it begins at a result",
        of_member=True,
    ),
    "card-and-file": warning("`static_template` names a file, and has other members too", "9.4.2.3"),
    "reference-missing": warning("a type of `auth` has no `reference_id` to find the credential by", "11.2.2.2"),
    "scopes-unused": warning("`scopes` is there with another type than `EntraOnBehalfOf`", "11.2.2.3"),
    "misplaced-key": warning("a localization key `[[key]]` stands in a member that is not localized", "3.4"),
    "no-languages": warning("localization keys are used, and there is no language to look them up in", "3.4"),
    "missing-key": warning("a localization key has no text in any language; its name is shown", "3.4"),
    "untranslated-key": warning("a localization key has no text in some of the languages", "3.4"),
    "language-unreadable": warning("a language file is not there, cannot be read, or is not JSON", strict="error"),
    "language-invalid": warning("what is said of a language is not of its form; that part is left out"),
    "huge-integer": warning("an integer is beyond 64 bits, which many readers round"),
}
"""All codes, errors first. They are stable: scripts may rely on them."""


def quoted(text: str) -> str:
    """The text as a message repeats it."""
    return repr(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…")


def problem(code: str, pointer: str, message: str, *, hint: str = "", codes: Mapping[str, Kind] = CODES) -> Problem:
    """A problem at the pointer, with what its code says of it."""
    kind = codes[code]
    clause = clause_at(pointer) if kind.is_of_member else kind.clause
    return Problem(severity=kind.severity, code=code, pointer=pointer, message=message, hint=hint, clause=clause)
