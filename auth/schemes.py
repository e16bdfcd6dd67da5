"""Where in a request a credential goes, whatever kind of description says so. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Literal

from auth.errors import CredentialRefused
from auth.secret import Secret

AUTHORIZATION = "Authorization"
"""The header field of bearer tokens, and of names with passwords."""

Place = Literal["header", "query", "cookie"]
"""The parts of a request that carry credentials."""

_CARRIED: dict[Place, re.Pattern[str]] = {
    "header": re.compile(r"[!-~\xa0-\xff](?:[ -~\xa0-\xff]*[!-~\xa0-\xff])?"),
    "query": re.compile(r"[^\ud800-\udfff]+"),
    "cookie": re.compile(r"[!#-+\--:<-\[\]-~]+"),
}
_NOT_CARRIED: dict[Place, str] = {
    "header": "a header field carries no line breaks, no blanks at its ends, and Latin letters only",
    "query": "it is no text",
    "cookie": "a cookie carries no blanks, quotes, commas, semicolons and backslashes",
}
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """The credential as it is, under a name of the API's own."""

    place: Place
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A bearer token (RFC 6750)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A name and a password, written `NAME:PASSWORD` (RFC 7617)."""


Scheme = ApiKey | Bearer | Basic
"""How an API wants a credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What a credential adds to a request."""

    place: Place
    name: str
    value: Secret
    """As it is sent, before it is encoded for its place."""
    hides: tuple[Secret, ...] = ()
    """What must not be seen of it anywhere."""


def _refuse(reason: str) -> CredentialRefused:
    return CredentialRefused(f"the credential cannot be sent: {reason}")


def place_of(scheme: Scheme) -> tuple[Place, str]:
    """Where a credential goes, and under which name."""
    if isinstance(scheme, ApiKey):
        return scheme.place, scheme.name
    return "header", AUTHORIZATION


def _bearer(secret: Secret) -> Attached:
    if not _TOKEN.fullmatch(secret.reveal()):
        raise _refuse("a bearer token has no blanks and no line breaks; give it without the word 'Bearer'")
    value = Secret(f"Bearer {secret.reveal()}")
    return Attached(place="header", name=AUTHORIZATION, value=value, hides=(secret,))


def _basic(secret: Secret) -> Attached:
    _, colon, password = secret.reveal().partition(":")
    if not colon:
        raise _refuse("HTTP basic needs a name and a password, written NAME:PASSWORD")
    encoded = base64.b64encode(secret.reveal().encode("utf-8", "surrogatepass")).decode("ascii")
    hides = (secret, Secret(password))
    return Attached(place="header", name=AUTHORIZATION, value=Secret(f"Basic {encoded}"), hides=hides)


def attach(scheme: Scheme, secret: Secret) -> Attached:
    """What goes out with a request. Raises: `CredentialRefused` for a secret that its place cannot carry."""
    match scheme:
        case Bearer():
            return _bearer(secret)
        case Basic():
            return _basic(secret)
        case ApiKey(place=place, name=name):
            if not _CARRIED[place].fullmatch(secret.reveal()):
                raise _refuse(_NOT_CARRIED[place])
            return Attached(place=place, name=name, value=secret, hides=(secret,))
