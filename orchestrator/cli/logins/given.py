"""Keys, tokens and passwords that a person has: what they are called, and how they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

from auth import ApiKey, Basic, Bearer, CredentialRefused, Secret, attach
from auth.origins import shown_origin
from auth.schemes import Place, Scheme
from orchestrator.cli.logins.asking import Secrets, asked
from orchestrator.errors import UsageError
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line

Kind = Literal["key", "bearer", "basic", "oauth"]
"""What a credential is: a key or a token that a person has, a name with a password, or tokens of a provider."""

MAX_NAME = 80
"""Characters of a description's own words that a hint has."""

KINDS: tuple[Kind, ...] = ("key", "bearer", "basic", "oauth")

HINTS: dict[Kind, str] = {
    "key": "API key",
    "bearer": "bearer token",
    "basic": "name and password (HTTP basic)",
    "oauth": "OAuth tokens",
}
"""What a credential is, where nothing more is known of it."""

_PLACES: dict[Place, str] = {"header": "header", "query": "query parameter", "cookie": "cookie"}


def key_hint(place: Place, name: str) -> str:
    """What an API key is, where it is known how it is sent."""
    return f"API key in the {_PLACES[place]} {name[:MAX_NAME]!r}"


def kind_of(hint: str) -> Kind:
    """What a registration is of, by its hint."""
    kinds: dict[str, Kind] = {words: kind for kind, words in HINTS.items()}
    return kinds.get(hint, "key")


def _scheme_of(hint: str) -> Scheme:
    """How it is sent, as far as the hint says; a query carries the most."""
    match kind_of(hint):
        case "bearer":
            return Bearer()
        case "basic":
            return Basic()
        case "key" | "oauth":
            for place, words in _PLACES.items():
                if hint.startswith(f"API key in the {words} "):
                    return ApiKey(place=place, name="")
            return ApiKey(place="query", name="")


def check_sendable(hint: str, secret: Secret) -> None:
    """Raises: `UsageError` for a secret that no request could carry."""
    try:
        attach(_scheme_of(hint), secret)
    except CredentialRefused as error:
        raise UsageError(str(error)) from None


def _check_user(user: str) -> None:
    """Raises: `ValueError`."""
    if ":" in user:
        raise ValueError("the name of HTTP basic has no ':' in it, which ends it (RFC 7617)")


async def _user(user: str | None, origins: Sequence[str]) -> str:
    """The name that goes with a password. Raises: `UsageError`."""
    if user is None:
        question = f"Name, for {listed(map(shown_origin, origins))}"
        return await asked(question, option="--user NAME", check=_check_user)
    try:
        _check_user(user)
    except ValueError as error:
        raise UsageError(f"--user: {error}") from None
    return user


async def _sendable(secrets: Secrets, name: str, question: str, hint: str, before: str = "") -> Secret:
    """One that a request can carry, with what stands `before` it; what is typed is asked for until it is.

    Raises: `UsageError`.
    """
    while True:
        secret = await secrets.given(name, question)
        assert secret is not None
        whole = Secret(f"{before}{secret.reveal()}") if before else secret
        try:
            check_sendable(hint, whole)
        except UsageError as error:
            if not secrets.are_typed:
                raise
            print(clean_line(str(error)), file=sys.stderr)
        else:
            return whole


def question_for(hint: str, origins: Sequence[str]) -> str:
    """What the person is asked, who sees where it will go."""
    return f"{hint[:1].upper()}{hint[1:]}, for {listed(map(shown_origin, origins))}"


async def given_secret(
    secrets: Secrets, name: str, hint: str, origins: Sequence[str], *, user: str | None = None
) -> Secret:
    """The key, the token, or `NAME:PASSWORD`, from a person who is told where it will go. Raises: `UsageError`."""
    if kind_of(hint) != "basic":
        return await _sendable(secrets, name, question_for(hint, origins), hint)
    user = await _user(user, origins)
    whole = await _sendable(secrets, name, f"Password of {user}", hint, before=f"{user}:")
    secrets.learn(name, whole)
    return whole
