"""Where credentials may go: origins, each in one spelling. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port of what is an origin and no more: `https://api.example.com:443`.

    Raises: `ValueError` for a URL with a path, a query or a user, and for what is no http or https URL.
    """
    parts = urlsplit(url)
    is_more = parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _PORTS or not parts.hostname or is_more:
        raise ValueError(f"{url!r} is no origin; write SCHEME://HOST or SCHEME://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}"


def origins_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Each origin once, in order. Raises: `ValueError`."""
    return tuple(sorted({origin_of(url) for url in urls}))


def shown_origin(origin: str) -> str:
    """An origin as people write it: without the port that its scheme has anyway."""
    scheme, _, place = origin.partition("://")
    return f"{scheme}://{place.removesuffix(f':{_PORTS.get(scheme)}')}"
