"""Response semantics: an answer becomes the citations a person is shown (spec 9.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from orchestrator.content import Citation
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.manifest.queries import Path, Reading, data_path_of, property_of
from orchestrator.response.jsonpath import InvalidQuery, select
from runtimes.values import Json

MAX_CITATIONS = 50
"""Citations of one answer."""

MAX_TEXT = 300
"""Characters of a citation's title or subtitle."""


def _results(semantics: ResponseSemantics, payload: Json) -> list[Json]:
    """An array at `data_path` is one result for each element, anything else is one result."""
    nodes = select(data_path_of(semantics.data_path), payload)
    if len(nodes) == 1 and isinstance(nodes[0], list):
        return nodes[0]
    return nodes


def _at(query: str, result: Json) -> str | None:
    """The first scalar that the query selects."""
    try:
        nodes = select(query, result)
    except InvalidQuery:
        return None
    value = nodes[0] if nodes else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)[:MAX_TEXT]


def _text(readings: Mapping[str, Reading], member: str, result: Json) -> str | None:
    """What the member says of the result; nothing when a path in it selects nothing."""
    if member not in readings:
        return None
    found = [_at(part.query, result) if isinstance(part, Path) else part.text for part in readings[member].parts]
    texts = [text for text in found if text is not None]
    return "".join(texts)[:MAX_TEXT].strip() or None if len(texts) == len(found) else None


def _web_address(reference: str | None, base: str) -> str | None:
    """An absolute http(s) URL, or nothing: other schemes make a reader's click do something else."""
    if reference is None:
        return None
    try:
        url = urljoin(base, reference)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def _citation(readings: Mapping[str, Reading], result: Json, base: str) -> Citation | None:
    url = _web_address(_text(readings, "url", result), base)
    title = _text(readings, "title", result)
    if title is None and url is None:
        return None
    return Citation(
        title=title or urlsplit(url or "").hostname or "",
        subtitle=_text(readings, "subtitle", result),
        url=url,
        thumbnail_url=_web_address(_text(readings, "thumbnail_url", result), base),
        information_protection_label=_text(readings, "information_protection_label", result),
    )


def _citations(semantics: ResponseSemantics, payload: Json, base: str) -> Iterator[Citation]:
    read = ((name, property_of(written)) for name, written in semantics.properties.items())
    readings = {name: reading for name, reading in read if reading is not None}
    for result in _results(semantics, payload)[:MAX_CITATIONS]:
        if (citation := _citation(readings, result, base)) is not None:
            yield citation


def citations_of(semantics: ResponseSemantics | None, payload: Json, base: str) -> tuple[Citation, ...]:
    """The citations of an answer; `base` is the API's address, for relative URLs. A broken `data_path` gives none."""
    if semantics is None or not semantics.properties:
        return ()
    try:
        return tuple(_citations(semantics, payload, base))
    except InvalidQuery:
        return ()
