"""Checks what a person names: a manifest, or an app package with every manifest that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.lint import Linter
from orchestrator.check.references import check_references
from orchestrator.check.report import Checked
from orchestrator.check.strict import judged_strictly
from orchestrator.errors import ManifestError, Problem
from orchestrator.manifest.examine import MAX_PROBLEMS, Examined, examine, in_order, located
from orchestrator.manifest.key_rules import key_problems
from orchestrator.manifest.languages import find_languages
from orchestrator.manifest.load import manifest_bytes
from orchestrator.manifest.localize import Languages, uses_keys
from orchestrator.manifest.package import Package, examine_package
from runtimes.http import HttpClient, is_url, shown_url
from runtimes.placeholders import Environment
from runtimes.positions import BOM

Severity = Literal["error", "warning"]

_REGISTRATION = re.compile(r"/runtimes/\d+/auth/reference_id")
"""The place of a name that the vault knows: neither a URL nor a file, and asked for with the first call only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How documents are judged."""

    is_strict: bool = False
    """Hold manifests to the official schema of their version, and to what the documents demand beyond it."""
    has_references: bool = True
    """Look into the documents that a manifest refers to."""
    environment: Environment = field(default_factory=Environment)
    """What fills placeholders."""
    linter: Linter | None = None
    """Looks at each whole description that a manifest refers to."""


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace").removeprefix(BOM)


def _severity(found: Problem, reading: Reading, otherwise: Severity) -> Severity:
    """In the strict reading; a placeholder without a value matters where what it stands for is asked for."""
    is_needed = found.code == "unresolved-placeholder" and not _REGISTRATION.fullmatch(found.pointer)
    return "error" if is_needed and reading.has_references else otherwise


def _of_document(examined: Examined, reading: Reading) -> Iterator[Problem]:
    """What the document alone says."""
    if not reading.is_strict:
        yield from examined.problems
        return
    for found in judged_strictly(examined.document, examined.problems):
        yield replace(found, severity=_severity(found, reading, found.severity))


def _judged(problems: Iterable[Problem], reading: Reading) -> Iterator[Problem]:
    for found in problems:
        strict = _severity(found, reading, ALL_CODES[found.code].strict)
        yield replace(found, severity=strict) if reading.is_strict else found


def _placed(problems: Iterable[Problem], examined: Examined) -> tuple[Problem, ...]:
    """With line and column where the text of the manifest is known, and in order."""
    positions = examined.positions
    if positions is None:
        return in_order(problems)
    return in_order(found if found.file or found.line else located(found, positions, ALL_CODES) for found in problems)


async def _of_keys(
    examined: Examined, location: str, languages: Languages | None, reading: Reading, http: HttpClient
) -> tuple[Problem, ...]:
    """What is wrong with localization keys, and with the language files that are found for them."""
    found: tuple[Problem, ...] = ()
    if not uses_keys(examined.document):
        return found
    if languages is None:
        languages, found = await find_languages(examined.document, location, http=http, environment=reading.environment)
    return (*islice(key_problems(examined.document, languages), MAX_PROBLEMS), *found)


async def _check_manifest(
    location: str, reading: Reading, http: HttpClient, languages: Languages | None = None
) -> Checked:
    shown = shown_url(location)
    try:
        data = await manifest_bytes(location, http=http)
    except ManifestError as error:
        return Checked(path=shown, problems=error.problems)
    examined = examine(data, reading.environment.of(location), is_remote=is_url(location))
    problems = [*_of_document(examined, reading)]
    texts: Mapping[str, str] = {}
    if reading.has_references and examined.manifest is not None:
        found, texts = await check_references(
            examined.document,
            examined.manifest,
            location,
            http=http,
            environment=reading.environment,
            linter=reading.linter,
        )
        problems += _judged(found, reading)
        problems += _judged(await _of_keys(examined, location, languages, reading, http), reading)
    return Checked(path=shown, text=_text(data), problems=_placed(problems, examined), texts=texts)


async def check_source(source: str, reading: Reading, http: HttpClient) -> tuple[Checked, ...]:
    """All that is wrong with a manifest by path or URL, or with a package and each manifest that it names."""
    package = await examine_package(source, http=http, environment=reading.environment)
    if package is None:
        return (await _check_manifest(source, reading, http),)
    languages = package.agent.languages if package.agent is not None else None
    manifests = [await _check_manifest(action, reading, http, languages) for action in package.actions]
    return (_of_package(source, package, reading), *manifests)


def _of_package(source: str, package: Package, reading: Reading) -> Checked:
    problems = in_order(_judged(package.problems, reading))
    text = package.texts.get(source, "")
    return Checked(path=shown_url(source), text=text, problems=problems, texts=package.texts)
