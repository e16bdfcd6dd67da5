"""What a validator of whole OpenAPI descriptions says of those that a manifest refers to. Pure: the validator is given.

Validators fetch what references lead to, so none is given a description that refers to other documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.check.codes import problem
from orchestrator.check.places import in_source
from orchestrator.check.referred import Referred
from orchestrator.check.sources import Source
from orchestrator.errors import Problem
from orchestrator.manifest.problems import quoted
from runtimes.openapi.references import DATA, is_map_of_names
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a description that the specification does not allow."""

    pointer: str
    """Where; empty where the validator does not say."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """What a validator has found."""

    findings: tuple[Finding, ...] = ()
    stopped: str = ""
    """Why it did not come to the end; empty where it did."""


class Linter(Protocol):
    """Holds a whole description to the specification of its version."""

    async def lint(self, description: JsonObject, name: str, /) -> Lint:
        """Looks at a description that refers to no other document; `name` is what people are told it is called."""
        ...


def _is_data(path: tuple[str, ...], name: str, value: Json) -> bool:
    """True for a member whose value is data; the examples of a media type are objects with a value."""
    if name == "examples":
        return not isinstance(value, dict)
    return name in DATA or (name == "value" and path[-2:-1] == ("examples",))


def _elsewhere(description: JsonObject) -> tuple[str, str] | None:
    """A reference that leads out of the document, and where it stands; in data a `$ref` is none."""
    waiting: list[tuple[tuple[str, ...], Json, bool]] = [((), description, False)]
    while waiting:
        path, node, is_map = waiting.pop()
        if isinstance(node, list):
            waiting.extend(((*path, str(index)), value, False) for index, value in enumerate(node))
        if not isinstance(node, dict):
            continue
        for name, value in node.items():
            if not is_map and name in _REFERENCES and isinstance(value, str) and not value.startswith("#"):
                return value, pointer_to(*path, name)
            if isinstance(value, dict | list) and (is_map or not _is_data(path, name, value)):
                waiting.append(((*path, name), value, is_map_of_names(name, is_map=is_map)))
    return None


async def _lint(source: Source, description: JsonObject, linter: Linter) -> Sequence[Problem]:
    if (elsewhere := _elsewhere(description)) is not None:
        reference, pointer = elsewhere
        message = f"the description is not linted, since it refers to another document: {quoted(reference)}"
        return [problem("not-linted", pointer, message, hint="bundle the documents into one, and lint that")]
    lint = await linter.lint(description, source.name or "api_description")
    told = [problem("description-lint", found.pointer, found.message) for found in lint.findings]
    if lint.stopped:
        told.append(problem("not-linted", "", f"the description is not linted to its end: {lint.stopped}"))
    return told


def _descriptions(referred: Referred) -> Iterator[Source]:
    sources = [one.operations.source for one in referred.runtimes if one.operations is not None]
    yield from dict.fromkeys(sources)


async def lint_problems(referred: Referred, linter: Linter) -> Sequence[Problem]:
    """The findings in each description, once."""
    told: list[Problem] = []
    for source in _descriptions(referred):
        if isinstance(source.document, dict):
            told += in_source(await _lint(source, source.document, linter), source)
    return told
