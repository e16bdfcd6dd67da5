"""Gets the description of a runtime object, and of the documents it refers to those that its functions need.

Everything is fetched here; afterwards all references are followed without waiting.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import anyio

from runtimes.base import RuntimeSpec
from runtimes.documents import DocumentError, is_json_object, parse_document
from runtimes.errors import FetchError, RuntimeUnavailable
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient, is_url
from runtimes.limits import MAX_JSON_BYTES
from runtimes.openapi.cache import MIN_JSON_BYTES, MIN_YAML_BYTES, entry_name, read_entry, write_entry
from runtimes.openapi.cutout import reduced
from runtimes.openapi.document import (
    Description,
    DocumentMissing,
    Entry,
    OperationUnusable,
    UnreadableDescription,
    list_at,
    object_at,
)
from runtimes.openapi.references import Neighbours, address_of, location_of, rebased, references_in
from runtimes.placeholders import Environment, filled, unresolved_placeholder
from runtimes.values import Json, dump_json

ACCEPT_DESCRIPTION = "application/yaml, application/json;q=0.9, */*;q=0.5"
"""What a description is asked for as."""

MAX_NEIGHBOURS = 256
"""How many documents one description may lead to."""

MAX_NEIGHBOUR_BYTES = 16 * 1024 * 1024
"""How long they may be together; the one that reaches the limit is the last that is read."""

NEIGHBOURS_SECONDS = 60.0
"""Seconds that all of them may take to arrive and to be read."""

_ESCAPED = re.compile(rb"\\u00(?:24|7[2bB]|6[56])")
"""How JSON may write a dollar sign, a brace or a letter of `$ref`, so that it is not seen as such in the text."""

_TELLING = re.compile(rb'\$(?:\{\{|ref"(?!: ?"#))')
"""A placeholder, or a reference that may lead elsewhere. All these patterns begin with a character that is searched."""

_PLACEHOLDER = re.compile(rb"\$\{\{")
_ELSEWHERE = re.compile(rb'\$ref"(?!: ?"#)')

_NOT_NEEDED = frozenset({"callbacks"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traits:
    """What the bytes of a document tell before it is parsed: false only where that is certain."""

    may_have_placeholder: bool
    may_refer_elsewhere: bool


def _traits(data: bytes) -> _Traits:
    if not is_json_object(data) or (b"\\" in data and _ESCAPED.search(data)):
        return _Traits(may_have_placeholder=True, may_refer_elsewhere=True)
    if not _TELLING.search(data):
        return _Traits(may_have_placeholder=False, may_refer_elsewhere=False)
    return _Traits(
        may_have_placeholder=_PLACEHOLDER.search(data) is not None,
        may_refer_elsewhere=_ELSEWHERE.search(data) is not None,
    )


def may_refer_elsewhere(data: bytes) -> bool:
    """False when all references in the text of a description certainly stay in it."""
    return _traits(data).may_refer_elsewhere


def _has_placeholder(document: Json) -> bool:
    try:
        return "${{" in dump_json(document)
    except (TypeError, ValueError):
        return True


def _parsed(data: bytes, name: str, values: Mapping[str, str], traits: _Traits) -> tuple[Json, bool]:
    """The document with its placeholders filled, and whether there were any. Raises: `DocumentError`."""
    document = parse_document(data, name)
    if not traits.may_have_placeholder or not _has_placeholder(document):
        return document, False
    return filled(document, values), True


def _bound(description: Description, functions: Sequence[str] | None) -> Iterator[Entry]:
    if functions is None:
        yield from description.entries
        return
    for name in functions:
        try:
            yield description.find(name)
        except OperationUnusable:
            continue


def _missing(description: Description, functions: Sequence[str] | None) -> set[str]:
    """The addresses of the documents that the functions lead to and that were not read."""
    missing = set(description.missing)
    seen: set[str] = set()
    for entry in _bound(description, functions):
        needed = {name: value for name, value in entry.written.items() if name not in _NOT_NEEDED}
        pending: list[Json] = [needed, list_at(entry.written_item, "parameters")]
        while pending:
            for reference in references_in(pending.pop()):
                if reference in seen:
                    continue
                seen.add(reference)
                try:
                    pending.append(description.resolve(reference))
                except DocumentMissing as reason:
                    missing.add(reason.address)
                except OperationUnusable:
                    continue
    return missing


class Neighbourhood:
    """Reads the documents that descriptions of one manifest refer to, within limits, each once."""

    def __init__(self, manifest_location: str, environment: Environment, http: HttpClient) -> None:
        self._manifest_location = manifest_location
        self._environment = environment
        self._http = http
        self._bytes_left = MAX_NEIGHBOUR_BYTES
        self._seconds_left = NEIGHBOURS_SECONDS
        self._documents: dict[str, Json] = {}
        self._reasons: dict[str, str] = {}

    async def around(self, root: Json, location: str, functions: Sequence[str] | None) -> Neighbours:
        """Those of the description that lies at a path or URL, if anywhere, as far as its functions need them.

        They are read in rounds, each nearer to the end; what cannot be had is there with the reason.
        """
        base = address_of(location or self._manifest_location)
        while True:
            neighbours = Neighbours(base=base, documents=self._documents, reasons=self._reasons)
            try:
                missing = _missing(Description(root, "", neighbours), functions)
            except UnreadableDescription:
                return neighbours
            wanted = [one for one in sorted(missing) if one not in self._documents and one not in self._reasons]
            if not wanted:
                return neighbours
            for address in wanted:
                await self._add(address)

    async def _add(self, address: str) -> None:
        started = anyio.current_time()
        try:
            with anyio.fail_after(self._seconds_left):
                self._documents[address] = await self._read(address)
        except (FetchError, DocumentError) as error:
            self._reasons[address] = str(error)
        except TimeoutError:
            self._reasons[address] = f"all that is referred to takes longer than {NEIGHBOURS_SECONDS:.0f} s to read"
        self._seconds_left = max(0.0, self._seconds_left - (anyio.current_time() - started))

    def _location(self, address: str) -> str:
        """Where the document lies: at a URL, or in the folder of a manifest that is a file. Raises: `FetchError`."""
        if is_url(address):
            return address
        if ":" in address:
            raise FetchError("it is neither an http or https URL nor a relative reference")
        folder = posixpath.dirname(self._manifest_location.replace("\\", "/")) or "."
        relative = os.path.relpath(location_of(address), folder)
        return resolve_location(self._manifest_location, quote(relative.replace("\\", "/")))

    async def _read(self, address: str) -> Json:
        """Raises: `FetchError`, `DocumentError`."""
        if len(self._documents) + len(self._reasons) >= MAX_NEIGHBOURS or self._bytes_left <= 0:
            limits = f"{MAX_NEIGHBOURS} documents, {MAX_NEIGHBOUR_BYTES} bytes"
            raise FetchError(f"the description refers to more than is read ({limits})")
        location = self._location(address)
        data = await fetch_document(self._http, location, max_bytes=MAX_NEIGHBOUR_BYTES, accept=ACCEPT_DESCRIPTION)
        self._bytes_left -= len(data)
        name = posixpath.basename(location_of(address).partition("?")[0])
        document, _ = _parsed(data, name, self._environment.of(location), _traits(data))
        return rebased(document, address)


async def _had(spec: RuntimeSpec, http: HttpClient) -> tuple[bytes, str, str]:
    """The text that the runtime object names, what to call it, and where it lies; a text in it wins over a URL.

    Raises: `RuntimeUnavailable`, `FetchError`.
    """
    text, reference = spec.spec.get("api_description"), spec.spec.get("url")
    if isinstance(text, str):
        return text.encode(errors="surrogatepass"), "api_description", ""
    if not isinstance(reference, str) or not reference:
        raise RuntimeUnavailable("its spec has neither 'url' nor 'api_description'")
    if placeholder := unresolved_placeholder(reference):
        raise RuntimeUnavailable(f"the URL of its description has the unresolved placeholder {placeholder[:80]}")
    location = resolve_location(spec.location, reference)
    data = await fetch_document(http, location, max_bytes=MAX_JSON_BYTES, accept=ACCEPT_DESCRIPTION)
    return data, reference.partition("?")[0], location


def _cache_entry(spec: RuntimeSpec, data: bytes) -> str:
    """What the part of a description for these functions is called in a cache; empty where none is kept."""
    least = MIN_JSON_BYTES if is_json_object(data) else MIN_YAML_BYTES
    return entry_name(data, spec.functions) if len(data) >= least else ""


def _kept(folder: Path, entry: str, location: str, neighbours: Neighbours) -> Description | None:
    value = read_entry(folder, entry)
    if not isinstance(value, dict):
        return None
    unusable = {name: str(reason) for name, reason in object_at(value, "unusable").items()}
    return Description(value.get("description"), location, neighbours, unusable)


def _keep(folder: Path, entry: str, description: Description, functions: Sequence[str] | None) -> Description:
    """Keeps the part of a description that the functions need, and the reasons of those that it does not have.

    What is had of it then is that part, as it will be the next time; the description where nothing could be cut out.
    """
    less = reduced(description, functions)
    if less is not description:
        write_entry(folder, entry, {"description": less.written, "unusable": {**less.unusable}})
    return less


async def load_description(spec: RuntimeSpec, http: HttpClient, cache: Path | None = None) -> Description:
    """The description of a runtime object, ready for its functions (spec 11.3.2.2).

    Of a large one, the part that the functions need is kept in the folder `cache`. Raises: `RuntimeUnavailable`,
    `FetchError`, `DocumentError`, `UnreadableDescription`. A document that it refers to and that cannot be had
    disables only the functions that need it.
    """
    data, name, location = await _had(spec, http)
    own, neighbours = location if is_url(location) else "", Neighbours(base=address_of(location or spec.location))
    entry = _cache_entry(spec, data) if cache is not None else ""
    if cache is not None and entry:
        kept = await anyio.to_thread.run_sync(_kept, cache, entry, own, neighbours)
        if kept is not None:
            return kept
    traits = _traits(data)
    root, is_filled = _parsed(data, name, spec.environment.of(location or spec.location), traits)
    if traits.may_refer_elsewhere:
        around = Neighbourhood(spec.location, spec.environment, http)
        neighbours = await around.around(root, location, spec.functions)
    description = Description(root, own, neighbours)
    if cache is not None and entry and not is_filled and not neighbours.documents and not neighbours.reasons:
        return await anyio.to_thread.run_sync(_keep, cache, entry, description, spec.functions)
    return description
