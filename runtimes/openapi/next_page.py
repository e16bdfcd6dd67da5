"""What an answer says of more pages: told to the model, never followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from runtimes.http import HttpResponse
from runtimes.network import ContactRefused, origin_of
from runtimes.values import Json

MAX_LINK_CHARS = 2000
"""Characters of a link or a page's token; longer ones are not told."""

MAX_LINK_HEADER_CHARS = 16_000
"""How much of the `Link` fields is read, together."""

_LINK = re.compile(r"<([^<>]*+)>((?:\s*+;\s*+[\w*-]++\s*+(?:=\s*+(?:\"[^\"]*+\"|[^\s;,\"]++))?)*+)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next\b)", re.IGNORECASE)
_URL_PATHS = (
    ("nextLink",),
    ("@odata.nextLink",),
    ("odata.nextLink",),
    ("next_page_url",),
    ("next",),
    ("links", "next"),
    ("_links", "next"),
    ("paging", "next"),
    ("pagination", "next"),
    ("meta", "next"),
)
_TOKEN_PATHS = (
    ("nextPageToken",),
    ("next_page_token",),
    ("next_cursor",),
    ("nextCursor",),
    ("response_metadata", "next_cursor"),
    ("meta", "next_cursor"),
)
_NAMES = frozenset(path[0] for path in (*_URL_PATHS, *_TOKEN_PATHS))


def _at(value: Json, path: tuple[str, ...]) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("href")
    return value if isinstance(value, str) else ""


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= MAX_LINK_CHARS and text.isprintable()


def _absolute(reference: str, base: str) -> str:
    """The http(s) URL that is meant; empty where there is none."""
    if not _is_plain(reference):
        return ""
    try:
        url = urljoin(base, reference)
        origin_of(url)
    except (ValueError, ContactRefused):
        return ""
    return url if _is_plain(url) else ""


def _header_links(response: HttpResponse) -> Iterator[str]:
    """The targets of `Link: <…>; rel="next"` (RFC 8288)."""
    text = ", ".join(value for name, value in response.headers if name.lower() == "link")
    for target, parameters in _LINK.findall(text[:MAX_LINK_HEADER_CHARS]):
        if _NEXT.search(parameters):
            yield target


def _member_links(payload: Json) -> Iterator[str]:
    for path in _URL_PATHS if payload is not None else ():
        reference = _at(payload, path)
        if path != ("next",) or reference.startswith(("http://", "https://", "/", "?")):
            yield reference


def next_page(response: HttpResponse, payload: Json) -> tuple[str, ...]:
    """A note on where the next page is, where the answer says there is one."""
    members = payload if isinstance(payload, dict) and not _NAMES.isdisjoint(payload) else None
    for reference in (*_header_links(response), *_member_links(members)):
        if url := _absolute(reference, response.url):
            return (f"there is more; the next page is {url} (not fetched: to have it, call again with its parameters)",)
    for path in _TOKEN_PATHS if members is not None else ():
        if _is_plain(token := _at(members, path)):
            return (f"there is more; {'.'.join(path)} of the answer is {token!r}",)
    return ()
