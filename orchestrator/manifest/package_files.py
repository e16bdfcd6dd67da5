"""The files of one app package: each read once it is named, within the package, with what is wrong where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from orchestrator.errors import Problem
from orchestrator.manifest.agent import ALL_CODES, Named, note
from orchestrator.manifest.examine import MAX_PROBLEMS, Examined, examine_text, located
from orchestrator.manifest.kinds import KINDS_IN_WORDS, stated_kind
from orchestrator.manifest.languages import read_languages
from orchestrator.manifest.load import MAX_MANIFEST_BYTES
from orchestrator.manifest.localize import Languages
from orchestrator.manifest.problems import quoted
from orchestrator.manifest.unresolved import HINT, unresolved_in
from runtimes.errors import FetchError
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient
from runtimes.placeholders import Environment, filled, unresolved_placeholder, why_unresolved
from runtimes.positions import BOM, Lines

MAX_TEXT_BYTES = 256 * 1024
"""How large a text file may be that instructions are put together from."""

MAX_REASON = 1000
"""Characters of the reason why a file cannot be had."""

_TEXT_ENDINGS = (".txt", ".md")
_UNREADABLE: Mapping[Literal["agent", "plugin"], str] = {"agent": "agent-unreadable", "plugin": "action-unreadable"}


def _reason(error: FetchError) -> str:
    """What it says; it may repeat a name of any length."""
    text = str(error)
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of the package that was read."""

    location: str
    examined: Examined


class PackageFiles:
    """Reads the documents of one package; `problems` grows with what is wrong with them."""

    def __init__(self, root: str, http: HttpClient, environment: Environment) -> None:
        self._root = root  # nothing leads out of this folder
        self._http = http
        self._environment = environment
        self.problems: list[Problem] = []
        self.texts: dict[str, str] = {}

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the package from being used."""
        return tuple(found for found in self.problems if found.severity == "error")

    async def read(self, location: str) -> Document:
        """Raises: `FetchError`."""
        return self.take(location, await fetch_document(self._http, location, max_bytes=MAX_MANIFEST_BYTES))

    def take(self, location: str, data: bytes) -> Document:
        """The document that these bytes are."""
        self.texts[location] = data.decode("utf-8", errors="replace").removeprefix(BOM)
        return Document(location=location, examined=examine_text(data, self._environment.of(location)))

    def note(self, document: Document, problems: Iterable[Problem]) -> None:
        """Keeps problems of a document, each where it stands, without clauses: those are about plugin manifests."""
        positions = document.examined.positions
        for found in problems:
            if len(self.problems) > MAX_PROBLEMS:
                return
            if len(self.problems) == MAX_PROBLEMS:
                message = f"there are more than {MAX_PROBLEMS} problems; the others are not listed"
                found = note("too-many-problems", "", message)
            placed = located(found, positions, ALL_CODES) if positions and not found.line else found
            self.problems.append(replace(placed, file=document.location, clause=""))

    def resolve(self, document: Document, named: Named, code: str) -> str | None:
        """Where a document leads; None, and a problem, where that is nowhere or out of the package."""
        placeholder = unresolved_placeholder(named.file)
        if placeholder:
            message = f"{quoted(placeholder)} {why_unresolved(placeholder)}"
            self.note(document, [note(code, named.pointer, message, hint=HINT)])
            return None
        try:
            return resolve_location(document.location, named.file, within=self._root)
        except FetchError as error:
            hint = "name a file of the package, by its path from this document's folder"
            self.note(document, [note("path-escapes", named.pointer, _reason(error), hint=hint)])
            return None

    async def follow(self, document: Document, named: Named, wanted: Literal["agent", "plugin"]) -> Document | None:
        """The document that is named; None, and a problem, where it cannot be had or is of another kind."""
        code = _UNREADABLE[wanted]
        location = self.resolve(document, named, code)
        if location is None:
            return None
        try:
            followed = await self.read(location)
        except FetchError as error:
            hint = "put the file into the package, or correct its name"
            self.note(document, [note(code, named.pointer, _reason(error), hint=hint)])
            return None
        kind = stated_kind(followed.examined.document)
        if kind is None or kind == wanted:
            return followed
        message = f"{quoted(named.file)} is {KINDS_IN_WORDS[kind]}, not {KINDS_IN_WORDS[wanted]}"
        self.note(document, [note(code, named.pointer, message, hint=f"name {KINDS_IN_WORDS[wanted]}")])
        return None

    async def languages(self, app: Document) -> Languages | None:
        """Those that the app manifest names."""
        languages, problems = await read_languages(
            app.examined.document, app.location, http=self._http, environment=self._environment
        )
        self.note(app, (found for found in problems if found.file == app.location))
        self.problems += [found for found in problems if found.file != app.location]
        return languages

    async def text(self, document: Document, file: str) -> str:
        """A text file that instructions name, its placeholders filled; empty, and a problem, where it cannot be had."""
        location = self.resolve(document, Named(file=file, pointer="/instructions"), "instructions-unreadable")
        if location is None:
            return ""
        try:
            written = await self._written(location)
        except FetchError as error:
            hint = "put a .txt or .md file there; the agent runs without this part of its instructions"
            self.note(document, [note("instructions-unreadable", "/instructions", _reason(error), hint=hint)])
            return ""
        self.texts[location] = written
        value = str(filled(written, self._environment.of(location)))
        for found in unresolved_in(value):
            place = Lines(written).place(max(0, written.find(unresolved_placeholder(value) or "")))
            self.problems.append(replace(found, file=location, line=place.line, column=place.column))
        return value

    async def _written(self, location: str) -> str:
        """Raises: `FetchError`."""
        if not location.casefold().endswith(_TEXT_ENDINGS):
            raise FetchError(f"{location!r} is neither a .txt nor an .md file")
        data = await fetch_document(self._http, location, max_bytes=MAX_TEXT_BYTES)
        try:
            return data.decode("utf-8").removeprefix(BOM)
        except UnicodeDecodeError:
            raise FetchError(f"{location!r} is not UTF-8 text") from None
