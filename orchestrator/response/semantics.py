"""Response semantics: an answer becomes the citations a person is shown (spec 9.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from orchestrator.content import Citation
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.jsonpath import InvalidQuery, select
from runtimes.values import Json

MAX_CITATIONS = 50
"""Citations of one answer."""

MAX_TEXT = 300
"""Characters of a citation's title or subtitle."""


def _results(semantics: ResponseSemantics, payload: Json) -> list[Json]:
    """An array at `data_path` is one result for each element, anything else is one result."""
    nodes = select(semantics.data_path or "$", payload)
    if len(nodes) == 1 and isinstance(nodes[0], list):
        return nodes[0]
    return nodes


def _text(semantics: ResponseSemantics, member: str, result: Json) -> str | None:
    query = semantics.properties.get(member)
    if not isinstance(query, str):
        return None
    try:
        nodes = select(query, result)
    except InvalidQuery:
        return None
    value = nodes[0] if nodes else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)[:MAX_TEXT].strip() or None


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


def _citation(semantics: ResponseSemantics, result: Json, base: str) -> Citation | None:
    url = _web_address(_text(semantics, "url", result), base)
    title = _text(semantics, "title", result)
    if title is None and url is None:
        return None
    return Citation(
        title=title or urlsplit(url or "").hostname or "",
        subtitle=_text(semantics, "subtitle", result),
        url=url,
        thumbnail_url=_web_address(_text(semantics, "thumbnail_url", result), base),
        information_protection_label=_text(semantics, "information_protection_label", result),
    )


def _citations(semantics: ResponseSemantics, payload: Json, base: str) -> Iterator[Citation]:
    for result in _results(semantics, payload)[:MAX_CITATIONS]:
        if (citation := _citation(semantics, result, base)) is not None:
            yield citation


def citations_of(semantics: ResponseSemantics | None, payload: Json, base: str) -> tuple[Citation, ...]:
    """The citations of an answer; `base` is the API's address, for relative URLs. A broken `data_path` gives none."""
    if semantics is None or not semantics.properties:
        return ()
    try:
        return tuple(_citations(semantics, payload, base))
    except InvalidQuery:
        return ()
