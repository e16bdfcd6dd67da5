"""Where the strict reading and the official schemas part, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the strict reading judges otherwise than the official schema of the version."""

    verdict: Literal["accepted", "rejected"]
    what: str
    clause: str
    """The clause of the specification, or the document that has it."""
    reason: str
    code: str = ""
    """The code of the problem that rejects it."""


DIFFERENCES: Sequence[Difference] = (
    Difference(
        verdict="accepted",
        what="members whose name begins with `x-`, in every object of the manifest, also beside `file` in a card",
        clause="3.5",
        reason="the schemas have them in runtimes only; a card that is written out is judged as they do",
    ),
    Difference(
        verdict="accepted",
        what="values that begin with `x-`, wherever the schema lists the known ones",
        clause="3.6",
        reason="the schemas list the known values only; the `spec` of a runtime of such a type may have any members. "
        "Where they demand one fixed value it is no set: `returns.$ref`, `parameters.type`",
    ),
    Difference(
        verdict="accepted",
        what="`DataExport` in `data_handling`",
        clause="M365, Security info object",
        reason="the document has it and says that schemas will follow",
    ),
    Difference(
        verdict="accepted",
        what="`states.disengaging`",
        clause="M365, Function states object",
        reason="the document has it, and the schemas lack it",
    ),
    Difference(
        verdict="accepted",
        what="`EntraOnBehalfOf` as a type of `auth`, and `scopes`, an array of strings, beside it",
        clause="11.2.2.1, 11.2.2.3",
        reason="the specification has both, and the schemas lack them",
    ),
    Difference(
        verdict="accepted",
        what="`schema_version` `v1` and `v2`, judged by the schema of `v2.2`",
        clause="4.2.1",
        reason="these versions have no schema",
    ),
    Difference(
        verdict="rejected",
        what="two functions of one name",
        clause="4.2.10",
        reason="names must be unique; a schema cannot say so",
        code="duplicate-function",
    ),
    Difference(
        verdict="rejected",
        what="a name in `required` that is no property",
        clause="6.2.3",
        reason="the names must match; a schema cannot say so",
        code="unknown-required",
    ),
    Difference(
        verdict="rejected",
        what="a function that two runtimes name",
        clause="11",
        reason="more than one runtime must not declare it; a schema cannot say so",
        code="function-bound-twice",
    ),
    Difference(
        verdict="rejected",
        what="a `name_for_human` that is blank",
        clause="4.2.2",
        reason="it must have a character that is no white space; the schemas do not look",
        code="blank-name",
    ),
    Difference(
        verdict="rejected",
        what="`logo_url`, `legal_info_url`, `privacy_policy_url` (and `contact_email` in `v2.1`) that are no strings",
        clause="4.2.5 to 4.2.8",
        reason="they are strings; the schemas name a format and forget the type",
        code="wrong-type",
    ),
    Difference(
        verdict="rejected",
        what="a file that lies outside the manifest's folder",
        clause="3.1",
        reason="a manifest from elsewhere must not read what it does not bring",
        code="path-escapes",
    ),
    Difference(
        verdict="rejected",
        what="a key that an object has twice",
        clause="none",
        reason="a schema sees one of the two, and readers differ in which",
        code="duplicate-key",
    ),
)
"""Everything in which the strict reading differs from the official schemas, what it accepts first."""


def _lines() -> Iterator[str]:
    yield "| verdict | what | clause | why |"
    yield "|---|---|---|---|"
    for item in DIFFERENCES:
        code = f" (`{item.code}`)" if item.code else ""
        yield f"| {item.verdict} | {item.what}{code} | {item.clause} | {item.reason} |"


def strict_list() -> str:
    """A Markdown table of the differences."""
    return "\n".join(_lines())
