"""Whether tokens that are kept still do: how old they are, what they are for, and by whom they were got. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from auth.credentials import Credential, Tokens
from auth.oauth.jwt import claims_of
from auth.registration import LOGINS, OAuthRegistration
from auth.secret import Secret

SKEW_SECONDS = 60.0
"""How long before they expire tokens count as expired: clocks differ, and a call takes its time."""


def has_expired(tokens: Tokens, now: float) -> bool:
    """True for tokens that should not be used any more; those that live shortly are used for half of their time."""
    if tokens.expires is None:
        return False
    lifetime = SKEW_SECONDS * 2 if tokens.since is None else max(0.0, tokens.expires - tokens.since)
    return now >= tokens.expires - min(SKEW_SECONDS, lifetime / 2)


def united(*scopes: Iterable[str]) -> tuple[str, ...]:
    """Each scope once, in order."""
    return tuple(dict.fromkeys(scope for some in scopes for scope in some))


def unasked(tokens: Tokens, wanted: Iterable[str]) -> tuple[str, ...]:
    """The scopes that tokens lack, and that nobody has asked for: what a provider did not grant, it does not grant."""
    known = {*tokens.scopes, *tokens.asked}
    return tuple(scope for scope in wanted if scope not in known)


def client_of(registration: OAuthRegistration) -> str:
    """What tokens are bound to: those got for another client, purpose or server are neither used nor sent to it."""
    grant, provider = "login" if registration.grant in LOGINS else registration.grant, registration.provider
    endpoints = (provider.token_endpoint, provider.revocation_endpoint, provider.userinfo_endpoint)
    return json.dumps(
        [grant, provider.issuer, *endpoints, registration.client_id, registration.resource, registration.subject]
    )


def login_of(credential: Credential) -> str:
    """The mark of the login that a credential comes of; of what was given it is made of what that is."""
    if isinstance(credential, Tokens):
        return credential.login
    return hashlib.sha256(b"given\0" + credential.value.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def mark_of(token: Secret) -> str:
    """The mark of a login elsewhere: of whom the token names, who stays the same when it is renewed; else of it alone.

    Nobody has verified what it says: who trades it does.
    """
    claims = claims_of(token.reveal()) or {}
    named = [claims.get(name) for name in ("iss", "sub", "tid", "sid")]
    said = json.dumps(named) if named[0] and named[1] else token.reveal()
    return hashlib.sha256(b"subject\0" + said.encode("utf-8", "surrogatepass")).hexdigest()


def noted(
    tokens: Tokens, registration: OAuthRegistration, asked: Iterable[str], now: float, *, login: str = ""
) -> Tokens:
    """Tokens as they are kept, with what is known of how they were got."""
    client = client_of(registration)
    return replace(tokens, asked=united(asked), client=client, since=now, login=login, is_rejected=False)
