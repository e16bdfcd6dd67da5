"""The way to an authorization server: one bounded request at a time, and never a redirect.

Of Authlib it uses how a client says who it is. Authlib's own clients keep tokens, guess grants and believe what they
read: a request here names its grant, is made by a client that is used once, and its answer goes to `auth.oauth.answer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote_plus

import anyio
import httpx2
from authlib.integrations.httpx_client import OAuth2ClientAuth

from auth.errors import ProviderError
from auth.oauth.answer import Answer, shown_description
from auth.oauth.document import MAX_TEXT_CHARS
from auth.oauth.endpoints import shown_url
from auth.registration import OAuthRegistration
from auth.secret import Secret

MAX_ANSWER_BYTES = 256 * 1024
"""Bytes of an answer."""

MAX_SECONDS = 30.0
"""Seconds that a request and its answer may take."""

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}

Form = Mapping[str, str | Secret]
"""The parameters of a request; what is empty is left out."""


class _Lent(httpx2.AsyncBaseTransport):
    """A transport that its client does not close: it belongs to whoever gave it."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Hands it on."""
        return await self._transport.handle_async_request(request)


def _login(registration: OAuthRegistration) -> tuple[str, str]:
    """The client's id and its secret; RFC 6749 2.3.1 has both parts of the header encoded as in forms."""
    secret = registration.client_secret.reveal() if registration.client_secret is not None else ""
    return quote_plus(registration.client_id), quote_plus(secret)


def _identity(registration: OAuthRegistration) -> httpx2.Auth:
    """How the client says who it is."""
    if registration.client_auth == "client_secret_basic":
        return httpx2.BasicAuth(*_login(registration))
    secret = registration.client_secret.reveal() if registration.client_secret is not None else ""
    return OAuth2ClientAuth(registration.client_id, secret, registration.client_auth)


async def _body(response: httpx2.Response, place: str) -> bytes:
    """Raises: `ProviderError` for a body that is too long, or packed."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ProviderError(f"{place} packs its answer, although it was asked not to")
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise ProviderError(f"the answer of {place} is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


async def _exchanged(
    request: httpx2.Request,
    transport: httpx2.AsyncBaseTransport,
    *,
    identity: httpx2.Auth | None,
    sent: tuple[Secret, ...],
) -> Answer | ProviderError:
    """The answer, or why there is none. Raises: `ProviderError` for one that is too long, or packed."""
    place = shown_url(str(request.url))
    try:
        with anyio.fail_after(MAX_SECONDS):
            async with httpx2.AsyncClient(transport=_Lent(transport), trust_env=False, timeout=MAX_SECONDS) as client:
                response = await client.send(request, auth=identity, stream=True, follow_redirects=False)
                try:
                    body = await _body(response, place)
                finally:
                    await response.aclose()
    except (httpx2.LocalProtocolError, httpx2.InvalidURL) as error:
        # their messages quote the header, or the URL
        return ProviderError(f"{place} cannot be asked: {type(error).__name__}")
    except httpx2.UnsupportedProtocol as error:
        return ProviderError(f"{place} cannot be asked: {shown_description(str(error), sent)}")
    except (httpx2.TimeoutException, TimeoutError):
        return ProviderError(f"{place} did not answer within {MAX_SECONDS:.0f} s", may_pass=True)
    except httpx2.ConnectError as error:
        reason = shown_description(str(error), sent) or type(error).__name__
        return ProviderError(f"{place} could not be reached: {reason}", may_pass=True)
    except httpx2.HTTPError:
        # its message may quote the answer, and that the request
        return ProviderError(f"{place} could not be reached: it was asked, and has no usable answer", may_pass=True)
    challenge = ", ".join(response.headers.get_list("WWW-Authenticate"))[:MAX_TEXT_CHARS]
    return Answer(place=place, status=response.status_code, body=body, challenge=challenge, sent=sent)


async def _asked(
    request: httpx2.Request,
    transport: httpx2.AsyncBaseTransport,
    *,
    identity: httpx2.Auth | None = None,
    sent: tuple[Secret, ...] = (),
) -> Answer:
    """Raises: `ProviderError`; with nothing behind it, since that has the request with its secrets."""
    answer = await _exchanged(request, transport, identity=identity, sent=sent)
    if isinstance(answer, ProviderError):
        raise answer
    return answer


async def posted(
    endpoint: str, form: Form, registration: OAuthRegistration, transport: httpx2.AsyncBaseTransport
) -> Answer:
    """The answer to a form, sent as the client of that registration. Raises: `ProviderError`."""
    secrets = [value for value in form.values() if isinstance(value, Secret)]
    if registration.client_secret is not None:
        secrets.append(registration.client_secret)
        secrets.append(Secret(":".join(_login(registration))))
    fields = {name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}
    request = httpx2.Request(
        "POST", endpoint, data={name: value for name, value in fields.items() if value}, headers=_HEADERS
    )
    return await _asked(request, transport, identity=_identity(registration), sent=tuple(secrets))


async def posted_json(url: str, document: Mapping[str, object], transport: httpx2.AsyncBaseTransport) -> Answer:
    """The answer to a JSON object, which nobody has signed. Raises: `ProviderError`."""
    return await _asked(httpx2.Request("POST", url, json=document, headers=_HEADERS), transport)


async def got(url: str, transport: httpx2.AsyncBaseTransport) -> Answer:
    """The answer of a public document. Raises: `ProviderError`."""
    return await _asked(httpx2.Request("GET", url, headers=_HEADERS), transport)
