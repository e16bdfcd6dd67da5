"""Logins in the vault: when they are asked for, when they are renewed, and what a provider in trouble means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth import CredentialRefused, ProviderError, Secret, SignIn, SignInNeeded
from auth.credentials import Tokens
from auth.registration import SecretRegistration
from auth.rows import SHARED
from tests.servers.loopback import json_response
from tests.servers.stored_vaults import ORIGIN, USE, kit, needed, sent, watching
from tests.servers.token_endpoint import token_endpoint


async def test_who_has_not_logged_in_is_asked_to_with_all_scopes() -> None:
    async with kit() as one:
        registration = replace(one.provider.registration(), scopes=("openid", "read"))
        await one.vault.register(SHARED, "ref", registration, [ORIGIN])
        assert await needed(one, scopes=("read", "write")) == SignIn(
            name="ref", kind="login", reason="there is no login for 'ref' yet", scopes=("openid", "read", "write")
        )


async def test_more_scopes_are_asked_for_beside_those_that_were() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration(), [ORIGIN])
        await one.vault.keep("ada", "ref", one.provider.login("ada"), asked=("read",))
        step_up = await needed(one, scopes=("write",))
        assert step_up.scopes == ("write", "read")
        assert step_up.reason == "the login for 'ref' was not for the scopes write"


async def test_a_scope_that_the_provider_did_not_grant_is_not_asked_for_again() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration(), [ORIGIN])
        granted = replace(one.provider.login("ada"), scopes=("read",))
        await one.vault.keep("ada", "ref", granted, asked=("read", "write"))
        assert await sent(one.vault, replace(USE, scopes=("read", "write"))) == ["access-ada-1"]


async def test_a_login_that_has_expired_and_cannot_be_renewed_is_asked_for() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.vault.keep("ada", "ref", Tokens(access=Secret("access-token"), expires=one.clock.now + 100))
        one.clock.now += 50
        assert (await needed(one)).reason == "the login for 'ref' has expired"


async def test_a_refusal_has_the_tokens_renewed_once_and_then_asks_for_a_login() -> None:
    async with kit() as one:
        await one.logged_in()
        assert await sent(one.vault, USE, 401, 200) == ["access-ada-1", "access-ada-2"]
        with pytest.raises(SignInNeeded, match="the login for 'ref' is not accepted any more"):
            await sent(one.vault, USE, 401, 401)
        assert one.provider.refreshes == 2
        assert (await needed(one)).reason == "the login for 'ref' is not accepted any more"
        await one.logged_in()
        assert await sent(one.vault) == ["access-ada-4"]


async def test_tokens_that_cannot_be_renewed_are_rejected_at_the_first_refusal() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.vault.keep("ada", "ref", Tokens(access=Secret("access-token")))
        with pytest.raises(SignInNeeded):
            await sent(one.vault, USE, 401)
        kept = await one.vault.credential("ada", "ref")
        assert kept is not None
        assert kept.is_rejected


async def test_a_provider_in_trouble_has_nobody_asked_and_nothing_rejected() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        before = await one.vault.credential("ada", "ref")
        one.provider.broken = json_response({}, 503)
        with pytest.raises(ProviderError, match="'ref' could not be renewed just now; try again later") as caught:
            await one.vault.ready(USE)
        assert caught.value.may_pass
        assert await one.vault.credential("ada", "ref") == before
        one.provider.broken = None
        assert await sent(one.vault) == ["access-ada-2"]


async def test_a_refusal_while_the_provider_is_in_trouble_is_no_reason_to_ask_either() -> None:
    async with kit() as one:
        await one.logged_in()
        one.provider.broken = json_response({}, 503)
        with pytest.raises(ProviderError, match="try again later"):
            await sent(one.vault, USE, 401)
        one.provider.broken = None
        assert await sent(one.vault) == ["access-ada-1"]


async def test_a_provider_that_does_not_know_the_client_is_not_the_persons_fault() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.broken = json_response({"error": "invalid_client"}, 401)
        with pytest.raises(ProviderError, match="invalid_client") as caught:
            await one.vault.ready(USE)
        assert not caught.value.may_pass
        one.provider.broken = None
        assert await sent(one.vault) == ["access-ada-2"]


@pytest.mark.parametrize("code", ["invalid_grant", "interaction_required", "login_required", "consent_required"])
async def test_a_refresh_token_that_is_not_taken_means_a_login_and_no_further_try(code: str) -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.broken = json_response({"error": code}, 400)
        assert (await needed(one)).kind == "login"
        assert (await needed(one)).reason == "the login for 'ref' is not accepted any more"
        assert len(one.provider.forms) == 1


# --- clocks


async def test_tokens_are_renewed_a_minute_before_they_expire() -> None:
    async with kit() as one:
        await one.logged_in()
        one.clock.now += 3600 - 61
        assert await sent(one.vault) == ["access-ada-1"]
        one.clock.now += 1
        assert await sent(one.vault) == ["access-ada-2"]


async def test_tokens_that_live_shortly_are_used_for_half_of_that() -> None:
    async with kit() as one:
        one.provider.lifetime = 20
        await one.logged_in(lifetime=20)
        one.clock.now += 9
        assert await sent(one.vault) == ["access-ada-1"]
        one.clock.now += 1
        assert await sent(one.vault) == ["access-ada-2"]
        assert await sent(one.vault) == ["access-ada-2"]


async def test_tokens_that_live_for_no_time_at_all_are_used_as_they_come() -> None:
    async with kit() as one:
        one.provider.lifetime = 0
        await one.logged_in(lifetime=0)
        assert await sent(one.vault) == ["access-ada-2"]
        assert await sent(one.vault, USE, 200) == ["access-ada-3"]


@pytest.mark.parametrize("jump", [-1_000_000.0, -300.0, 300.0, 10_000_000.0])
async def test_a_clock_that_jumps_costs_one_refresh_at_most(jump: float) -> None:
    async with kit() as one:
        await one.logged_in()
        one.clock.now += jump
        for _ in range(3):
            assert len(await sent(one.vault, USE, 200)) == 1
        assert one.provider.refreshes <= 1


async def test_tokens_of_which_nobody_said_when_they_expire_are_used_until_they_are_refused() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=None)
        one.clock.now += 10_000_000
        assert await sent(one.vault, USE, 401) == ["access-ada-1", "access-ada-2"]


# --- tokens of the client itself


async def test_a_clients_own_tokens_are_got_without_the_person_and_kept_for_them_alone() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration("client_credentials"), [ORIGIN])
        assert await sent(one.vault) == await sent(one.vault) == ["access-app-1"]
        assert await sent(one.vault, replace(USE, person="bob")) == ["access-app-2"]
        one.clock.now += 3600
        assert await sent(one.vault) == ["access-app-3"]


async def test_a_clients_own_tokens_are_got_anew_once_when_refused_and_nobody_is_asked() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration("client_credentials"), [ORIGIN])
        assert await sent(one.vault, USE, 401, 401) == ["access-app-1", "access-app-2"]
        assert await sent(one.vault) == ["access-app-2"]


async def test_a_clients_own_tokens_are_got_for_more_scopes_only_once() -> None:
    async with kit() as one:
        one.provider.granted = "read"
        await one.vault.register(SHARED, "ref", one.provider.registration("client_credentials"), [ORIGIN])
        reading, writing = replace(USE, scopes=("read",)), replace(USE, scopes=("write",))
        for use in (reading, writing, reading, writing):
            await sent(one.vault, use)
        assert [form["scope"] for form in one.provider.forms] == ["read", "write read"]


async def test_a_login_is_kept_only_for_what_it_began_with() -> None:
    async with kit() as one, token_endpoint() as other:
        await one.vault.register(SHARED, "ref", one.provider.registration(), [ORIGIN])
        begun = await one.vault.registered("ada", "ref")
        tokens = one.provider.login("ada")
        for registration, origin in (
            (other.registration(), ORIGIN),
            (one.provider.registration(), "https://other.example"),
            (SecretRegistration(), ORIGIN),
        ):
            await one.vault.register(SHARED, "ref", registration, [origin])
            with pytest.raises(CredentialRefused, match=r"'ref' was registered anew meanwhile.*sign in again"):
                await one.vault.keep("ada", "ref", tokens, registered=begun)
            assert await one.vault.credential("ada", "ref") is None
        await one.vault.register("ada", "ref", one.provider.registration(), [ORIGIN])
        await one.vault.keep("ada", "ref", tokens, registered=begun)
        assert await sent(one.vault) == ["access-ada-1"]


async def test_a_registration_that_changes_at_the_last_moment_gets_nothing_of_the_login_before() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration(), [ORIGIN])
        vault, watched = watching(one)

        async def change() -> None:
            await one.vault.register(SHARED, "ref", one.provider.registration(), ["https://other.example"])

        watched.before_write = change
        begun = await vault.registered("ada", "ref")
        await vault.keep("ada", "ref", one.provider.login("ada"), registered=begun)
        with pytest.raises(SignInNeeded):
            await one.vault.ready(replace(USE, origin="https://other.example"))
