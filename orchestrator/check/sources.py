"""The documents that a manifest refers to: each had and parsed once, within limits. The only I/O of these checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import anyio

from orchestrator.check.codes import problem
from orchestrator.check.repeats import repeated_keys
from orchestrator.errors import Problem
from orchestrator.manifest.escapes import why_it_escapes
from orchestrator.manifest.parse_hints import parse_hint
from runtimes.documents import DocumentError, parse_document
from runtimes.errors import FetchError
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient, is_url, shown_url
from runtimes.limits import MAX_JSON_BYTES
from runtimes.openapi.loading import Neighbourhood, may_refer_elsewhere
from runtimes.openapi.references import Neighbours
from runtimes.placeholders import Environment, filled, may_have_placeholders, unresolved_placeholder
from runtimes.positions import BOM
from runtimes.values import Json

MAX_REFERENCES = 64
"""How many documents of one manifest are read; real ones refer to a dozen."""

MAX_REFERENCED_BYTES = MAX_JSON_BYTES
"""How long they may be together; the one that reaches the limit is the last that is read."""

REFERENCES_SECONDS = 60.0
"""Seconds that all of them may take to arrive."""

ACCEPT = "application/yaml, application/json;q=0.9, */*;q=0.5"
"""What a document is asked for as."""

_NOT_READ = "not JSON or YAML as it is read here"


def _unreadable(pointer: str, reason: str) -> Problem:
    hint = "put the document there, or correct the reference; a relative one starts at the manifest's folder"
    return problem("unreadable-reference", pointer, reason, hint=hint)


def _too_many(pointer: str) -> Problem:
    limits = f"{MAX_REFERENCES} documents, {MAX_REFERENCED_BYTES} bytes in all"
    message = f"the manifest refers to more than is read ({limits}); this document is not looked at"
    return problem("too-many-references", pointer, message, hint="split the plugin")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A document that was read."""

    name: str
    """What reports call it: a path or a URL without its query; empty for text that stands in the manifest."""
    location: str
    """Where it was had; empty for text that stands in the manifest."""
    pointer: str
    """Where the manifest first refers to it, or has it."""
    data: bytes = field(repr=False)
    written: Json = field(repr=False)
    """As its author wrote it."""
    document: Json = field(repr=False)
    """With its placeholders filled."""
    values: Mapping[str, str] = field(repr=False)
    """What filled them."""


def _hint(error: DocumentError, data: bytes) -> str:
    text = data.decode("utf-8", errors="replace").removeprefix(BOM)
    return parse_hint(error.reason, text, error.line, error.column)


class Sources:
    """Reads what the manifest at one location refers to; `problems` grows with what cannot be had."""

    def __init__(
        self, location: str, http: HttpClient, environment: Environment, seconds: float = REFERENCES_SECONDS
    ) -> None:
        self._location = location
        self._http = http
        self._environment = environment
        self._neighbourhood = Neighbourhood(location, environment, http)
        self._had: dict[str, Source | Problem] = {}
        self._data: dict[str, bytes] = {}
        self._bytes_left = MAX_REFERENCED_BYTES
        self._seconds_left = seconds
        self.problems: list[Problem] = []

    @property
    def read(self) -> Mapping[str, Source]:
        """What was read, by name."""
        return {source.name: source for source in self._had.values() if isinstance(source, Source)}

    def text(self, name: str) -> str:
        """The text of a document that was had, as reports quote it; empty where it could not be had."""
        return self._data.get(name, b"").decode("utf-8", errors="replace").removeprefix(BOM)

    async def refer(self, reference: str, pointer: str, *, max_bytes: int = MAX_JSON_BYTES) -> Source | None:
        """What a reference in the manifest leads to; None where that cannot be read.

        A reference with a placeholder that nothing fills, or out of the folder, leads nowhere; the manifest's own
        rules say so.
        """
        if unresolved_placeholder(reference) or why_it_escapes(reference, is_remote=is_url(self._location)):
            return None
        had = await self._had_at(reference, pointer, max_bytes)
        if isinstance(had, Source):
            return had
        self.problems.append(had if had.file else replace(had, pointer=pointer))
        return None

    def quote(self, text: str, pointer: str) -> Source | None:
        """A document that stands in the manifest as a string."""
        data = text.encode(errors="surrogatepass")
        try:
            source = self._parsed(data, name="", location="", pointer=pointer)
        except DocumentError as error:
            place = f" (line {error.line}, column {error.column} of it)" if error.line else ""
            message, hint = f"{_NOT_READ}: {error.reason}{place}", _hint(error, data)
            self.problems.append(problem("unparsable-reference", pointer, message, hint=hint))
            return None
        for found in repeated_keys(data, source.written):
            message = f"{found.message} (line {found.line}, column {found.column} of it)"
            self.problems.append(replace(found, message=message, pointer=pointer, line=0, column=0))
        return source

    async def neighbours(self, description: Source) -> Neighbours | None:
        """The documents that a description refers to; None where it certainly refers to none."""
        if not may_refer_elsewhere(description.data):
            return None
        return await self._neighbourhood.around(description.document, description.location, None)

    async def _had_at(self, reference: str, pointer: str, max_bytes: int) -> Source | Problem:
        try:
            location = resolve_location(self._location, reference)
        except FetchError as error:
            return _unreadable(pointer, str(error))
        if location not in self._had:
            if len(self._had) >= MAX_REFERENCES or self._bytes_left <= 0:
                return _too_many(pointer)
            self._had[location] = await self._fetched(location, pointer, max_bytes)
        return self._had[location]

    def _parsed(self, data: bytes, *, name: str, location: str, pointer: str) -> Source:
        """Raises: `DocumentError`."""
        written = parse_document(data, name)
        values = self._environment.of(location or self._location)
        return Source(
            name=name,
            location=location,
            pointer=pointer,
            data=data,
            written=written,
            document=filled(written, values) if may_have_placeholders(data) else written,
            values=values,
        )

    async def _fetched(self, location: str, pointer: str, max_bytes: int) -> Source | Problem:
        started = anyio.current_time()
        try:
            with anyio.fail_after(self._seconds_left):
                data = await fetch_document(self._http, location, max_bytes=max_bytes, accept=ACCEPT)
        except TimeoutError:
            return _unreadable(pointer, "all that the manifest refers to took too long to arrive")
        except FetchError as error:
            return _unreadable(pointer, str(error))
        finally:
            self._seconds_left = max(0.0, self._seconds_left - (anyio.current_time() - started))
        self._bytes_left -= len(data)
        name = shown_url(location)
        self._data[name] = data
        try:
            source = self._parsed(data, name=name, location=location, pointer=pointer)
        except DocumentError as error:
            message, hint = f"{_NOT_READ}: {error.reason}", _hint(error, data)
            found = problem("unparsable-reference", "", message, hint=hint)
            return replace(found, file=name, line=error.line, column=error.column)
        self.problems += [replace(found, file=name) for found in repeated_keys(data, source.written)]
        return source
