"""The citations that an answer gives, by its response semantics or by the usual names of members (spec 9.4). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from orchestrator.content import Citation
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.manifest.queries import Reading
from orchestrator.response.hidden import clean_line
from orchestrator.response.jsonpath import Budget, InvalidQuery
from orchestrator.response.semantics import Results, property_value, readings_of, results_of
from runtimes.values import Json, JsonObject

MAX_CITATIONS = 50
"""Citations of one answer."""

MAX_TEXT = 300
"""Characters of a citation's title, subtitle or label."""

MAX_URL = 2048
"""Characters of a citation's URL; a longer one is left out, since a part of it leads elsewhere."""

ARRAYS = ("results", "items", "data", "value", "records", "entries")
"""The members of an answer in which results are looked for, the first that has an array."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "url": ("display_url", "web_url", "url", "link", "href"),
    "title": ("display_title", "title", "display_name", "name", "subject"),
    "subtitle": ("display_subtitle", "subtitle"),
    "thumbnail_url": ("thumbnail_url", "thumbnail"),
    "information_protection_label": ("information_protection_label", "sensitivity_label"),
}
"""The members of a result that are taken for each property, the best first; `webUrl` and `WebUrl` are `web_url`."""

Property = Callable[[str], str | None]
"""What a result has for the property of that name."""


def _web_address(reference: str | None, base: str) -> str | None:
    """An absolute http(s) URL, or nothing.

    Other schemes make a reader's click do something else, a user's name in front of the host looks like another host,
    browsers take a backslash for a slash, and characters that are not seen may do anything.
    """
    if reference is None or "\\" in reference:
        return None
    try:
        url = urljoin(base, reference.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    url = url.replace(" ", "%20")
    is_plain = parts.username is None and " " not in parts.netloc and url.isprintable() and len(url) <= MAX_URL
    return url if parts.scheme in ("http", "https") and parts.hostname and is_plain else None


def _short(text: str | None) -> str | None:
    return clean_line(text)[:MAX_TEXT] or None if text else None


def _citation(said: Property, base: str) -> Citation | None:
    url = _web_address(said("url"), base)
    title = _short(said("title")) or (urlsplit(url).hostname if url is not None else None)
    if not title:
        return None
    return Citation(
        title=title[:MAX_TEXT],
        subtitle=_short(said("subtitle")),
        url=url,
        thumbnail_url=_web_address(said("thumbnail_url"), base),
        information_protection_label=_short(said("information_protection_label")),
    )


def _said_by(readings: Mapping[str, Reading], result: Json, path: str, budget: Budget) -> Property:
    return lambda name: property_value(readings.get(name), result, path, budget)


def _mapped(semantics: ResponseSemantics, results: Results, base: str) -> Iterator[Citation]:
    readings, budget = readings_of(semantics), Budget()
    for result in results.values[:MAX_CITATIONS]:
        citation = _citation(_said_by(readings, result, results.path, budget), base)
        if citation is not None:
            yield citation


# --- inferred, where the manifest maps nothing


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()


_PLAIN_ALIASES = {name: tuple(map(_plain, aliases)) for name, aliases in ALIASES.items()}


def _by_alias(result: JsonObject) -> Mapping[str, str]:
    """The texts of a result by the plain names of their members; of two alike the first counts."""
    found: dict[str, str] = {}
    for name, value in result.items():
        if isinstance(value, str) and value.strip():
            found.setdefault(_plain(name), value.strip())
    return found


def _guessed(result: Json, base: str) -> Citation | None:
    if not isinstance(result, dict):
        return None
    texts = _by_alias(result)
    return _citation(lambda name: next((texts[alias] for alias in _PLAIN_ALIASES[name] if alias in texts), None), base)


def _inferred_citation(result: Json, base: str) -> Citation | None:
    """None without a URL: a name alone shows nothing that could be looked up."""
    citation = _guessed(result, base)
    return citation if citation is not None and citation.url is not None else None


def _array_in(result: JsonObject) -> Sequence[Json] | None:
    members = {_plain(name): value for name, value in result.items()}
    return next((value for name in ARRAYS if isinstance(value := members.get(name), list)), None)


def _inferred(results: Results, base: str) -> Iterator[Citation]:
    values = results.values
    if not results.is_array and len(values) == 1 and isinstance(single := values[0], dict):
        whole = _inferred_citation(single, base)
        values = values if whole is not None else _array_in(single) or ()
    for result in values[:MAX_CITATIONS]:
        if (citation := _inferred_citation(result, base)) is not None:
            yield citation


def _is_mapped(semantics: ResponseSemantics) -> bool:
    return any(name in ALIASES for name in semantics.properties)


def what_is_said_of(
    semantics: ResponseSemantics, result: Json, *, path: str, base: str, budget: Budget
) -> Citation | None:
    """The title, subtitle and addresses of one result that was found by `path`; None without a title.

    Unlike a citation, one that is inferred may lack a URL. The budget is that of all results of an answer.
    """
    if not _is_mapped(semantics):
        return _guessed(result, base)
    return _citation(_said_by(readings_of(semantics), result, path, budget), base)


def citations_of(semantics: ResponseSemantics | None, payload: Json, base: str) -> tuple[Citation, ...]:
    """The citations of an answer; `base` is the API's address, for relative URLs.

    Without response semantics there are none, since the manifest does not ask for any. Where they map none of the
    properties of citations, `ALIASES` are looked for. A broken data path gives none.
    """
    if semantics is None:
        return ()
    try:
        results = results_of(semantics, payload)
    except InvalidQuery:
        return ()
    return tuple(_mapped(semantics, results, base) if _is_mapped(semantics) else _inferred(results, base))
