"""Whether tokens that are kept still do: how old they are, what they are for, and by whom they were got. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from auth.credentials import Tokens
from auth.registration import LOGINS, OAuthRegistration

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
    """What tokens are bound to: those got for another client, purpose or server are not used."""
    grant = "login" if registration.grant in LOGINS else registration.grant
    bound = (grant, registration.provider.token_endpoint, registration.client_id, registration.resource)
    return json.dumps([*bound, registration.subject])


def noted(tokens: Tokens, registration: OAuthRegistration, asked: Iterable[str], now: float) -> Tokens:
    """Tokens as they are kept, with what is known of how they were got."""
    return replace(tokens, asked=united(asked), client=client_of(registration), since=now, is_rejected=False)
