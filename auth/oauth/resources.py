"""Finds who gives out tokens for an MCP server, by the server's own word (MCP 2025-11-25 "Authorization", RFC 9728).

What a server says is a stranger's: it is believed of itself alone, and a token is only ever sent to it. Its
authorization server is asked where an issuer of that name describes itself, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx2

from auth.errors import ProviderError
from auth.oauth.client import got
from auth.oauth.discovery import described
from auth.oauth.document import Document
from auth.oauth.endpoints import checked_url, led_url, shown_url
from auth.oauth.metadata import Server, challenge_parameter, issuer_urls, resource_url, server_described

UNAUTHORIZED = 401

S256 = "S256"
"""The form of PKCE without which no login at the server of an MCP server is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedResource:
    """An MCP server that wants tokens."""

    resource: str
    """What tokens are asked for (RFC 8707)."""
    server: Server
    """Who gives them out."""
    scopes: tuple[str, ...] = ()
    """What the server wants a token to have, as far as it says."""


def canonical(url: str) -> str:
    """The URI that stands for an MCP server: without a fragment, its host in lower case, and no slash for a path."""
    parts = urlsplit(url)
    path = "" if parts.path == "/" else parts.path
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, parts.query, ""))


def _root(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _spelled(url: str) -> tuple[str, ...]:
    """The URL, and the same origin with its slash or without: many write one and mean the other."""
    if urlsplit(url).path in {"", "/"}:
        return (url, url.removesuffix("/") if url.endswith("/") else f"{url}/")
    return (url,)


def _is_of(resource: str, url: str) -> bool:
    """True where the resource is the server, or what it lies in on its own origin."""
    try:
        named, asked = urlsplit(canonical(resource)), urlsplit(canonical(url))
        is_same = (named.scheme, named.hostname, named.port) == (asked.scheme, asked.hostname, asked.port)
    except ValueError:
        return False
    if not is_same or "@" in named.netloc or ".." in unquote(named.path).split("/"):
        return False
    if named.query and named.query != asked.query:
        return False
    return f"{asked.path.rstrip('/')}/".startswith(f"{named.path.rstrip('/')}/")


async def _challenge(url: str, transport: httpx2.AsyncBaseTransport) -> tuple[str, ProviderError | None]:
    """What the server says to whoever brings no token; or why it was not to be had, which need not matter."""
    try:
        answer = await got(url, transport)
    except ProviderError as error:
        return "", error
    return (answer.challenge if answer.status == UNAUTHORIZED else ""), None


async def _issuer(issuer: str, transport: httpx2.AsyncBaseTransport) -> Server | None:
    """What the issuer says of itself. Raises: `ProviderError`, also where it takes no PKCE."""
    document = await described(issuer_urls(issuer), transport)
    if document is None:
        return None
    server = server_described(document, _spelled(issuer))
    if S256 not in server.challenge_methods:
        problem = f"it does not say that it takes PKCE with {S256}, without which nobody logs in for an MCP server"
        raise document.refuse(problem)
    return server


def _named(document: Document, url: str) -> str:
    """The resource of a description. Raises: `ProviderError` for that of another server."""
    resource = document.text("resource")
    if not _is_of(resource, url):
        raise document.refuse(f"it describes {resource!r}, and {shown_url(url)!r} was asked for")
    return resource


async def protected_resource(url: str, transport: httpx2.AsyncBaseTransport) -> ProtectedResource:
    """What an MCP server says of itself, by its answer to whoever brings no token, else at the places that are known;
    one that says nothing may have its authorization server on its own origin, as older ones do.

    Raises: `ProviderError` where nothing is found, and where what is found cannot be trusted.
    """
    checked_url(url, "MCP server")
    challenge, trouble = await _challenge(url, transport)
    pointed = challenge_parameter(challenge, "resource_metadata")
    known = tuple(dict.fromkeys((resource_url(url), resource_url(_root(url)))))
    document = await described((led_url(pointed, "resource_metadata", by=url),) if pointed else known, transport)
    wanted = tuple(challenge_parameter(challenge, "scope").split())
    if document is None:
        server = await _issuer(_root(url), transport)
        if server is None:
            raise trouble or ProviderError(
                f"{shown_url(url)} does not say who gives out tokens for it; if it wants any, --issuer names who does"
            )
        return ProtectedResource(resource=canonical(url), server=server, scopes=wanted)
    resource = _named(document, url)
    issuer = document.first("authorization_servers")
    if not issuer:
        raise document.refuse("it names no authorization server")
    server = await _issuer(led_url(issuer, "issuer", by=url), transport)
    if server is None:
        raise ProviderError(
            f"{shown_url(issuer)}, which gives out tokens for {shown_url(url)}, does not describe itself"
        )
    return ProtectedResource(resource=resource, server=server, scopes=wanted or document.texts("scopes_supported"))
