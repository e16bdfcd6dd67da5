"""A login that was begun: what the browser is sent with, and what its answer is held against. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from auth.secret import Secret

MAX_LOGIN_SECONDS = 600.0
"""Seconds that a person has for a login."""


class Once:
    """True the first time it is taken, and never again."""

    __slots__ = ("_is_taken",)

    def __init__(self) -> None:
        self._is_taken = False

    def take(self) -> bool:
        """True for the first."""
        is_first, self._is_taken = not self._is_taken, True
        return is_first


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRequest:
    """One login with a code (RFC 6749 4.1) and PKCE (RFC 7636)."""

    url: str = field(repr=False)
    """Where the browser goes; it has the state in it."""
    redirect_uri: str
    state: Secret
    nonce: Secret
    """In the id_token that comes of it, where `openid` is asked for."""
    verifier: Secret
    scopes: tuple[str, ...]
    """Asked for."""
    expires: float
    """When its answer comes too late, in seconds since the epoch."""
    answer: Once = field(default_factory=Once, repr=False, compare=False)
    """Taken by the one answer that has the state."""
