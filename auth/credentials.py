"""Credentials as they are kept: what a person gave, or got from a provider; as types and as JSON. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from auth.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A key, a token, or `NAME:PASSWORD`, as the person gave it."""

    value: Secret
    is_rejected: bool = False
    """True since an API has said that it does not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token endpoint gave."""

    access: Secret
    refresh: Secret | None = None
    expires: float | None = None
    """When the access token does, in seconds since the epoch; None where nobody said."""
    scopes: tuple[str, ...] = ()
    """Granted, which may be fewer than were asked for."""
    subject: str = ""
    """Who it is for, as the provider calls them; empty where it did not say."""
    is_rejected: bool = False
    """True since an API has not taken even a fresh one, or the provider does not renew it."""
    asked: tuple[str, ...] = ()
    """The scopes that were asked for: those that it was not granted are not asked for again. As the vault noted it."""
    client: str = ""
    """By which registration it was got (`auth.freshness.client_of`). As the vault noted it."""
    since: float | None = None
    """When it was got, in seconds since the epoch. As the vault noted it."""
    login: str = ""
    """Which login it comes of: the mark of one, which what it is renewed to, or traded for, has too. As the vault noted
    it."""


Credential = Given | Tokens


def secrets_of(credential: Credential) -> tuple[Secret, ...]:
    """All that must not be seen of it; of a name with a password that also on its own."""
    if isinstance(credential, Given):
        _, colon, password = credential.value.reveal().partition(":")
        return (credential.value, Secret(password)) if colon and password else (credential.value,)
    return (credential.access,) if credential.refresh is None else (credential.access, credential.refresh)
