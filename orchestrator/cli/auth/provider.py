"""The authorization server of a credential: as options say, as it says itself, as a description says, as is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auth import ProviderError
from auth.oauth.endpoints import checked_url, shown_url
from auth.registration import ClientAuth, Grant, OAuthRegistration, Provider
from orchestrator.cli.auth.mcp_servers import hint_for, resource_of, server_named, server_to_join
from orchestrator.cli.auth.scopes import scopes_of
from orchestrator.cli.auth.showing import TRADES, endpoint_origin
from orchestrator.cli.auth.wanted import OAuthFlow
from orchestrator.cli.logins.asking import asked, is_somebody_here
from orchestrator.cli.options import Setting
from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line
from runtimes.http import HttpClient, is_url
from runtimes.network import AddressRules, ContactRefused, origin_of
from runtimes.oauth_transport import ClientTransport

if TYPE_CHECKING:
    from auth.oauth.metadata import Server

MAX_SHOWN = 80
"""Characters of a scope that is left out."""

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

_SEEN_BY_NOBODY = ("device_authorization_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri")
"""Where no browser goes, in which a person would see who asks."""


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
    return _present(found)


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


def _present(endpoints: Mapping[str, str]) -> dict[str, str]:
    return {member: url for member, url in endpoints.items() if url}


def _check(endpoints: Mapping[str, str], *, described: bool = False) -> None:
    """Raises: `UsageError` for one that no secret may go to."""
    for member, url in endpoints.items():
        option = _OPTIONS.get(member, "--issuer")
        try:
            origin_of(checked_url(url, _NAMES[member]))
        except (ProviderError, ContactRefused) as error:
            told = f"the description of the API: {error}; {option} names another" if described else f"{option}: {error}"
            raise UsageError(told) from None


def _beside(described: Mapping[str, str], token_endpoint: str, issuer: str) -> dict[str, str]:
    """Without the endpoints that a description puts elsewhere than where tokens are had: a stranger who names a good
    provider would have tokens and the client's secret sent to a place of their own."""
    kept = dict(described)
    for member in _SEEN_BY_NOBODY:
        if member not in kept or endpoint_origin(kept[member]) == endpoint_origin(token_endpoint):
            continue
        named, url = _NAMES[member], shown_url(kept.pop(member))
        ways = [f"{_OPTIONS[member]} URL"] if member in _OPTIONS else []
        ways += [f"--issuer {shown_url(issuer)}"] if issuer else []
        how = f"; {' or '.join(ways)} takes it" if ways else ""
        note = f"note: left out: the {named} {url}, which the description has elsewhere than the tokens{how}"
        print(clean_line(note), file=sys.stderr)
    return kept


async def _asked_issuer() -> str:
    question = "Issuer of the tokens, as a URL (empty to write its endpoints)"
    return await asked(question, option="--issuer URL", may_be_empty=True)


async def _ask(own: dict[str, str], described: Mapping[str, str], member: str) -> None:
    """Adds it to the person's own words, where nobody has said it."""
    if not own.get(member) and not described.get(member):
        own[member] = await asked(f"URL of the {_NAMES[member]}", option=f"{_OPTIONS[member]} URL")
        _check({member: own[member]})


async def provider_for(
    options: argparse.Namespace,
    flow: OAuthFlow,
    grant: Grant,
    setting: Setting,
    http: HttpClient,
    *,
    named: Provider | None = None,
) -> tuple[Provider, bool]:
    """The provider, and whether any of it is the words of a description: what options say comes first, then what the
    issuer says, then the description, as which counts who is `named` by an MCP server; the rest is asked for.

    Raises: `UsageError`; `ProviderError` where an issuer cannot be asked.
    """
    needed = [member for member in ("token_endpoint", _NEEDED.get(grant, "")) if member]
    own, described = _given(options), _described(flow) if named is None else _present(_endpoints(named))
    _check(own)
    issuer: str = options.issuer or ""
    if not issuer and not flow.metadata_url and any(member not in described | own for member in needed):
        issuer = await _asked_issuer()
    provider, is_own = named or Provider(token_endpoint=""), bool(issuer)
    if issuer or (flow.metadata_url and any(member not in own for member in needed)):
        provider = await _discovered(issuer or flow.metadata_url, setting, http)
        found = _present(_endpoints(provider))
        own, described = (found | own, {}) if is_own else (own, found)
    described = {member: url for member, url in described.items() if member not in own}
    _check(described, described=True)
    await _ask(own, described, "token_endpoint")
    described = _beside(described, own.get("token_endpoint") or described["token_endpoint"], provider.issuer)
    for member in needed:
        await _ask(own, described, member)
    is_described = bool(described) or (bool(provider.issuer) and not is_own)
    return Provider(issuer=provider.issuer, names_issuer=provider.names_issuer, **(described | own)), is_described


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


def _tell_left_out(scopes: Sequence[str], why: str) -> None:
    if scopes:
        more = f" and {len(scopes) - 1} more" if len(scopes) > 1 else ""
        print(clean_line(f"note: left out: the scope {scopes[0][:MAX_SHOWN]!r}{more}, {why}"), file=sys.stderr)


def _scopes(options: argparse.Namespace, flow: OAuthFlow) -> tuple[str, ...]:
    """Those of the plugins and of the options; what is left out is told. Raises: `UsageError`."""
    try:
        scopes = scopes_of(flow.scopes, options.scope)
    except ValueError as error:
        raise UsageError(f"--scope: {error}") from None
    _tell_left_out(scopes.unwritable, "which is none")
    _tell_left_out(scopes.beyond, "since there are too many")
    return scopes.taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A registration as far as it is known before the person has agreed to it."""

    registration: OAuthRegistration
    """All of it but the client's secret, and its id where there is a server to `join`."""
    are_described: bool
    """True where any of its addresses are a description's words."""
    join: Server | None = None
    """Where a client is registered once the person agrees."""


async def oauth_registration(options: argparse.Namespace, flow: OAuthFlow, setting: Setting, http: HttpClient) -> Draft:
    """Raises: as `provider_for`."""
    grant = grant_for(options, flow)
    found = await server_named(options, flow, setting, http)
    if found is not None and not flow.scopes:
        flow = replace(flow, scopes=found.scopes)
    scopes = _scopes(options, flow)
    named = found.server.provider if found is not None else None
    provider, is_described = await provider_for(options, flow, grant, setting, http, named=named)
    join = server_to_join(found, options, grant)
    client_id: str = options.client_id or ""
    if not client_id and join is None:
        client_id = await asked(f"Client ID, as the provider calls this host{hint_for(found)}", option="--client-id ID")
    subject = options.subject or ""
    if grant in TRADES and not subject and is_somebody_here():
        question = "Credential whose token is traded (empty where the program that runs the plugins has it)"
        subject = await asked(question, option="--subject REF", may_be_empty=True)
    registration = OAuthRegistration(
        provider=provider,
        client_id=client_id,
        client_auth=_CLIENT_AUTHS[options.client_auth or "none"],
        grant=grant,
        scopes=scopes,
        resource=options.resource or resource_of(flow, found),
        subject=subject,
        allowed_hosts=_allowed(provider, setting),
    )
    return Draft(registration=registration, are_described=is_described, join=join)
