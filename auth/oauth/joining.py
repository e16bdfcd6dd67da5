"""Registers this host as a client at an authorization server that takes anybody's (RFC 7591)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from auth.errors import ProviderError
from auth.oauth.answer import document_of
from auth.oauth.client import posted_json
from auth.oauth.document import Document
from auth.oauth.endpoints import checked_url
from auth.oauth.metadata import Server
from auth.registration import ClientAuth
from auth.secret import Secret

CLIENT_NAME = "plugin-orchestrator"
"""What the person is shown at the login, as the name of who asks."""

REDIRECTS = ("http://127.0.0.1/callback", "http://localhost/callback")
"""Where a browser may be sent back to, on any port (RFC 8252 7.3)."""

MAX_SECRET_CHARS = 4096
"""Characters of a client's secret."""

_AUTHS: dict[str, ClientAuth] = {
    "none": "none",
    "client_secret_basic": "client_secret_basic",
    "client_secret_post": "client_secret_post",
}
"""How a client may say who it is, the best one first: a host on a person's machine keeps no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A client that the server knows now."""

    client_id: str
    client_secret: Secret | None
    client_auth: ClientAuth


def _auth(server: Server) -> ClientAuth:
    """Raises: `ProviderError`."""
    if not server.client_auths:
        return "none"
    for name, auth in _AUTHS.items():
        if name in server.client_auths:
            return auth
    raise ProviderError(f"{server.provider.issuer} takes no client that has an id, or an id and a secret")


def _client_of(document: Document, asked: ClientAuth) -> Joined:
    """Raises: `ProviderError`."""
    client_id = document.text("client_id")
    if not client_id:
        raise document.refuse("there is no 'client_id'")
    written = document.text("client_secret", MAX_SECRET_CHARS)
    named = document.text("token_endpoint_auth_method") or ("client_secret_basic" if written else asked)
    auth = _AUTHS.get(named)
    if auth is None or (auth != "none" and not written):
        raise document.refuse("'token_endpoint_auth_method' is none that can be gone by")
    return Joined(client_id=client_id, client_secret=Secret(written) if auth != "none" else None, client_auth=auth)


async def joined(server: Server, scopes: Sequence[str], transport: httpx2.AsyncBaseTransport) -> Joined:
    """Registers a client for logins in a browser; `scopes` are named where the server knows each of them.

    Raises: `ProviderError`.
    """
    auth = _auth(server)
    is_known = not server.scopes or set(scopes) <= set(server.scopes)
    wish: dict[str, object] = {
        "client_name": CLIENT_NAME,
        "application_type": "native",
        "redirect_uris": [*REDIRECTS],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": auth,
        **({"scope": " ".join(scopes)} if scopes and is_known else {}),
    }
    endpoint = checked_url(server.registration_endpoint, "registration endpoint")
    return _client_of(document_of(await posted_json(endpoint, wish, transport)), auth)
