"""Keys, tokens and passwords that a person has: what they are called, and how they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from auth import Secret
from auth.origins import shown_origin
from orchestrator.cli.logins.asking import Secrets, asked
from orchestrator.phrases import listed

Kind = Literal["key", "bearer", "basic", "oauth"]
"""What a credential is: a key or a token that a person has, a name with a password, or tokens of a provider."""

KINDS: tuple[Kind, ...] = ("key", "bearer", "basic", "oauth")

HINTS: dict[Kind, str] = {
    "key": "API key",
    "bearer": "bearer token",
    "basic": "name and password (HTTP basic)",
    "oauth": "OAuth tokens",
}
"""What a credential is, where nothing more is known of it."""


def kind_of(hint: str) -> Kind:
    """What a registration is of, by its hint."""
    kinds: dict[str, Kind] = {words: kind for kind, words in HINTS.items()}
    return kinds.get(hint, "key")


def question_for(hint: str, origins: Sequence[str]) -> str:
    """What the person is asked, who sees where it will go."""
    return f"{hint[:1].upper()}{hint[1:]}, for {listed(map(shown_origin, origins))}"


async def given_secret(
    secrets: Secrets, name: str, hint: str, origins: Sequence[str], *, user: str | None = None
) -> Secret:
    """The key, the token, or `NAME:PASSWORD`, from a person who is told where it will go. Raises: `UsageError`."""
    if kind_of(hint) != "basic":
        secret = await secrets.given(name, question_for(hint, origins))
        assert secret is not None
        return secret
    if user is None:
        user = await asked(f"Name, for {listed(map(shown_origin, origins))}", option="--user NAME")
    password = await secrets.given(name, f"Password of {user}")
    assert password is not None
    whole = Secret(f"{user}:{password.reveal()}")
    secrets.learn(name, whole)
    return whole
