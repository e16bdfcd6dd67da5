"""Reads the languages of a document: those that an app manifest names, each a file beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS, Examined, examine_text, in_order, located
from orchestrator.manifest.key_rules import key_problems
from orchestrator.manifest.localize import (
    MAX_KEYS,
    MAX_LANGUAGES,
    MAX_TEXT,
    Languages,
    key_of,
    legacy_languages,
    tag_of,
    uses_keys,
)
from orchestrator.manifest.problems import problem, quoted
from runtimes.errors import FetchError
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient, is_url
from runtimes.placeholders import Environment
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

APP_MANIFEST = "manifest.json"
"""What an app manifest is called."""

MAX_APP_MANIFEST_BYTES = 4 * 1024 * 1024
"""How large an app manifest may be."""

MAX_LANGUAGE_BYTES = 1024 * 1024
"""How large one language file may be."""

MAX_LANGUAGES_BYTES = 8 * 1024 * 1024
"""How large all language files of one app may be together; those beyond are left out."""

MAX_LANGUAGE_PROBLEMS = 200
"""How many problems of language files are kept."""

INFO = "localizationInfo"
KEYS = "localizationKeys"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A language that an app manifest names."""

    tag: str
    file: str
    """Empty where the default language has none."""
    pointer: str
    """Where the file is named."""


class _Reader:
    """Reads the language files of one app manifest; `problems` grows with what is wrong."""

    def __init__(self, location: str, http: HttpClient, environment: Environment) -> None:
        self._location = location
        self._http = http
        self._environment = environment
        self._left = MAX_LANGUAGES_BYTES
        self.problems: list[Problem] = []

    def _note(self, problems: Iterable[Problem], file: str) -> None:
        room = MAX_LANGUAGE_PROBLEMS - len(self.problems)
        self.problems += [replace(found, file=file, clause="") for found in islice(problems, room)]

    def _note_here(self, code: str, pointer: str, message: str, hint: str = "") -> None:
        self._note([problem(code, pointer, message, hint=hint)], self._location)

    def _entry(self, tag: Json, file: Json, tag_pointer: str, pointer: str) -> Iterator[_Entry]:
        if not isinstance(tag, str) or tag_of(tag) is None:
            message = "this is no language tag; the language is left out"
            self._note_here("language-invalid", tag_pointer, message, "write one such as 'fr' or 'fr-CA'")
        elif not isinstance(file, str):
            self._note_here("language-invalid", pointer, "the path of a language file must be a string")
        else:
            yield _Entry(tag=tag, file=file, pointer=pointer)

    def entries(self, info: JsonObject) -> Iterator[_Entry]:
        """The languages, the default first."""
        at = pointer_to(INFO)
        default, file = info.get("defaultLanguageTag"), info.get("defaultLanguageFile", "")
        yield from self._entry(default, file, at + "/defaultLanguageTag", at + "/defaultLanguageFile")
        others = info.get("additionalLanguages", [])
        if not isinstance(others, list):
            self._note_here("language-invalid", at + "/additionalLanguages", "this must be an array")
            return
        if len(others) >= MAX_LANGUAGES:
            message = f"there are {len(others)} languages; the first {MAX_LANGUAGES} are read"
            self._note_here("language-invalid", at + "/additionalLanguages", message)
        for index, other in enumerate(others[: MAX_LANGUAGES - 1]):
            place = at + pointer_to("additionalLanguages", index)
            if isinstance(other, dict):
                yield from self._entry(
                    other.get("languageTag"), other.get("file"), place + "/languageTag", place + "/file"
                )
            else:
                self._note_here("language-invalid", place, "a language must be an object")

    def _resolved(self, entry: _Entry) -> str | None:
        folder = str(Path(self._location).parent)
        try:
            return resolve_location(self._location, entry.file, within=folder)
        except FetchError as error:
            hint = "name a file of the package, by its path from the app manifest's folder"
            self._note_here("path-escapes", entry.pointer, str(error), hint)
            return None

    async def table(self, entry: _Entry) -> dict[str, str]:
        """The texts of one language; empty where its file cannot be had."""
        location = self._resolved(entry) if entry.file else None
        if location is None:
            return {}
        try:
            limit = min(MAX_LANGUAGE_BYTES, self._left)
            data = await fetch_document(self._http, location, max_bytes=limit)
        except FetchError as error:
            self._note_here("language-unreadable", entry.pointer, str(error), "put the file into the package")
            return {}
        self._left -= len(data)
        return self._texts(examine_text(data, self._environment.of(location)), location)

    def _texts(self, examined: Examined, file: str) -> dict[str, str]:
        positions = examined.positions
        code = "language-unreadable" if positions is None else "language-invalid"
        flaws = (found for found in examined.problems if found.severity == "error")
        self._note((_as_warning(code, found) for found in flaws), file)
        texts, problems = _read_texts(examined.document.get(KEYS, {}))
        self._note((located(found, positions) if positions else found for found in problems), file)
        return texts


