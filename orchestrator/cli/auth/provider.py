"""The authorization server of a credential: as options say, as it says itself, as a description says, as is asked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from auth import ProviderError
from auth.oauth.endpoints import checked_url
from auth.registration import ClientAuth, Grant, OAuthRegistration, Provider
from orchestrator.cli.auth.wanted import OAuthFlow
from orchestrator.cli.logins.asking import asked, is_somebody_here
from orchestrator.cli.options import Setting
from orchestrator.errors import UsageError
from runtimes.http import HttpClient, is_url
from runtimes.network import AddressRules, origin_of
from runtimes.oauth_transport import ClientTransport

_OPTIONS = {
    "authorization_endpoint": "--authorization-url",
    "token_endpoint": "--token-url",
    "device_authorization_endpoint": "--device-url",
    "revocation_endpoint": "--revocation-url",
}
"""The options that say what of a provider."""

_NAMES = {
    "token_endpoint": "token endpoint",
    "authorization_endpoint": "authorization endpoint",
    "device_authorization_endpoint": "device authorization endpoint",
    "revocation_endpoint": "revocation endpoint",
    "userinfo_endpoint": "userinfo endpoint",
    "jwks_uri": "address of the keys",
}

_CLIENT_AUTHS: dict[str, ClientAuth] = {
    "basic": "client_secret_basic",
    "post": "client_secret_post",
    "none": "none",
}

_NEEDED: dict[Grant, str] = {
    "authorization_code": "authorization_endpoint",
    "device_code": "device_authorization_endpoint",
}
"""The endpoint that a grant begins at, beside the one that gives tokens."""


TRADES: frozenset[Grant] = frozenset({"token_exchange", "jwt_bearer"})
"""The grants that need a token of the person's to begin with."""


def _given(options: argparse.Namespace) -> dict[str, str]:
    """What the options say, by the members of `Provider`."""
    return {
        member: str(value)
        for member, value in (
            ("authorization_endpoint", options.authorization_url),
            ("token_endpoint", options.token_url),
            ("device_authorization_endpoint", options.device_url),
            ("revocation_endpoint", options.revocation_url),
        )
        if value is not None
    }


def _described(flow: OAuthFlow) -> dict[str, str]:
    found = {
        "authorization_endpoint": flow.authorization_url,
        "token_endpoint": flow.token_url,
        "device_authorization_endpoint": flow.device_url,
    }
    return {member: url for member, url in found.items() if url}


async def _discovered(url: str, setting: Setting, http: HttpClient) -> Provider:
    """Raises: `UsageError`, `ProviderError`."""
    from auth.oauth.discovery import discovered

    if not is_url(url):
        raise UsageError(f"--issuer wants an http or https URL, not {url!r}")
    return await discovered(url, ClientTransport(http, setting.allowed_hosts))


def _endpoints(provider: Provider) -> dict[str, str]:
    return {
        "token_endpoint": provider.token_endpoint,
        "authorization_endpoint": provider.authorization_endpoint,
        "device_authorization_endpoint": provider.device_authorization_endpoint,
        "revocation_endpoint": provider.revocation_endpoint,
        "userinfo_endpoint": provider.userinfo_endpoint,
        "jwks_uri": provider.jwks_uri,
    }


def _check(endpoints: Mapping[str, str]) -> None:
    """Raises: `UsageError` for one that no secret may go to."""
    for member, url in endpoints.items():
        if url:
            try:
                checked_url(url, _NAMES[member])
            except ProviderError as error:
                raise UsageError(f"{_OPTIONS.get(member, '--issuer')}: {error}") from None


async def provider_for(
    options: argparse.Namespace, flow: OAuthFlow, grant: Grant, setting: Setting, http: HttpClient
) -> Provider:
    """What options say comes first, then what the issuer says, then the description; the rest is asked for.

    Raises: `UsageError`; `ProviderError` where an issuer cannot be asked.
    """
    needed = [member for member in ("token_endpoint", _NEEDED.get(grant, "")) if member]
    known = _described(flow) | _given(options)
    issuer: str = options.issuer or flow.metadata_url
    if not issuer and any(member not in known for member in needed):
        question = "Issuer of the tokens, as a URL (empty to write its endpoints)"
        issuer = await asked(question, option="--issuer URL", may_be_empty=True)
    provider = Provider(token_endpoint="")
    if issuer:
        provider, known = await _discovered(issuer, setting, http), _given(options)
    members = _endpoints(provider) | known
    for member in needed:
        if not members[member]:
            members[member] = await asked(f"URL of the {_NAMES[member]}", option=f"{_OPTIONS[member]} URL")
    _check(members)
    return Provider(issuer=provider.issuer, names_issuer=provider.names_issuer, **members)


def _allowed(provider: Provider, setting: Setting) -> tuple[str, ...]:
    """Those of the hosts that the person allows which the provider has."""
    origins = [origin_of(url) for url in _endpoints(provider).values() if url]
    return tuple(one for one in setting.allowed_hosts if any(map(AddressRules([one]).names, origins)))


def grant_for(options: argparse.Namespace, flow: OAuthFlow) -> Grant:
    """That of the options, else of the description."""
    grants: dict[str, Grant] = {
        "authorization_code": "authorization_code",
        "device_code": "device_code",
        "client_credentials": "client_credentials",
        "token_exchange": "token_exchange",
        "jwt_bearer": "jwt_bearer",
    }
    return flow.grant if options.grant is None else grants[options.grant]


async def oauth_registration(
    options: argparse.Namespace, flow: OAuthFlow, setting: Setting, http: HttpClient
) -> OAuthRegistration:
    """All of it but the client's secret. Raises: as `provider_for`."""
    grant = grant_for(options, flow)
    provider = await provider_for(options, flow, grant, setting, http)
    client_id = options.client_id or await asked("Client ID, as the provider calls this host", option="--client-id ID")
    subject = options.subject or ""
    if grant in TRADES and not subject and is_somebody_here():
        question = "Credential whose token is traded (empty where the program that runs the plugins has it)"
        subject = await asked(question, option="--subject REF", may_be_empty=True)
    return OAuthRegistration(
        provider=provider,
        client_id=client_id,
        client_auth=_CLIENT_AUTHS[options.client_auth or "none"],
        grant=grant,
        scopes=tuple(dict.fromkeys((*flow.scopes, *options.scope))),
        resource=options.resource or "",
        subject=subject,
        allowed_hosts=_allowed(provider, setting),
    )
