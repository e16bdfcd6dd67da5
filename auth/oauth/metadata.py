"""What authorization servers and APIs publish of themselves (RFC 8414, OpenID Connect Discovery, RFC 9728). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from auth.oauth.document import Document
from auth.oauth.endpoints import led_url
from auth.registration import Provider

_SERVER = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"
_RESOURCE = "/.well-known/oauth-protected-resource"
_PARAMETER = r'(?<![\w-]){name}\s*=\s*(?:"([^"\\]*)"|([^\s",]+))'


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What an authorization server says of itself: its endpoints, and what a client has to know to become one."""

    provider: Provider
    registration_endpoint: str = ""
    """Where clients register themselves (RFC 7591); empty where they cannot."""
    client_auths: tuple[str, ...] = ()
    """How clients say who they are; none where it does not say."""
    challenge_methods: tuple[str, ...] = ()
    """The forms of PKCE that it takes; none where it does not say."""
    scopes: tuple[str, ...] = ()
    """Those that it knows; none where it does not say."""
    reads_clients: bool = False
    """True where a client's id may be the URL of a document that describes it."""


def _inserted(url: str, well_known: str) -> str:
    """The well-known path stands before the path of the URL (RFC 8414 3.1)."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, well_known + parts.path.rstrip("/"), parts.query, ""))


def issuer_urls(issuer: str) -> tuple[str, ...]:
    """Where an issuer may describe itself, in the order in which they are asked."""
    parts = urlsplit(issuer)
    appended = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + _OPENID, "", ""))
    return tuple(dict.fromkeys((_inserted(issuer, _SERVER), appended, _inserted(issuer, _OPENID))))


def resource_url(resource: str) -> str:
    """Where an API says which servers give out tokens for it (RFC 9728 3.1)."""
    return _inserted(resource, _RESOURCE)


def challenge_parameter(challenge: str, name: str) -> str:
    """A parameter of a `WWW-Authenticate` for bearers (RFC 6750 3), a stranger's words; empty where it has none."""
    if not challenge.lstrip().lower().startswith("bearer"):
        return ""
    found = re.search(_PARAMETER.format(name=re.escape(name)), challenge, re.IGNORECASE)
    return (found[1] or found[2] or "") if found is not None else ""


def challenged_url(challenge: str) -> str:
    """Where it does by its own word, from its `WWW-Authenticate` (RFC 9728 5.1); empty where it does not say."""
    return challenge_parameter(challenge, "resource_metadata")


def issuers_of(url: str) -> tuple[str, ...]:
    """The issuers that a person may mean: of the URL of a description nobody can tell if its issuer ends in a slash."""
    for well_known in (_SERVER, _OPENID):
        before, found, after = url.partition(well_known)
        if found:
            issuer = (before + after).removesuffix("/")
            return (issuer, f"{issuer}/")
    return (url,)


def _endpoint(document: Document, name: str, issuer: str) -> str:
    """Raises: `ProviderError` for a URL that may not be asked."""
    url = document.text(name)
    return led_url(url, name, by=issuer) if url else ""


def provider_of(document: Document, issuers: Sequence[str]) -> Provider:
    """The provider of a description, which must be the issuer's own (RFC 8414 3.3): one of those that may be meant.

    Raises: `ProviderError`.
    """
    issuer = document.text("issuer")
    if issuer not in issuers:
        told = "give the issuer to the letter, as it writes itself, if that is the one that you mean"
        raise document.refuse(f"it describes the issuer {issuer!r}, and {issuers[0]!r} was asked for; {told}")
    if not document.text("token_endpoint"):
        raise document.refuse("there is no 'token_endpoint'")
    return Provider(
        issuer=issuer,
        token_endpoint=_endpoint(document, "token_endpoint", issuer),
        authorization_endpoint=_endpoint(document, "authorization_endpoint", issuer),
        device_authorization_endpoint=_endpoint(document, "device_authorization_endpoint", issuer),
        revocation_endpoint=_endpoint(document, "revocation_endpoint", issuer),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", issuer),
        jwks_uri=_endpoint(document, "jwks_uri", issuer),
        names_issuer=document.flag("authorization_response_iss_parameter_supported"),
    )


def server_described(document: Document, issuers: Sequence[str]) -> Server:
    """The same with what else matters to a client. Raises: `ProviderError`."""
    provider = provider_of(document, issuers)
    return Server(
        provider=provider,
        registration_endpoint=_endpoint(document, "registration_endpoint", provider.issuer),
        client_auths=document.texts("token_endpoint_auth_methods_supported"),
        challenge_methods=document.texts("code_challenge_methods_supported"),
        scopes=document.texts("scopes_supported"),
        reads_clients=document.flag("client_id_metadata_document_supported"),
    )


def _is_same_api(named: str, resource: str) -> bool:
    """True also for an origin that is written once with its slash and once without."""
    return named == resource or (not urlsplit(resource).path.strip("/") and named.rstrip("/") == resource.rstrip("/"))


def server_of(document: Document, resource: str) -> str:
    """The first issuer that gives out tokens for an API, by the API's own description (RFC 9728 3.3).

    Raises: `ProviderError`.
    """
    named = document.text("resource")
    if not _is_same_api(named, resource):
        raise document.refuse(f"it describes the API {named!r}, and {resource!r} was asked for")
    issuer = document.first("authorization_servers")
    if not issuer:
        raise document.refuse("it names no authorization server")
    return led_url(issuer, "issuer", by=resource)
