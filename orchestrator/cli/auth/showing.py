"""What a person is told of a credential before it is kept: what it is, where it goes, who gives it out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from auth.oauth.endpoints import is_loopback, shown_url
from auth.origins import shown_origin
from auth.registration import LOGINS, OAuthRegistration, Registration
from orchestrator.phrases import listed
from orchestrator.render.sanitize import clean_line

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


def _oauth_lines(registration: OAuthRegistration, *, may_have_secret: bool) -> Iterator[str]:
    provider = registration.provider
    if registration.grant in LOGINS and provider.authorization_endpoint:
        yield _line("log in at", shown_url(provider.authorization_endpoint))
    if registration.grant == "device_code" and provider.device_authorization_endpoint:
        yield _line("begins at", shown_url(provider.device_authorization_endpoint))
    what = "codes, tokens and the client's secret go there" if may_have_secret else "codes and tokens go there"
    yield _line("tokens from", f"{shown_url(provider.token_endpoint)} ({what})")
    yield _line("client", registration.client_id)
    if registration.scopes:
        yield _line("asks for", " ".join(registration.scopes))
    if registration.subject:
        yield _line("trades", f"the token of {registration.subject!r}")


def told(
    name: str,
    registration: Registration,
    hint: str,
    origins: Sequence[str],
    *,
    plugins: Sequence[str],
    whose: str,
    may_have_secret: bool = False,
    are_described: bool = False,
) -> list[str]:
    """Lines for the person; `may_have_secret` of the client of a provider, `are_described` where the addresses of that
    provider are a description's own words."""
    grant = registration.grant if isinstance(registration, OAuthRegistration) else None
    lines = [clean_line(name), _line("is", hint if grant is None else _GRANTS[grant])]
    lines += [_line("goes to" if not number else "", _place(one)) for number, one in enumerate(origins)]
    if plugins:
        lines.append(_line("wanted by", listed(plugins)))
    lines.append(_line("is for", whose))
    if isinstance(registration, OAuthRegistration):
        lines += _oauth_lines(registration, may_have_secret=may_have_secret)
    if are_described:
        lines.append("The addresses of the provider come from the description of the API: see that you know them.")
    return lines
