"""Which redirects are followed: within the origin, and only to read.

A redirect to another origin is handed back: what a call sends was meant, and judged, for the one it names.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

from runtimes.http import HttpRequest, HttpResponse
from runtimes.network import origin_of

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses of answers that lie elsewhere, as their `Location` says."""

SEE_OTHER = 303
"""The request was carried out, and what came of it is read elsewhere, whatever its method was."""

READING = frozenset({"GET", "HEAD"})
"""Methods of requests that a redirect repeats."""

_OF_BODIES = frozenset({"content-type", "content-encoding", "content-language", "content-location", "content-length"})


def following(request: HttpRequest, response: HttpResponse) -> HttpRequest | None:
    """The next request, when the redirect stays within the origin and nothing but reading is repeated."""
    location = response.header("location")
    if response.status not in REDIRECTS or not location or not request.max_redirects:
        return None
    if request.method not in READING and response.status != SEE_OTHER:
        return None
    try:
        target = urljoin(request.url, location).partition("#")[0]
        if origin_of(target) != origin_of(request.url):
            return None
    except ValueError:
        return None
    left = request.max_redirects - 1
    if request.method in READING:
        return replace(request, url=target, max_redirects=left)
    headers = tuple(field for field in request.headers if field[0].lower() not in _OF_BODIES)
    return replace(request, method="GET", url=target, headers=headers, body=None, max_redirects=left)
