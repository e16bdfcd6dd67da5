"""Where a credential may go, as a person writes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from auth.origins import origin_of, origins_of, shown_origin

_USER = re.compile(r"^([^/]*//)?[^/]*@")


def _meant(text: str) -> str:
    """The origin that was probably meant; empty where nothing is."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        origin = origin_of(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return ""
    return shown_origin(origin)


def places_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The origins, each once. Raises: `ValueError` that says what to write."""
    texts = tuple(texts)
    for text in texts:
        try:
            origin_of(text)
        except ValueError:
            seen = _USER.sub(r"\1…@", text.partition("?")[0])
            meant = _meant(text)
            hint = f"; did you mean {meant!r}?" if meant else ""
            message = f"{seen!r} is no origin; write SCHEME://HOST or SCHEME://HOST:PORT{hint}"
            raise ValueError(message) from None
    return origins_of(texts)
