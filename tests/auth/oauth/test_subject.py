"""The token that a person signed in with, before it is traded."""

from __future__ import annotations

import base64
import json

import pytest

from auth.errors import ProviderError
from auth.oauth.subject import check_subject
from auth.registration import Grant, OAuthRegistration, Provider
from auth.secret import Secret
from runtimes.values import Json, JsonObject

NOW = 1_800_000_000.0
OURS = "6f1d0d2c-0a0a-4f52-9d52-3f2f0c1b7a11"
OTHER = "00000003-0000-0000-c000-000000000000"
TENANT = "9a1c2b3d-1111-4222-8333-444455556666"
ELSEWHERE = "9a1c2b3d-1111-4222-8333-444455557777"


def registration(grant: Grant = "jwt_bearer", client_id: str = OURS) -> OAuthRegistration:
    issuer = f"https://login.example/{TENANT}/v2.0"
    provider = Provider(token_endpoint="https://login.example/token", issuer=issuer)
    return OAuthRegistration(provider=provider, client_id=client_id, grant=grant)


def token(claims: Json) -> Secret:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims))
    return Secret(".".join([*parts, "AAAA"]))


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": NOW + 60, "nbf": NOW, "aud": OURS},
        {"exp": NOW - 299, "nbf": NOW + 299},
        {"exp": "never", "nbf": None, "aud": 5, "iss": 5},
        {"aud": OURS.upper()},
        {"aud": [OTHER, OURS]},
        {"aud": "api://albums"},
        {"aud": [OTHER, "api://albums"]},
        {"iss": f"https://sts.example/{TENANT}/"},
        {"iss": "https://login.example"},
    ],
)
def test_what_may_be_for_us_is_left_to_the_server(claims: JsonObject) -> None:
    check_subject(token(claims), registration(), now=NOW)


@pytest.mark.parametrize("text", ["", "an-opaque-token", "a.b.c", "a.b.c.d.e", "é.é.é", "x" * 100_000])
def test_what_nobody_but_the_server_can_read_is_left_to_it(text: str) -> None:
    check_subject(Secret(text), registration(), now=NOW)


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"exp": NOW - 300}, "has expired"),
        ({"exp": 0}, "has expired"),
        ({"nbf": NOW + 301}, "not valid yet"),
        ({"aud": OTHER}, "another client"),
        ({"aud": [OTHER, ELSEWHERE]}, "another client"),
        ({"iss": f"https://sts.example/{ELSEWHERE}/"}, "another tenant"),
    ],
)
def test_what_is_certainly_not_for_us_is_not_sent(claims: JsonObject, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem) as raised:
        check_subject(token(claims), registration(), now=NOW)

    assert (raised.value.code, raised.value.may_pass) == ("invalid_grant", False)


def test_an_exchange_is_for_tokens_of_others_too() -> None:
    check_subject(token({"aud": OTHER, "iss": ELSEWHERE}), registration("token_exchange"), now=NOW)
    with pytest.raises(ProviderError, match="has expired"):
        check_subject(token({"exp": 0}), registration("token_exchange"), now=NOW)


def test_a_client_without_such_an_id_is_not_compared() -> None:
    check_subject(token({"aud": OTHER}), registration(client_id="app"), now=NOW)
