"""Registrations: how a credential is got, and from whom; as types and as JSON. Pure.

One that is shared holds for every person and has the client's id, its secret and the endpoints; what a person got by it
is theirs alone (`auth.credentials`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auth.secret import Secret

Grant = Literal["authorization_code", "device_code", "client_credentials", "token_exchange", "jwt_bearer"]
"""How a token is got: the last two trade the token that the person signed in with (RFC 8693, and Entra's form)."""

ClientAuth = Literal["client_secret_basic", "client_secret_post", "none"]
"""How a client says who it is at a token endpoint (RFC 6749 2.3)."""

LOGINS: frozenset[Grant] = frozenset({"authorization_code", "device_code"})
"""Those that a person has to take part in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An authorization server: its issuer and its endpoints, empty where it has none or it is not known."""

    token_endpoint: str
    issuer: str = ""
    authorization_endpoint: str = ""
    device_authorization_endpoint: str = ""
    revocation_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    names_issuer: bool = False
    """True where its answers name the issuer, so that one without it is refused (RFC 9207)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRegistration:
    """A key, a token, or a name with a password, which the person has and gives."""

    hint: str = ""
    """What it is, in words for the person: `API key in the header X-Key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthRegistration:
    """Tokens of an authorization server."""

    provider: Provider
    client_id: str
    client_secret: Secret | None = None
    client_auth: ClientAuth = "none"
    grant: Grant = "authorization_code"
    scopes: tuple[str, ...] = ()
    """Asked for beside those of the manifest."""
    resource: str = ""
    """Whom the token is for (RFC 8707); of `token_exchange` the audience. Empty where the server needs none."""
    subject: str = ""
    """The credential whose token is traded, of the last two grants; empty where the embedding program has it."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts of the endpoints, `HOST` or `HOST:PORT`, that may be private or loopback: who registered it said so."""


Registration = SecretRegistration | OAuthRegistration
