"""The authorization server of an MCP server: found by the server's own word, and joined where it takes anybody."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from auth.registration import Grant, OAuthRegistration
from orchestrator.cli.auth.wanted import OAuthFlow
from orchestrator.cli.options import Setting
from runtimes.http import HttpClient
from runtimes.oauth_transport import ClientTransport

if TYPE_CHECKING:
    from auth.oauth.metadata import Server
    from auth.oauth.resources import ProtectedResource


async def server_named(
    options: argparse.Namespace, flow: OAuthFlow, setting: Setting, http: HttpClient
) -> ProtectedResource | None:
    """What an MCP server says of itself; None for other APIs, and where the options say who gives out its tokens.

    Raises: `ProviderError`.
    """
    if not flow.server_url or options.issuer or options.token_url:
        return None
    from auth.oauth.resources import protected_resource

    return await protected_resource(flow.server_url, ClientTransport(http, setting.allowed_hosts))


def resource_of(flow: OAuthFlow, found: ProtectedResource | None) -> str:
    """Whom the tokens are for (RFC 8707); empty where that is no MCP server."""
    if found is not None:
        return found.resource
    if not flow.server_url:
        return ""
    from auth.oauth.resources import canonical

    return canonical(flow.server_url)


def server_to_join(found: ProtectedResource | None, options: argparse.Namespace, grant: Grant) -> Server | None:
    """Where a client is registered for logins in a browser; None where there is one, or where that cannot be."""
    if found is None or options.client_id or grant != "authorization_code":
        return None
    return found.server if found.server.registration_endpoint else None


def gives_secrets(server: Server) -> bool:
    """True of one that has no clients without a secret, as far as it says."""
    return bool(server.client_auths) and "none" not in server.client_auths


def hint_for(found: ProtectedResource | None) -> str:
    """What else a client's id may be, to be said where it is asked for."""
    is_read = found is not None and found.server.reads_clients
    return "; it also takes the https URL of a document that describes a client" if is_read else ""


async def with_client(
    registration: OAuthRegistration, server: Server, setting: Setting, http: HttpClient
) -> OAuthRegistration:
    """The registration with a client that the server knows from now on. Raises: `ProviderError`."""
    from auth.oauth.joining import joined

    client = await joined(server, registration.scopes, ClientTransport(http, setting.allowed_hosts))
    return replace(
        registration, client_id=client.client_id, client_secret=client.client_secret, client_auth=client.client_auth
    )
