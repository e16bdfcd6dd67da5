"""Logins at a real OpenID provider, which checks PKCE strictly."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.code_request import MAX_LOGIN_SECONDS
from auth.secret import Secret
from tests.servers.openid_provider import REDIRECT, SCOPES, OpenIdProvider


@pytest.mark.parametrize("client", ["app", "service", "posting"])
async def test_a_login_gives_tokens_and_says_for_whom(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport, client: str
) -> None:
    grants = provider.grants(transport, provider.registration(client))

    tokens = await provider.logged_in(grants)

    known = await provider.introspected(tokens.access)
    assert (known["active"], known["sub"], known["client_id"]) == (True, "ada", client)
    assert tokens.subject == "ada"
    assert tokens.scopes == SCOPES
    assert tokens.refresh is not None
    assert tokens.expires == pytest.approx(provider.clock() + 300, abs=20)


async def test_a_refused_consent_is_access_denied(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    callback = await provider.deny(request.url)

    with pytest.raises(ProviderError, match="access_denied") as raised:
        await grants.code_answered(request, urlsplit(callback).query)

    assert raised.value.code == "access_denied"
    assert not raised.value.may_pass


async def test_the_answer_of_another_login_is_refused_and_does_not_end_this_one(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    mine, other = grants.code_request(REDIRECT, SCOPES), grants.code_request(REDIRECT, SCOPES)
    answer_to_other = await provider.answer_to(other)

    with pytest.raises(ProviderError, match="another state"):
        await grants.code_answered(mine, answer_to_other)

    assert (await grants.code_answered(mine, await provider.answer_to(mine))).subject == "ada"


async def test_an_answer_from_another_issuer_is_refused(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(
        transport, replace(provider.registration(), provider=provider.renamed("https://evil.example"))
    )
    request = grants.code_request(REDIRECT, SCOPES)

    with pytest.raises(ProviderError, match=r"another issuer than 'https://evil\.example'"):
        await grants.code_answered(request, await provider.answer_to(request))


async def test_an_answer_that_does_not_name_its_issuer_is_refused(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    answer = parse_qs(await provider.answer_to(request))
    assert answer.pop("iss") == [provider.url]

    with pytest.raises(ProviderError, match="does not name its issuer"):
        await grants.code_answered(request, urlencode(answer, doseq=True))


@pytest.mark.parametrize("verifier", [Secret("x" * 43), Secret("")], ids=["wrong", "missing"])
async def test_the_provider_refuses_a_code_without_its_verifier(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport, verifier: Secret
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    query = await provider.answer_to(request)

    with pytest.raises(ProviderError) as raised:
        await grants.code_answered(replace(request, verifier=verifier), query)

    assert raised.value.code == "invalid_grant"


async def test_the_provider_refuses_a_login_without_a_challenge(provider: OpenIdProvider) -> None:
    bare = {"client_id": "app", "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "s"}

    callback = await provider.consent(f"{provider.url}/auth?{urlencode(bare)}")

    assert parse_qs(urlsplit(callback).query)["error"] == ["invalid_request"]


async def test_an_id_token_of_another_login_is_refused(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    query = await provider.answer_to(request)

    with pytest.raises(ProviderError, match="another login"):
        await grants.code_answered(replace(request, nonce=Secret("another")), query)


async def test_a_login_is_answered_once(provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    query = await provider.answer_to(request)
    await grants.code_answered(request, query)

    with pytest.raises(ProviderError, match="answered already"):
        await grants.code_answered(request, query)


async def test_a_code_that_is_used_twice_takes_the_tokens_back(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    stolen = replace(request, answer=type(request.answer)())
    query = await provider.answer_to(request)
    tokens = await grants.code_answered(request, query)

    with pytest.raises(ProviderError) as raised:
        await grants.code_answered(stolen, query)

    assert raised.value.code == "invalid_grant"
    assert (await provider.introspected(tokens.access))["active"] is False


async def test_a_code_expires(provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    query = await provider.answer_to(request)
    await provider.later(90)

    with pytest.raises(ProviderError) as raised:
        await grants.code_answered(request, query)

    assert raised.value.code == "invalid_grant"


async def test_a_login_that_takes_too_long_is_over(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    request = grants.code_request(REDIRECT, SCOPES)
    await provider.later(int(MAX_LOGIN_SECONDS) + 1)

    with pytest.raises(ProviderError, match="took too long"):
        await grants.code_answered(request, await provider.answer_to(request))
