"""The token that a person signed in with, looked at before it is traded for another one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from auth.errors import ProviderError
from auth.oauth.jwt import SKEW_SECONDS, audiences_of, claims_of, number_of
from auth.registration import OAuthRegistration, Provider
from auth.secret import Secret

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CLIENT_URI = "api://"
"""Before a client's id in the URI that Entra makes of it."""


def _refuse(problem: str) -> ProviderError:
    return ProviderError(f"the token to trade {problem}; sign in again", code="invalid_grant")


def _is_for_another(audiences: tuple[str, ...], client_id: str) -> bool:
    """True only where every audience is the id of a client, and none of them ours.

    Entra writes the client's id there, the URI that it makes of it, or a URI of somebody's choice; of those nobody can
    tell whose they are.
    """
    ids = {audience.lower().removeprefix(_CLIENT_URI) for audience in audiences}
    return all(map(_GUID.fullmatch, (*ids, client_id))) and client_id.lower() not in ids


def _tenants_of(text: object) -> frozenset[str]:
    return frozenset(found.lower() for found in _GUID.findall(text)) if isinstance(text, str) else frozenset()


def _stranger(claims: Mapping[str, object], provider: Provider) -> str:
    """The claim by which a token is not from our tenant; empty where it is, and where the provider serves several."""
    ours = _tenants_of(provider.issuer) or _tenants_of(provider.token_endpoint)
    if not ours:
        return ""
    if not _tenants_of(claims.get("iss")) & ours:
        return "iss"
    return "tid" if "tid" in claims and not _tenants_of(claims["tid"]) & ours else ""


def _check_assertion(claims: Mapping[str, object], registration: OAuthRegistration) -> None:
    """What an assertion is for and who made it (RFC 7523 3). Raises: `ProviderError`."""
    audiences = audiences_of(claims)
    if not audiences:
        raise _refuse("does not say whom it is for ('aud')")
    if _is_for_another(audiences, registration.client_id):
        raise _refuse("is for another client ('aud')")
    if name := _stranger(claims, registration.provider):
        raise _refuse(f"is not from the tenant of the provider ({name!r})")


def check_subject(subject: Secret, registration: OAuthRegistration, *, now: float) -> None:
    """Raises: `ProviderError` for a token that has expired or is certainly not for this client.

    An assertion (`jwt_bearer`) has to say how long it lives, whom it is for, and that it is from the tenant of the
    provider where that is one; a token to exchange may be anybody's. What nobody but the server can read is left to it.
    """
    claims = claims_of(subject.reveal())
    if claims is None:
        return
    is_assertion = registration.grant == "jwt_bearer"
    expires, begins = number_of(claims, "exp"), number_of(claims, "nbf")
    if expires is None and (is_assertion or "exp" in claims):
        raise _refuse("does not say how long it lives ('exp')")
    if expires is not None and expires <= now - SKEW_SECONDS:
        raise _refuse("has expired")
    if begins is not None and begins > now + SKEW_SECONDS:
        raise _refuse("is not valid yet")
    if is_assertion:
        _check_assertion(claims, registration)
