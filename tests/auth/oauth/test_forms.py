"""What a token endpoint is sent for each grant, word for word."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx2
import pytest

from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.oauth.grants import Grants
from auth.registration import Grant, OAuthRegistration, Provider
from auth.secret import Secret

TOKENS = Tokens(access=Secret("an-access-token"), refresh=Secret("a-refresh-token"))
URL = "https://login.example"


@dataclass(slots=True, kw_only=True)
class Heard:
    """A server that gives a token to everybody, and what it was sent."""

    answers: dict[str, httpx2.Response] = field(default_factory=dict[str, httpx2.Response])
    forms: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        self.forms.append(form)
        given = httpx2.Response(200, json={"access_token": "a-token", "token_type": "Bearer"})
        return self.answers.get(form.get("token", ""), given)

    def grants(self, grant: Grant, resource: str = "https://api.example/") -> Grants:
        provider = Provider(token_endpoint=f"{URL}/token", revocation_endpoint=f"{URL}/revoke")
        registration = OAuthRegistration(
            provider=provider, client_id="app", grant=grant, scopes=("base",), resource=resource
        )
        return Grants(registration, httpx2.MockTransport(self.answer), clock=lambda: 1000.0)


@pytest.mark.parametrize("grant", ["authorization_code", "device_code", "client_credentials"])
async def test_a_refresh_names_the_resource(grant: Grant) -> None:
    heard = Heard()
    await heard.grants(grant).renewed(TOKENS)

    assert heard.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "a-refresh-token",
            "resource": "https://api.example/",
            "client_id": "app",
        }
    ]


@pytest.mark.parametrize("grant", ["token_exchange", "jwt_bearer"])
async def test_a_refresh_of_what_was_traded_names_none(grant: Grant) -> None:
    heard = Heard()
    await heard.grants(grant).renewed(TOKENS)

    assert heard.forms == [{"grant_type": "refresh_token", "refresh_token": "a-refresh-token", "client_id": "app"}]


async def test_client_credentials_ask_for_the_scopes_of_both() -> None:
    heard = Heard()
    tokens = await heard.grants("client_credentials").client_credentials(("a", "base"))

    assert heard.forms == [
        {
            "grant_type": "client_credentials",
            "scope": "a base",
            "resource": "https://api.example/",
            "client_id": "app",
        }
    ]
    assert tokens.scopes == ("a", "base")


async def test_an_exchange_is_that_of_rfc_8693() -> None:
    heard = Heard()
    await heard.grants("token_exchange").exchanged(Secret("a-subject-token"), ("a",))

    assert heard.forms == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": "a-subject-token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "https://api.example/",
            "scope": "a base",
            "client_id": "app",
        }
    ]


async def test_on_behalf_of_is_that_of_entra() -> None:
    heard = Heard()
    await heard.grants("jwt_bearer").exchanged(Secret("a-subject-token"), ("a",))

    assert heard.forms == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": "a-subject-token",
            "requested_token_use": "on_behalf_of",
            "scope": "a base",
            "client_id": "app",
        }
    ]


@pytest.mark.parametrize("grant", ["token_exchange", "jwt_bearer"])
async def test_a_subject_token_that_has_expired_does_not_leave(grant: Grant) -> None:
    heard = Heard()
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, {"exp": 600}))
    expired = Secret(".".join([*parts, "AAAA"]))

    with pytest.raises(ProviderError, match="has expired") as raised:
        await heard.grants(grant).exchanged(expired, ())

    assert heard.forms == []
    assert raised.value.code == "invalid_grant"


async def test_an_access_token_that_is_not_revoked_is_an_error_where_it_could_be() -> None:
    heard = Heard(answers={"an-access-token": httpx2.Response(401, json={"error": "invalid_client"})})

    with pytest.raises(ProviderError) as raised:
        await heard.grants("authorization_code").revoked(TOKENS)

    assert raised.value.code == "invalid_client"
    assert [form["token"] for form in heard.forms] == ["a-refresh-token", "an-access-token"]


async def test_without_a_refresh_token_the_access_token_alone_is_revoked() -> None:
    heard = Heard()

    assert await heard.grants("authorization_code").revoked(Tokens(access=Secret("an-access-token"))) is True
    assert heard.forms == [{"token": "an-access-token", "token_type_hint": "access_token", "client_id": "app"}]