def _as_warning(code: str, found: Problem) -> Problem:
    """A broken language file costs its language, and no plugin."""
    warned = problem(code, found.pointer, found.message, hint=found.hint)
    return replace(warned, line=found.line, column=found.column)


def _text_problem(name: str, text: Json) -> Problem | None:
    """What is wrong with one text of a language file."""
    pointer = pointer_to(KEYS, name)
    if key_of(name) is None:
        hint = "write letters, digits and underscores"
        return problem("language-invalid", pointer, f"{quoted(name)} is no key; it is left out", hint=hint)
    if not isinstance(text, str):
        return problem("language-invalid", pointer, f"the text of {quoted(name)} must be a string; it is left out")
    if len(text) > MAX_TEXT:
        message = f"the text has {len(text)} characters; those beyond {MAX_TEXT} are left out"
        return problem("language-invalid", pointer, message, hint="shorten it")
    return None


def _read_texts(written: Json) -> tuple[dict[str, str], list[Problem]]:
    """The texts of a language file by their keys, and what is wrong with them."""
    if not isinstance(written, dict):
        return {}, [problem("language-invalid", pointer_to(KEYS), "this must be an object of keys and texts")]
    read = dict(islice(written.items(), MAX_KEYS))
    problems = [found for name, text in read.items() if (found := _text_problem(name, text)) is not None]
    if len(written) > MAX_KEYS:
        message = f"there are {len(written)} keys; the first {MAX_KEYS} are read"
        problems.append(problem("language-invalid", pointer_to(KEYS), message))
    named = ((key_of(name), text) for name, text in read.items())
    return {key: text[:MAX_TEXT] for key, text in named if key is not None and isinstance(text, str)}, problems


async def read_languages(
    app_manifest: JsonObject, location: str, *, http: HttpClient, environment: Environment
) -> tuple[Languages | None, tuple[Problem, ...]]:
    """The languages of `localizationInfo`, and what is wrong with them; None where the app manifest has none.

    `location` is the app manifest's path: language files lie in its folder. Each problem carries its file; those in
    the app manifest itself have a pointer and no line. All are warnings, but for a path that leads out of the folder.
    """
    info = app_manifest.get(INFO)
    if info is None or is_url(location):
        return None, ()
    reader = _Reader(location, http, environment)
    if not isinstance(info, dict):
        found = problem("language-invalid", pointer_to(INFO), "this must be an object that names languages")
        return None, (replace(found, file=location),)
    tables: dict[str, dict[str, str]] = {}
    for entry in reader.entries(info):
        table = await reader.table(entry)
        known = next((tag for tag in tables if tag.casefold() == entry.tag.casefold()), entry.tag)
        tables[known] = {**table, **tables.get(known, {})}
    if not tables:
        return None, tuple(reader.problems)
    return Languages(default=next(iter(tables)), tables=tables), tuple(reader.problems)


async def _beside(
    location: str, http: HttpClient, environment: Environment
) -> tuple[Languages | None, tuple[Problem, ...]]:
    """Those of the app manifest in the same folder, if there is one."""
    try:
        path = resolve_location(location, APP_MANIFEST, within=str(Path(location).parent))
        data = await fetch_document(http, path, max_bytes=MAX_APP_MANIFEST_BYTES)
    except FetchError:
        return None, ()
    app = examine_text(data, environment.of(path))
    if app.positions is None:
        return None, tuple(replace(_as_warning("language-unreadable", found), file=path) for found in app.problems)
    languages, problems = await read_languages(app.document, path, http=http, environment=environment)
    positions = app.positions
    return languages, tuple(
        replace(located(found, positions), file=path) if found.file == path else found for found in problems
    )


async def find_languages(
    document: JsonObject, location: str, *, http: HttpClient, environment: Environment
) -> tuple[Languages | None, tuple[Problem, ...]]:
    """The languages of a manifest from a file: its own, as version 2.1 has them, else those of the app it is in.

    Nothing is read for a document that uses no keys, and nothing but `manifest.json` and its language files, in the
    manifest's own folder.
    """
    if not uses_keys(document):
        return None, ()
    own = legacy_languages(document)
    if own is not None or is_url(location):
        return own, ()
    return await _beside(location, http, environment)


def with_key_problems(examined: Examined, languages: Languages | None, found: Iterable[Problem] = ()) -> Examined:
    """The same manifest, with what is wrong with its keys and what was `found` wrong with its languages."""
    positions = examined.positions
    about_keys = islice(key_problems(examined.document, languages), MAX_PROBLEMS)
    placed = [located(item, positions) if positions else item for item in about_keys]
    if not placed and not found:
        return examined
    return replace(examined, problems=in_order((*examined.problems, *placed, *found)))
