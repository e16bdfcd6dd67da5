"""What a person is told of a credential before it is kept: what it is, where it goes, who gives it out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from auth.oauth.endpoints import is_loopback, shown_url
from auth.origins import origin_of, shown_origin
from auth.registration import LOGINS, Grant, OAuthRegistration, Provider, Registration
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line

TRADES: frozenset[Grant] = frozenset({"token_exchange", "jwt_bearer"})
"""The grants that need a token of the person's to begin with."""

_WIDTH = 12
_GRANTS = {
    "authorization_code": "OAuth: a person logs in in a browser",
    "device_code": "OAuth: a person logs in on another device",
    "client_credentials": "OAuth: the client's own tokens, without a person",
    "token_exchange": "OAuth: traded for another token (RFC 8693)",
    "jwt_bearer": "OAuth: traded for another token, on behalf of the person",
}


def _line(head: str, text: str) -> str:
    return f"  {head:<{_WIDTH}}{clean_line(text)}"


def _place(origin: str) -> str:
    parts = urlsplit(origin)
    is_open = parts.scheme == "http" and not is_loopback(parts.hostname or "")
    return shown_origin(origin) + (" (in the clear: anybody on the way can read it)" if is_open else "")


def endpoint_origin(url: str) -> str:
    """Scheme, host and port of an endpoint; one that is no URL is a place of its own."""
    try:
        parts = urlsplit(url)
        return origin_of(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return url


def _elsewhere(provider: Provider, *, has_secret: bool) -> Iterator[str]:
    """The endpoints on another origin than the one that gives out tokens, with what goes to each."""
    secret = " and the client's secret" if has_secret else ""
    device = f"codes come from there{', and the client has to tell its secret' if has_secret else ''}"
    for head, url, what in (
        ("begins at", provider.device_authorization_endpoint, device),
        ("revoked at", provider.revocation_endpoint, f"tokens{secret} go there"),
        ("name from", provider.userinfo_endpoint, "tokens go there"),
        ("keys from", provider.jwks_uri, "by them it is seen who has logged in"),
    ):
        if url and endpoint_origin(url) != endpoint_origin(provider.token_endpoint):
            yield _line(head, f"{shown_url(url)} ({what})")


def oauth_lines(registration: OAuthRegistration, *, may_have_secret: bool = False, joins: str = "") -> list[str]:
    """Who gives out the tokens, and every place that codes, tokens and the client's secret go to: those on the origin
    that tokens come from are one line. `may_have_secret` of a client whose secret is yet to be given, `joins` where a
    client is yet to be registered."""
    provider, lines = registration.provider, list[str]()
    has_secret = may_have_secret or registration.client_secret is not None
    if provider.issuer:
        lines.append(_line("issuer", shown_url(provider.issuer)))
    if registration.grant in LOGINS and provider.authorization_endpoint:
        lines.append(_line("log in at", shown_url(provider.authorization_endpoint)))
    what = "codes, tokens and the client's secret go there" if has_secret else "codes and tokens go there"
    lines.append(_line("tokens from", f"{shown_url(provider.token_endpoint)} ({what})"))
    lines += _elsewhere(provider, has_secret=has_secret)
    lines.append(_line("client", registration.client_id or f"is registered at {shown_url(joins)}, once you agree"))
    if registration.resource and registration.grant in LOGINS:
        lines.append(_line("good for", registration.resource))
    if registration.scopes:
        lines.append(_line("asks for", " ".join(registration.scopes)))
    if registration.subject:
        lines.append(_line("trades", f"the token of {registration.subject!r}"))
    elif registration.grant in TRADES:
        lines.append(
            _line("trades", "a token that the program which runs the plugins has (--subject REF names another)")
        )
    return lines


def told(
    name: str,
    registration: Registration,
    origins: Sequence[str],
    *,
    plugins: Sequence[str],
    whose: str,
    may_have_secret: bool = False,
    are_described: bool = False,
    joins: str = "",
) -> list[str]:
    """Lines for the person; `may_have_secret` of the client of a provider, `are_described` where addresses of that
    provider are a description's own words, `joins` where a client of it is yet to be registered."""
    what = _GRANTS[registration.grant] if isinstance(registration, OAuthRegistration) else registration.hint
    lines = [clean_line(name), _line("is", what)]
    lines += [_line("goes to" if not number else "", _place(one)) for number, one in enumerate(origins)]
    if plugins:
        lines.append(_line("wanted by", listed(plugins)))
    lines.append(_line("is for", whose))
    if isinstance(registration, OAuthRegistration):
        lines += oauth_lines(registration, may_have_secret=may_have_secret, joins=joins)
    if are_described:
        lines.append("The addresses of the provider come from the description of the API: see that you know them.")
    return lines
