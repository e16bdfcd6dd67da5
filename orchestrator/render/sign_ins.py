"""What a person has to do before a call can be made for them, in words. Pure."""

from __future__ import annotations

from typing import Literal

from auth.sign_in import command_of
from orchestrator.render.sanitize import clean_line

_NEEDS = {"login": "you to sign in", "secret": "a key, a token or a password of yours"}


def command_for(name: str, sign_in: Literal["login", "secret"]) -> str:
    """The command that does it, as it is shown."""
    return command_of(clean_line(name), sign_in)


def needed_for(name: str, sign_in: Literal["login", "secret"], destination: str = "") -> str:
    """What a call needs of the person, and how they give it: `you to sign in for HOST: …`."""
    where = f" for {clean_line(destination)}" if destination else ""
    return f"{_NEEDS[sign_in]}{where}: `{command_for(name, sign_in)}`"
