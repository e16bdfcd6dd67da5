"""What a login is followed by at a real OpenID provider: refreshes with rotation, exchanges, revocation; discovery."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.oauth.discovery import discovered
from auth.registration import Grant
from auth.secret import Secret
from tests.servers.openid_provider import AUDIENCE, SCOPES, OpenIdProvider


async def test_a_refresh_gives_another_pair_for_the_same_person(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    first = await provider.logged_in(grants)
    await provider.later(301)
    assert (await provider.introspected(first.access))["active"] is False

    second = await grants.renewed(first)

    assert (await provider.introspected(second.access))["active"] is True
    assert second.refresh not in (None, first.refresh)
    assert (second.subject, second.scopes) == ("ada", SCOPES)
    assert (await grants.renewed(second)).refresh != second.refresh


async def test_an_old_refresh_token_takes_the_whole_family_back(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    first = await provider.logged_in(grants)
    second = await grants.renewed(first)

    for tokens in (first, second):
        with pytest.raises(ProviderError) as raised:
            await grants.renewed(tokens)
        assert raised.value.code == "invalid_grant"
        assert not raised.value.may_pass

    assert (await provider.introspected(second.access))["active"] is False


async def test_without_a_refresh_token_a_person_has_to_sign_in_again(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    with pytest.raises(ProviderError, match="sign in again") as raised:
        await provider.grants(transport).renewed(Tokens(access=Secret("a-token")))

    assert raised.value.code == "invalid_grant"


@pytest.mark.parametrize("client", ["service", "posting"])
async def test_a_client_gets_tokens_for_itself(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport, client: str
) -> None:
    registration = provider.registration(client, grant="client_credentials", scopes=("albums.write",))

    tokens = await provider.grants(transport, registration).client_credentials(("albums.read",))

    known = await provider.introspected(tokens.access)
    assert (known["active"], known["client_id"]) == (True, client)
    assert tokens.scopes == ("albums.read", "albums.write")
    assert tokens.refresh is None


async def test_a_token_is_for_the_resource_of_the_registration(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    registration = provider.registration("service", grant="client_credentials")
    wrong = replace(registration, resource="https://another.example/")
    right = replace(registration, resource=AUDIENCE)

    tokens = await provider.grants(transport, right).client_credentials(("albums.read",))
    with pytest.raises(ProviderError) as raised:
        await provider.grants(transport, wrong).client_credentials(("albums.read",))

    assert (await provider.introspected(tokens.access))["aud"] == AUDIENCE
    assert raised.value.code == "invalid_target"


async def test_a_wrong_secret_is_invalid_client_and_is_not_in_the_error(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    registration = replace(provider.registration("service"), client_secret=Secret("wrong-secret-0042"))

    with pytest.raises(ProviderError) as raised:
        await provider.grants(transport, registration).client_credentials(())

    assert raised.value.code == "invalid_client"
    assert "wrong-secret-0042" not in str(raised.value)


@pytest.mark.parametrize("grant", ["token_exchange", "jwt_bearer"])
async def test_the_token_of_a_person_is_traded_for_one_of_the_api(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport, grant: Grant
) -> None:
    subject = await provider.logged_in(provider.grants(transport))
    registration = provider.registration("service", grant=grant)

    traded = await provider.grants(transport, registration).exchanged(subject.access, ("albums.read",))

    known = await provider.introspected(traded.access)
    assert (known["sub"], known["client_id"], known["scope"]) == ("ada", "service", "albums.read")
    assert traded.access != subject.access
    assert traded.scopes == ("albums.read",)


async def test_an_exchange_for_an_unknown_audience_is_refused(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    subject = await provider.logged_in(provider.grants(transport))
    registration = replace(provider.registration("service", grant="token_exchange"), resource="https://evil.example/")

    with pytest.raises(ProviderError) as raised:
        await provider.grants(transport, registration).exchanged(subject.access, ())

    assert raised.value.code == "invalid_target"


@pytest.mark.parametrize("grant", ["token_exchange", "jwt_bearer"])
async def test_a_token_that_has_expired_is_not_traded(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport, grant: Grant
) -> None:
    subject = await provider.logged_in(provider.grants(transport))
    registration = provider.registration("service", grant=grant)
    await provider.later(301)

    with pytest.raises(ProviderError) as raised:
        await provider.grants(transport, registration).exchanged(subject.access, ())

    assert raised.value.code == "invalid_grant"


async def test_a_revoked_token_and_its_refresh_token_are_good_for_nothing(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    tokens = await provider.logged_in(grants)

    assert await grants.revoked(tokens) is True

    assert (await provider.introspected(tokens.access))["active"] is False
    with pytest.raises(ProviderError) as raised:
        await grants.renewed(tokens)
    assert raised.value.code == "invalid_grant"


async def test_what_is_revoked_already_is_revoked_again_without_an_error(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    grants = provider.grants(transport)
    tokens = await provider.logged_in(grants)
    await grants.revoked(tokens)

    assert await grants.revoked(tokens) is True


async def test_a_provider_that_offers_no_revocation_is_not_asked(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    registration = provider.registration()
    silent = replace(registration, provider=replace(registration.provider, revocation_endpoint=""))

    assert await provider.grants(transport, silent).revoked(Tokens(access=Secret("a-token"))) is False


async def test_the_provider_is_discovered_by_its_issuer_alone(
    provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport
) -> None:
    assert await discovered(provider.url, transport) == provider.endpoints
    assert await discovered(f"{provider.url}/.well-known/openid-configuration", transport) == provider.endpoints
