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


SHARED = "https://login.example/common/oauth2/v2.0/token"
ISSUER = f"https://login.example/{TENANT}/v2.0"
GOOD: JsonObject = {"exp": NOW + 60, "aud": OURS, "iss": ISSUER, "tid": TENANT}


def registration(
    grant: Grant = "jwt_bearer",
    client_id: str = OURS,
    *,
    issuer: str = ISSUER,
    token_endpoint: str = "https://login.example/token",
) -> OAuthRegistration:
    provider = Provider(token_endpoint=token_endpoint, issuer=issuer)
    return OAuthRegistration(provider=provider, client_id=client_id, grant=grant)


def token(claims: Json) -> Secret:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims))
    return Secret(".".join([*parts, "AAAA"]))


def good_but(changes: JsonObject) -> Secret:
    """A token that is taken but for these claims; None leaves one out."""
    return token({name: value for name, value in (GOOD | changes).items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"nbf": NOW},
        {"exp": NOW - 299, "nbf": NOW + 299},
        {"exp": NOW + 0.5, "nbf": "never"},
        {"aud": OURS.upper()},
        {"aud": [OTHER, OURS]},
        {"aud": f"api://{OURS}"},
        {"aud": f"API://{OURS.upper()}"},
        {"aud": "api://albums"},
        {"aud": [OTHER, "api://albums"]},
        {"iss": f"https://sts.example/{TENANT}/"},
        {"iss": f"https://sts.example/{TENANT.upper()}/", "tid": None},
    ],
)
def test_what_may_be_for_us_is_left_to_the_server(changes: JsonObject) -> None:
    check_subject(good_but(changes), registration(), now=NOW)


@pytest.mark.parametrize(
    "changes", [{}, {"iss": f"https://sts.example/{ELSEWHERE}/", "tid": ELSEWHERE}, {"iss": None, "tid": None}]
)
def test_a_provider_of_many_tenants_takes_the_tokens_of_all(changes: JsonObject) -> None:
    check_subject(good_but(changes), registration(issuer="", token_endpoint=SHARED), now=NOW)


@pytest.mark.parametrize("text", ["", "an-opaque-token", "a.b.c", "a.b.c.d.e", "é.é.é", "x" * 100_000])
def test_what_nobody_but_the_server_can_read_is_left_to_it(text: str) -> None:
    check_subject(Secret(text), registration(), now=NOW)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"exp": NOW - 300}, "has expired"),
        ({"exp": 0}, "has expired"),
        ({"exp": None}, "how long it lives"),
        ({"exp": str(NOW + 60)}, "how long it lives"),
        ({"exp": True}, "how long it lives"),
        ({"nbf": NOW + 301}, "not valid yet"),
        ({"aud": None}, "whom it is for"),
        ({"aud": 5}, "whom it is for"),
        ({"aud": OTHER}, "another client"),
        ({"aud": f"api://{OTHER}"}, "another client"),
        ({"aud": [OTHER, f"api://{ELSEWHERE}"]}, "another client"),
        ({"iss": f"https://sts.example/{ELSEWHERE}/"}, "tenant of the provider \\('iss'\\)"),
        ({"iss": "https://evil.example"}, "tenant of the provider \\('iss'\\)"),
        ({"iss": None}, "tenant of the provider \\('iss'\\)"),
        ({"iss": [TENANT]}, "tenant of the provider \\('iss'\\)"),
        ({"tid": ELSEWHERE}, "tenant of the provider \\('tid'\\)"),
        ({"tid": 5}, "tenant of the provider \\('tid'\\)"),
    ],
)
@pytest.mark.parametrize("is_discovered", [True, False])
def test_what_is_certainly_not_for_us_is_not_sent(changes: JsonObject, problem: str, *, is_discovered: bool) -> None:
    """Whether the issuer of the registration names the tenant, or its token endpoint alone."""
    endpoint = f"https://login.example/{TENANT}/oauth2/v2.0/token"
    ours = registration() if is_discovered else registration(issuer="", token_endpoint=endpoint)

    with pytest.raises(ProviderError, match=problem) as raised:
        check_subject(good_but(changes), ours, now=NOW)

    assert (raised.value.code, raised.value.may_pass) == ("invalid_grant", False)


@pytest.mark.parametrize("claims", [{}, {"aud": OTHER, "iss": ELSEWHERE}, {"exp": NOW, "tid": ELSEWHERE}])
def test_an_exchange_is_for_tokens_of_others_too(claims: JsonObject) -> None:
    check_subject(token(claims), registration("token_exchange"), now=NOW)


@pytest.mark.parametrize("exp", [0, NOW - 300, "never", None, True])
def test_an_exchange_takes_no_token_that_has_expired_or_does_not_say_when(exp: Json) -> None:
    with pytest.raises(ProviderError, match=r"has expired|how long it lives"):
        check_subject(token({"exp": exp}), registration("token_exchange"), now=NOW)


def test_a_client_without_such_an_id_is_not_compared() -> None:
    check_subject(good_but({"aud": OTHER}), registration(client_id="app"), now=NOW)
