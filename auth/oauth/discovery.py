"""Finds the authorization server of an issuer, or of an API that says which one is its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx2

from auth.errors import ProviderError
from auth.oauth.answer import Answer, document_of
from auth.oauth.client import got
from auth.oauth.document import Document
from auth.oauth.endpoints import checked_url, led_url, shown_url
from auth.oauth.metadata import challenged_url, issuer_urls, issuers_of, provider_of, resource_url, server_of
from auth.registration import Provider


async def described(urls: Iterable[str], transport: httpx2.AsyncBaseTransport) -> Document | None:
    """The first description that is there: servers without one send a page, a login or an error instead.

    Raises: `ProviderError`; one that may pass where there is none, and a server was only not to be had.
    """
    trouble: Answer | None = None
    for url in urls:
        answer = await got(url, transport)
        if 200 <= answer.status < 300 and answer.body.lstrip().startswith(b"{"):
            return document_of(answer)
        if answer.status >= 500 or answer.status == 429:
            trouble = answer
    return document_of(trouble) if trouble is not None else None


async def _issuer(issuers: Sequence[str], transport: httpx2.AsyncBaseTransport) -> Provider | None:
    """What an issuer says of itself, which may be written in each of these ways; None where it says nothing.

    Raises: `ProviderError`.
    """
    document = await described(issuer_urls(issuers[0]), transport)
    return provider_of(document, issuers) if document is not None else None


async def _server(resource: str, transport: httpx2.AsyncBaseTransport) -> str:
    """The issuer that an API names; empty where it names none. Raises: `ProviderError`."""
    document = await described((resource_url(resource),), transport)
    if document is None:
        url = challenged_url((await got(resource, transport)).challenge)
        document = await described((led_url(url, "resource_metadata", by=resource),), transport) if url else None
    return server_of(document, resource) if document is not None else ""


async def discovered(url: str, transport: httpx2.AsyncBaseTransport) -> Provider:
    """The provider of an issuer (RFC 8414, OpenID), or of an API that is protected (RFC 9728).

    Raises: `ProviderError` where none is found, and where what is found describes somebody else.
    """
    provider = await _issuer(issuers_of(checked_url(url, "issuer")), transport)
    if provider is not None:
        return provider
    server = await _server(url, transport)
    provider = await _issuer((server,), transport) if server else None
    if provider is None:
        raise ProviderError(
            f"{shown_url(url)} describes no authorization server; give the issuer, or its endpoints one by one"
        )
    return provider
