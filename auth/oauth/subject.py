"""The token that a person signed in with, looked at before it is traded for another one. Pure."""

from __future__ import annotations

import re

from auth.errors import ProviderError
from auth.oauth.jwt import SKEW_SECONDS, audiences_of, claims_of, number_of
from auth.registration import OAuthRegistration
from auth.secret import Secret

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _refuse(problem: str) -> ProviderError:
    return ProviderError(f"the token to trade {problem}; sign in again", code="invalid_grant")


def _is_for_another(audiences: tuple[str, ...], client_id: str) -> bool:
    """True only where every audience is the id of a client, and none of them ours.

    Entra writes either the client's id or a URI of its choice there; of a URI nobody can tell whose it is.
    """
    ids = {audience.lower() for audience in audiences}
    if not ids or not all(map(_GUID.fullmatch, (*ids, client_id))):
        return False
    return client_id.lower() not in ids


def _is_from_another(issuer: object, ours: str) -> bool:
    """True only where both name a tenant, and not the same."""
    if not isinstance(issuer, str):
        return False
    theirs, mine = ({found.lower() for found in _GUID.findall(text)} for text in (issuer, ours))
    return bool(theirs) and bool(mine) and not theirs & mine


def check_subject(subject: Secret, registration: OAuthRegistration, *, now: float) -> None:
    """Raises: `ProviderError` for a token that has expired or is certainly not for this client; others are left to
    the server, such as those that nobody but it can read."""
    claims = claims_of(subject.reveal())
    if claims is None:
        return
    expires, begins = number_of(claims, "exp"), number_of(claims, "nbf")
    if expires is not None and expires <= now - SKEW_SECONDS:
        raise _refuse("has expired")
    if begins is not None and begins > now + SKEW_SECONDS:
        raise _refuse("is not valid yet")
    if registration.grant != "jwt_bearer":
        return
    if _is_for_another(audiences_of(claims), registration.client_id):
        raise _refuse("is for another client ('aud')")
    if _is_from_another(claims.get("iss"), registration.provider.issuer):
        raise _refuse("is from another tenant ('iss')")
