"""What is to be done before a credential can be sent, by what is kept and what is registered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auth.credentials import Given, Tokens
from auth.errors import SignInNeeded
from auth.freshness import client_of, has_expired, unasked, united
from auth.registration import LOGINS, OAuthRegistration, SecretRegistration
from auth.shelf import Kept, Registered
from auth.sign_in import SignIn

Due = Literal["nothing", "refresh", "fetch"]
"""Nothing; to have it renewed by what one has; to get it anew without the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Which credential is wanted, and for whom."""

    person: str
    registered: Registered
    scopes: tuple[str, ...] = ()
    """Those of the manifest."""
    traded_for: tuple[str, ...] = ()
    """The credentials for which this one is wanted, where it is not sent to an API."""
    login: str | None = None
    """The login that it has to come of, as `auth.freshness.login_of` marks it; None for any."""

    @property
    def name(self) -> str:
        """Of the credential."""
        return self.registered.name


def is_bound(kept: Kept, registered: Registered) -> bool:
    """True for a credential that was got by this registration, for these origins."""
    if kept.origins != registered.origins:
        return False
    match registered.registration, kept.credential:
        case SecretRegistration(), Given():
            return True
        case OAuthRegistration() as registration, Tokens(client=client):
            return client == client_of(registration)
        case _:
            return False


def is_alike(one: Registered, other: Registered) -> bool:
    """True where what was got by the one may be used by the other."""
    if one.origins != other.origins:
        return False
    match one.registration, other.registration:
        case SecretRegistration(), SecretRegistration():
            return True
        case OAuthRegistration() as first, OAuthRegistration() as second:
            return client_of(first) == client_of(second)
        case _:
            return False


def bound_tokens(kept: Kept | None, registered: Registered) -> Tokens | None:
    """The tokens that were got by this registration."""
    if kept is None or isinstance(kept.credential, Given) or not is_bound(kept, registered):
        return None
    return kept.credential


def sign_in(want: Want, reason: str, tokens: Tokens | None = None) -> SignInNeeded:
    """Says what the person has to do: what they logged in for once, they are asked for again."""
    registration = want.registered.registration
    if isinstance(registration, SecretRegistration):
        return SignInNeeded(SignIn(name=want.name, kind="secret", reason=reason))
    scopes = united(registration.scopes, want.scopes, () if tokens is None else tokens.asked)
    return SignInNeeded(SignIn(name=want.name, kind="login", reason=reason, scopes=scopes))


def refused(want: Want, tokens: Tokens | None = None) -> SignInNeeded:
    """Says that what the person gave, or logged in for, is not taken."""
    what = "credential" if isinstance(want.registered.registration, SecretRegistration) else "login for"
    return sign_in(want, f"the {what} {want.name!r} is not accepted any more", tokens)


def _due_of_secret(want: Want, kept: Kept | None, hint: str) -> Due:
    """Raises: `SignInNeeded`."""
    if kept is None:
        raise sign_in(want, f"the credential {want.name!r} has not been given yet" + (f": {hint}" if hint else ""))
    if not is_bound(kept, want.registered):
        raise sign_in(want, f"the credential {want.name!r} was given for other servers than it is registered for")
    if kept.credential.is_rejected:
        raise refused(want)
    return "nothing"


def _due_of_login(want: Want, tokens: Tokens | None, lacking: tuple[str, ...], *, is_old: bool) -> Due:
    """Raises: `SignInNeeded`."""
    if tokens is None:
        raise sign_in(want, f"there is no login for {want.name!r} yet")
    if tokens.is_rejected:
        raise refused(want, tokens)
    if lacking:
        raise sign_in(want, f"the login for {want.name!r} was not for the scopes {', '.join(lacking)}", tokens)
    if is_old and tokens.refresh is None:
        raise sign_in(want, f"the login for {want.name!r} has expired", tokens)
    return "refresh" if is_old else "nothing"


def due(want: Want, kept: Kept | None, now: float | None) -> Due:
    """What is to be done; without `now`, tokens are taken however old they are. Raises: `SignInNeeded`."""
    registration = want.registered.registration
    if isinstance(registration, SecretRegistration):
        return _due_of_secret(want, kept, registration.hint)
    tokens = bound_tokens(kept, want.registered)
    lacking = () if tokens is None else unasked(tokens, united(registration.scopes, want.scopes))
    is_old = tokens is not None and now is not None and has_expired(tokens, now)
    if registration.grant in LOGINS:
        return _due_of_login(want, tokens, lacking, is_old=is_old)
    is_others = tokens is not None and want.login not in (None, tokens.login)
    return "fetch" if tokens is None or tokens.is_rejected or lacking or is_old or is_others else "nothing"
