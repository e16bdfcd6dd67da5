"""What the browser is sent with."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.code_request import MAX_LOGIN_SECONDS, CodeRequest
from auth.oauth.grants import Grants
from auth.oauth.writing import code_challenge
from auth.registration import OAuthRegistration, Provider
from auth.secret import Secret

REDIRECT = "http://127.0.0.1:49152/callback"
REGISTRATION = OAuthRegistration(
    provider=Provider(
        token_endpoint="https://login.example/token", authorization_endpoint="https://login.example/auth"
    ),
    client_id="app",
    scopes=("offline_access", "a"),
)


def begun(registration: OAuthRegistration = REGISTRATION, scopes: tuple[str, ...] = ("a", "b")) -> CodeRequest:
    grants = Grants(registration, httpx2.AsyncHTTPTransport(), clock=lambda: 1000.0)
    return grants.code_request(REDIRECT, scopes)


def parameters(request: CodeRequest) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query, strict_parsing=True)


def test_a_login_asks_for_a_code_with_a_challenge_and_a_state() -> None:
    request = begun()

    assert request.url.startswith("https://login.example/auth?")
    assert parameters(request) == {
        "response_type": ["code"],
        "client_id": ["app"],
        "redirect_uri": [REDIRECT],
        "scope": ["a b offline_access"],
        "state": [request.state.reveal()],
        "code_challenge": [code_challenge(request.verifier)],
        "code_challenge_method": ["S256"],
    }
    assert request.scopes == ("a", "b", "offline_access")
    assert request.expires == 1000.0 + MAX_LOGIN_SECONDS


def test_the_challenge_is_that_of_rfc_7636() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_verifier_does_not_leave_and_nothing_is_used_twice() -> None:
    first, second = begun(), begun()
    secrets = [secret.reveal() for one in (first, second) for secret in (one.state, one.nonce, one.verifier)]

    assert len(set(secrets)) == 6
    assert min(map(len, secrets)) >= 43
    assert first.verifier.reveal() not in first.url


def test_a_nonce_is_sent_where_an_id_token_is_asked_for() -> None:
    request = begun(scopes=("openid",))

    assert parameters(request)["nonce"] == [request.nonce.reveal()]


def test_the_resource_is_named_and_what_the_endpoint_has_in_its_query_stays() -> None:
    provider = replace(REGISTRATION.provider, authorization_endpoint="https://login.example/auth?tenant=a%26b&x=")
    request = begun(replace(REGISTRATION, provider=provider, resource="https://api.example/", scopes=()), ())

    assert request.url.startswith("https://login.example/auth?tenant=a%26b&x=&response_type=code&")
    assert "scope" not in request.url
    assert parse_qs(urlsplit(request.url).query)["resource"] == ["https://api.example/"]


@pytest.mark.parametrize("endpoint", ["", "http://login.example/auth", "javascript:alert(1)", "file:///etc/passwd"])
def test_the_browser_is_sent_to_a_safe_address_only(endpoint: str) -> None:
    provider = replace(REGISTRATION.provider, authorization_endpoint=endpoint)

    with pytest.raises(ProviderError, match="authorization endpoint"):
        begun(replace(REGISTRATION, provider=provider))
