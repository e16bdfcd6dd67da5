"""Which credentials go out with a call, in neutral words: alternatives, and where their parts go. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from auth import Bearer, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One credential that goes out with a request."""

    name: str
    """What the description calls the security scheme; empty where it has none."""
    scheme: Scheme


Alternative = tuple[Demand, ...]
"""Credentials that go out together; none where the operation can be called bare."""

BY_DEFAULT: tuple[Alternative, ...] = ((Demand(name="", scheme=Bearer()),),)
"""What a credential is sent as where nothing says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a call needs of a vault."""

    what: str
    """What needs it, for messages: a function in quotes, or a server."""
    server: str
    """A URL on the origin that the credentials go to."""
    alternatives: tuple[Alternative, ...] = ()
    """Tried in this order; none where nothing is to be sent."""
