"""What a person has to do before a credential of theirs can be had. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

_COMMANDS = {"login": "login", "secret": "add"}


def command_of(name: str, kind: Literal["login", "secret"], *options: str) -> str:
    """The command by which a person does it; the name is an author's, and is quoted for a shell, as the options are."""
    words = (*options, *(("--",) if name.startswith("-") else ()), name)
    return f"orchestrator auth {_COMMANDS[kind]} {shlex.join(words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a person has to do before a call can be made."""

    name: str
    """Of the credential, as `CredentialUse.name`."""
    kind: Literal["login", "secret"]
    """To log in at the provider, or to give a key, a token or a password."""
    reason: str
    """Why, in one line for the person: it was never given, has expired, is not accepted any more."""
    scopes: tuple[str, ...] = ()
    """What to ask the provider for, of a login."""
