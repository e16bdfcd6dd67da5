"""Tokens that are traded for those of who is signed in: whose they are, what goes where, and who is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth import CredentialMissing, ProviderError, Secret, SignInNeeded
from auth.credentials import Given
from auth.registration import Grant, SecretRegistration
from auth.rows import SHARED
from auth.shelf import credential_key
from tests.servers.loopback import json_response
from tests.servers.stored_vaults import ORIGIN, USE, Kit, kit, sent, watching

TRADING: tuple[Grant, ...] = ("token_exchange", "jwt_bearer")
SIGN_ON = "https://sign-on.example"


async def registered(one: Kit, grant: Grant = "token_exchange") -> None:
    """What is traded for the login `main`."""
    await one.vault.register(SHARED, "main", one.provider.registration(), [SIGN_ON])
    await one.vault.register(SHARED, "ref", one.provider.registration(grant, "main"), [ORIGIN])


async def signed_in(person: str) -> Secret | None:
    """The tokens of an embedding program, in which everybody but Eve is signed in."""
    return None if person == "eve" else Secret(f"access-{person}-0")


@pytest.mark.parametrize("grant", TRADING)
async def test_the_token_of_a_login_is_traded_and_what_came_of_it_kept(grant: Grant) -> None:
    async with kit() as one:
        await registered(one, grant)
        await one.logged_in(name="main")
        assert await sent(one.vault) == ["access-traded(ada)-2"]
        assert await sent(one.vault) == ["access-traded(ada)-2"]
        (form,) = one.provider.forms
        assert "access-ada-1" in form.values()


async def test_who_is_not_logged_in_is_asked_for_the_login_that_is_traded() -> None:
    async with kit() as one:
        await registered(one)
        with pytest.raises(SignInNeeded) as caught:
            await one.vault.ready(USE)
        assert (caught.value.sign_in.name, caught.value.sign_in.kind) == ("main", "login")


async def test_the_login_is_renewed_before_it_is_traded() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main", lifetime=0)
        assert await sent(one.vault) == ["access-traded(ada)-3"]
        assert one.provider.refreshes == 1


async def test_a_refused_token_is_traded_anew_once_and_then_the_login_is_asked_for() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main")
        assert await sent(one.vault, USE, 401, 200) == ["access-traded(ada)-2", "access-traded(ada)-3"]
        with pytest.raises(SignInNeeded) as caught:
            await sent(one.vault, USE, 401, 401)
        assert caught.value.sign_in.name == "main"
        assert caught.value.sign_in.reason == "the login for 'main' is not accepted any more for 'ref'"


async def test_a_login_that_is_not_taken_in_trade_is_asked_for() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main")
        one.provider.accepted.clear()
        with pytest.raises(SignInNeeded, match="the login for 'main' is not accepted any more for 'ref'"):
            await one.vault.ready(USE)


async def test_trouble_of_the_provider_asks_nobody() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main")
        one.provider.broken = json_response({}, 503)
        with pytest.raises(ProviderError, match="try again later"):
            await one.vault.ready(USE)


async def test_who_logs_in_as_somebody_else_has_nothing_of_before() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main")
        await sent(one.vault)
        await one.vault.keep("ada", "main", one.provider.login("work"))
        assert await sent(one.vault) == ["access-traded(work)-4"]
        await one.vault.forget("ada", "main")
        assert await one.vault.credential("ada", "ref") is None


async def test_a_credential_is_never_traded_for_itself() -> None:
    async with kit() as one:
        trading = one.provider.registration("token_exchange", "b")
        await one.vault.register(SHARED, "ref", trading, [ORIGIN])
        await one.vault.register(SHARED, "b", replace(trading, subject="c"), [ORIGIN])
        await one.vault.register(SHARED, "c", replace(trading, subject="b"), [ORIGIN])
        with pytest.raises(CredentialMissing, match="for itself: 'ref' -> 'b' -> 'c' -> 'b'; register another"):
            await one.vault.ready(USE)
        assert one.provider.forms == []


async def test_a_subject_that_is_not_registered_is_named() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration("token_exchange", "main"), [ORIGIN])
        with pytest.raises(CredentialMissing, match="'main' is not registered"):
            await one.vault.ready(USE)


async def test_what_is_traded_may_be_traded_itself_or_be_given() -> None:
    async with kit() as one:
        await registered(one)
        await one.vault.register(SHARED, "far", one.provider.registration("token_exchange", "ref"), [ORIGIN])
        await one.logged_in(name="main")
        assert await sent(one.vault, replace(USE, reference="far")) == ["access-traded(traded(ada))-3"]
        await one.vault.register(SHARED, "main", SecretRegistration(), [SIGN_ON])
        one.provider.accepted.add("access-key-0")
        await one.vault.keep("bob", "main", Given(value=Secret("access-key-0")))
        assert await sent(one.vault, replace(USE, person="bob")) == ["access-traded(key)-4"]


@pytest.mark.parametrize("grant", TRADING)
async def test_the_token_of_the_embedding_program_is_traded_for_each_person_and_never_sent(grant: Grant) -> None:
    async with kit(subject=signed_in) as one:
        await one.vault.register(SHARED, "ref", one.provider.registration(grant), [ORIGIN])
        one.provider.accepted |= {"access-ada-0", "access-bob-0"}
        assert await sent(one.vault) == ["access-traded(ada)-1"]
        assert await sent(one.vault, replace(USE, person="bob")) == ["access-traded(bob)-2"]
        assert "access-ada-0" not in one.secrets.masked("access-ada-0")
        with pytest.raises(CredentialMissing, match="for who is signed in, and 'eve' is not"):
            await one.vault.ready(replace(USE, person="eve"))


@pytest.mark.parametrize("grant", TRADING)
async def test_who_has_signed_out_of_the_embedding_program_sends_nothing_that_was_traded(grant: Grant) -> None:
    tokens: dict[str, Secret] = {"ada": Secret("access-ada-0")}

    async def subject(person: str) -> Secret | None:
        return tokens.get(person)

    async with kit(subject=subject) as one:
        await one.vault.register(SHARED, "ref", one.provider.registration(grant), [ORIGIN])
        one.provider.accepted |= {"access-ada-0", "access-eve-0"}
        assert await sent(one.vault) == ["access-traded(ada)-1"]
        assert await sent(one.vault) == ["access-traded(ada)-1"]
        del tokens["ada"]
        with pytest.raises(CredentialMissing, match="'ada' is not"):
            await one.vault.ready(USE)
        tokens["ada"] = Secret("access-eve-0")
        assert await sent(one.vault) == ["access-traded(eve)-2"]


async def test_without_an_embedding_program_nobody_is_signed_in_to_it() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration("jwt_bearer"), [ORIGIN])
        with pytest.raises(CredentialMissing, match="'ada' is not"):
            await one.vault.ready(USE)


async def test_nothing_that_was_traded_for_an_earlier_login_goes_out() -> None:
    async with kit() as one:
        await registered(one)
        await one.logged_in(name="main")
        vault, watched = watching(one)

        async def log_in() -> None:
            await one.vault.keep("ada", "main", one.provider.login("eve", expires=one.clock.now + 3600))

        watched.before_write = log_in
        assert await sent(vault) == ["access-traded(eve)-4"]
        assert await sent(one.vault) == ["access-traded(eve)-4"]


async def test_nothing_that_was_traded_by_way_of_others_for_an_earlier_login_goes_out() -> None:
    async with kit() as one:
        await registered(one)
        await one.vault.register(SHARED, "far", one.provider.registration("token_exchange", "ref"), [ORIGIN])
        await one.logged_in(name="main")
        far = replace(USE, reference="far")
        assert await sent(one.vault, far) == ["access-traded(traded(ada))-3"]
        traded = await one.records.read(credential_key("ada", "ref"))
        assert traded is not None
        await one.vault.keep("ada", "main", one.provider.login("eve", expires=one.clock.now + 3600))
        await one.records.write(replace(traded, version=0))  # as an exchange does that was under way
        assert await sent(one.vault, far) == ["access-traded(traded(eve))-6"]


async def test_what_was_traded_is_used_after_its_login_was_renewed() -> None:
    async with kit() as one:
        await registered(one)
        await one.vault.register(SHARED, "main", one.provider.registration(), [ORIGIN])
        await one.logged_in(name="main")
        assert await sent(one.vault) == ["access-traded(ada)-2"]
        assert await sent(one.vault, replace(USE, reference="main"), 401) == ["access-ada-1", "access-ada-3"]
        assert await sent(one.vault) == ["access-traded(ada)-2"]
