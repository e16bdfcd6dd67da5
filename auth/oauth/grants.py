"""What an authorization server is asked for: tokens, by each grant; newer ones; and to forget them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import anyio
import httpx2

from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.oauth.answer import document_of
from auth.oauth.callback import code_of
from auth.oauth.client import Form, got, posted
from auth.oauth.code_request import MAX_LOGIN_SECONDS, CodeRequest
from auth.oauth.device import DeviceRequest, Sleep, device_request_of, polled
from auth.oauth.endpoints import checked_url
from auth.oauth.id_token import Login, subject_of
from auth.oauth.subject import check_subject
from auth.oauth.token_answer import TokenAnswer, tokens_of
from auth.oauth.writing import code_challenge, login_url
from auth.registration import OAuthRegistration
from auth.secret import Secret

OPENID = "openid"
"""The scope that makes a login one of OpenID Connect, with an id_token."""

RANDOM_BYTES = 32
"""Of a state, a nonce and a verifier."""

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SUBJECT_TYPE = "urn:ietf:params:oauth:token-type:access_token"


def _random() -> Secret:
    return Secret(secrets.token_urlsafe(RANDOM_BYTES))


class Grants:
    """Asks the authorization server of one registration.

    It keeps nothing: tokens are handed out, and a login is in its request. Every method raises: `ProviderError`, whose
    `may_pass` says if the server was only not to be had.
    """

    def __init__(
        self,
        registration: OAuthRegistration,
        transport: httpx2.AsyncBaseTransport,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._registration = registration
        self._provider = registration.provider
        self._transport = transport
        self._clock = clock
        self._sleep = sleep

    def __repr__(self) -> str:
        """Tells the client, and no secret."""
        return f"<Grants of {self._registration.client_id!r}>"

    def _wanted(self, scopes: Sequence[str]) -> tuple[str, ...]:
        """Those of the manifest and of the registration, each once."""
        return tuple(dict.fromkeys((*scopes, *self._registration.scopes)))

    @property
    def _resource(self) -> str:
        """Whom a token is for: RFC 8693 calls it otherwise, and Entra has it in the scopes."""
        return "" if self._registration.grant in {"token_exchange", "jwt_bearer"} else self._registration.resource

    async def _tokens(self, form: Form, asked: Sequence[str]) -> TokenAnswer:
        endpoint = checked_url(self._provider.token_endpoint, "token endpoint")
        answer = await posted(endpoint, form, self._registration, self._transport)
        return tokens_of(answer, asked=asked, now=self._clock())

    async def _signed_in(self, answer: TokenAnswer, nonce: Secret | None) -> Tokens:
        """The tokens with the person's name, where the provider has signed it."""
        if answer.id_token is None:
            return answer.tokens
        key_set = None
        if self._provider.jwks_uri:
            url = checked_url(self._provider.jwks_uri, "jwks_uri")
            key_set = document_of(await got(url, self._transport)).members
        login = Login(
            issuer=self._provider.issuer,
            client_id=self._registration.client_id,
            nonce=nonce,
            now=self._clock(),
        )
        return replace(answer.tokens, subject=subject_of(answer.id_token, key_set, login))

    def code_request(self, redirect_uri: str, scopes: Sequence[str]) -> CodeRequest:
        """Begins a login in a browser, with PKCE."""
        wanted = self._wanted(scopes)
        state, nonce, verifier = _random(), _random(), _random()
        url = login_url(
            checked_url(self._provider.authorization_endpoint, "authorization endpoint"),
            self._registration.client_id,
            {
                "redirect_uri": redirect_uri,
                "scope": " ".join(wanted),
                "state": state.reveal(),
                "nonce": nonce.reveal() if OPENID in wanted else "",
                "code_challenge": code_challenge(verifier),
                "code_challenge_method": "S256",
                "resource": self._resource,
            },
        )
        return CodeRequest(
            url=url,
            redirect_uri=redirect_uri,
            state=state,
            nonce=nonce,
            verifier=verifier,
            scopes=wanted,
            expires=self._clock() + MAX_LOGIN_SECONDS,
        )

    async def code_answered(self, request: CodeRequest, query: str) -> Tokens:
        """Ends a login with what the browser brought back: the query, without the question mark."""
        code = code_of(
            query,
            request,
            issuer=self._provider.issuer,
            names_issuer=self._provider.names_issuer,
            now=self._clock(),
        )
        form: Form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
            "resource": self._resource,
        }
        answer = await self._tokens(form, request.scopes)
        return await self._signed_in(answer, request.nonce if OPENID in request.scopes else None)

    async def device_request(self, scopes: Sequence[str]) -> DeviceRequest:
        """Begins a login on another device."""
        wanted = self._wanted(scopes)
        endpoint = checked_url(self._provider.device_authorization_endpoint, "device authorization endpoint")
        form: Form = {"scope": " ".join(wanted), "resource": self._resource}
        answer = await posted(endpoint, form, self._registration, self._transport)
        return device_request_of(answer, scopes=wanted, now=self._clock())

    async def device_answered(self, request: DeviceRequest) -> Tokens:
        """Waits until the person has decided there: `access_denied`, or `expired_token` where they do not."""
        form: Form = {
            "grant_type": _DEVICE,
            "device_code": request.device_code,
            "resource": self._resource,
        }

        async def ask() -> TokenAnswer:
            return await self._tokens(form, request.scopes)

        answer = await polled(request, ask, clock=self._clock, sleep=self._sleep)
        return await self._signed_in(answer, None)

    async def renewed(self, tokens: Tokens) -> Tokens:
        """Newer tokens for the same; the refresh token is the old one where the server gave no other."""
        if tokens.refresh is None:
            raise ProviderError("there is no refresh token; sign in again", code="invalid_grant")
        form: Form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh,
            "resource": self._resource,
        }
        newer = (await self._tokens(form, tokens.scopes)).tokens
        return replace(newer, refresh=newer.refresh or tokens.refresh, subject=tokens.subject)

    async def client_credentials(self, scopes: Sequence[str]) -> Tokens:
        """Tokens for the client itself (RFC 6749 4.4)."""
        wanted = self._wanted(scopes)
        form: Form = {
            "grant_type": "client_credentials",
            "scope": " ".join(wanted),
            "resource": self._resource,
        }
        return (await self._tokens(form, wanted)).tokens

    async def exchanged(self, subject: Secret, scopes: Sequence[str]) -> Tokens:
        """Tokens for the API in trade for the person's own: RFC 8693, or Entra's on-behalf-of.

        One that has expired or is certainly for another client is not sent: `invalid_grant`.
        """
        check_subject(subject, self._registration, now=self._clock())
        wanted = self._wanted(scopes)
        form: Form = {
            "grant_type": _EXCHANGE,
            "subject_token": subject,
            "subject_token_type": _SUBJECT_TYPE,
            "requested_token_type": _SUBJECT_TYPE,
            "audience": self._registration.resource,
            "scope": " ".join(wanted),
        }
        if self._registration.grant == "jwt_bearer":
            form = {
                "grant_type": _JWT_BEARER,
                "assertion": subject,
                "requested_token_use": "on_behalf_of",
                "scope": " ".join(wanted),
            }
        return (await self._tokens(form, wanted)).tokens

    async def _revoke(self, endpoint: str, token: Secret, hint: str) -> None:
        form: Form = {"token": token, "token_type_hint": hint}
        answer = await posted(endpoint, form, self._registration, self._transport)
        if answer.status != 200:
            document_of(answer)

    async def revoked(self, tokens: Tokens) -> bool:
        """Has the server forget the tokens (RFC 7009); False where it does not offer that."""
        if not self._provider.revocation_endpoint:
            return False
        endpoint = checked_url(self._provider.revocation_endpoint, "revocation endpoint")
        if tokens.refresh is not None:
            await self._revoke(endpoint, tokens.refresh, "refresh_token")
        try:
            await self._revoke(endpoint, tokens.access, "access_token")
        except ProviderError as error:
            # a server may keep no list of its access tokens (RFC 7009 2.2.1)
            if error.code != "unsupported_token_type":
                raise
        return True
