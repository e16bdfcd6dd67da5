"""Where credentials may go: origins, each in one spelling. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

MAX_HOST_CHARS = 253
"""Characters of a host (RFC 1035 2.3.4)."""

_PORTS = {"http": 80, "https": 443}
_MORE = "?#@\\"
"""What an origin does not have."""


def _is_shown(text: str) -> bool:
    """True where nothing of it is a control character, or parts words or lines."""
    return all(unicodedata.category(letter)[0] not in "CZ" for letter in text)


def _is_host(name: str) -> bool:
    """True for a name of labels, in any script: a pattern, or another mark, would match nothing."""
    labels = name.removesuffix(".").split(".")
    letters = (letter for label in labels for letter in label)
    return (
        len(name) <= MAX_HOST_CHARS
        and all(labels)
        and all(letter in "-_" or unicodedata.category(letter)[0] in "LMN" for letter in letters)
    )


def _host(parts: SplitResult) -> str:
    """In one spelling. Raises: `ValueError`."""
    name = parts.hostname or ""
    if ":" in name:
        return f"[{IPv6Address(name)}]"
    if not _is_host(name):
        raise ValueError
    return name


def _port(parts: SplitResult) -> int:
    """Raises: `ValueError`."""
    if parts.port == 0:
        raise ValueError
    return parts.port or _PORTS[parts.scheme]


def origin_of(url: str) -> str:
    """Scheme, host and port of what is an origin and no more: `https://api.example.com:443`.

    Raises: `ValueError` for a URL with a path, a query, a user or a host that is none, and for what is no http or
    https URL.
    """
    try:
        parts = urlsplit(url)
        is_more = parts.path not in {"", "/"} or any(mark in url for mark in _MORE)
        if parts.scheme not in _PORTS or is_more or not _is_shown(url):
            raise ValueError
        return f"{parts.scheme}://{_host(parts)}:{_port(parts)}"
    except ValueError:
        raise ValueError(f"{url!r} is no origin; write SCHEME://HOST or SCHEME://HOST:PORT") from None


def origins_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Each origin once, in order. Raises: `ValueError`."""
    return tuple(sorted({origin_of(url) for url in urls}))


def shown_origin(origin: str) -> str:
    """An origin as people write it: without the port that its scheme has anyway."""
    scheme, _, place = origin.partition("://")
    return f"{scheme}://{place.removesuffix(f':{_PORTS.get(scheme)}')}"
