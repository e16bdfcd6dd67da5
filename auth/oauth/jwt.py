"""Signed tokens (RFC 7515) taken apart without believing them. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from auth.oauth.document import is_array, json_object

MAX_JWT_CHARS = 32 * 1024
"""Characters of a token that is looked into."""

SKEW_SECONDS = 300.0
"""Seconds by which the clocks of two machines may differ."""


def _decoded(part: str) -> Mapping[str, object] | None:
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return json_object(data)


def header_of(token: str) -> Mapping[str, object] | None:
    """What a token says about its signature; None where it is no signed token."""
    parts = token.split(".") if len(token) <= MAX_JWT_CHARS else []
    return _decoded(parts[0]) if len(parts) == 3 else None


def claims_of(token: str) -> Mapping[str, object] | None:
    """What a token claims, which nobody has verified; None where it is no signed token."""
    return _decoded(token.split(".")[1]) if header_of(token) is not None else None


def number_of(claims: Mapping[str, object], name: str) -> float | None:
    """A point in time, in seconds since the epoch; None where there is none that can be read."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(max(-(10**12), min(value, 10**12)))


def audiences_of(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Whom a token is for."""
    value = claims.get("aud")
    listed = value if is_array(value) else [value]
    return tuple(one for one in listed if isinstance(one, str))
