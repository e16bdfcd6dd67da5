"""The vault of what is kept: what is given, to whom, for which origins, and what the person is asked for."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from auth import CredentialMissing, CredentialRefused, Secret, SignIn, SignInNeeded
from auth.credentials import Given, Tokens
from auth.errors import SealBroken
from auth.keys import GivenKeys, new_key
from auth.registration import SecretRegistration
from auth.rows import SHARED, RowsInMemory
from auth.sealed import SealedRecords
from auth.shelf import credential_key
from auth.stored import Forgotten, Listed, StoredVault
from tests.servers.loopback import json_response
from tests.servers.stored_vaults import ORIGIN, USE, Kit, kit, needed, sent

KEY = SecretRegistration(hint="API key in the header X-Key")


async def given(one: Kit, person: str = "ada", name: str = "ref", value: str = "the-key-of-ada") -> None:
    if await one.vault.registered(person, name) is None:
        await one.vault.register(SHARED, name, KEY, [ORIGIN])
    await one.vault.keep(person, name, Given(value=Secret(value)))


# --- registrations


async def test_what_nobody_registered_is_missing_and_the_message_says_how_to_add_it() -> None:
    async with kit() as one:
        with pytest.raises(CredentialMissing, match="'ref' is not registered; add it: orchestrator auth add ref"):
            await one.vault.ready(USE)
        assert not await one.vault.has("ref")


async def test_it_has_what_is_registered_or_kept_for_anybody_and_the_parts_of_it() -> None:
    async with kit() as one:
        await one.vault.register("bob", "own", KEY, [ORIGIN])
        await one.vault.register(SHARED, "split/app", KEY, [ORIGIN])
        assert [await one.vault.has(name) for name in ("own", "split", "split/app", "spl", "app")] == [
            True,
            True,
            True,
            False,
            False,
        ]


async def test_a_persons_own_registration_comes_before_the_shared_one() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", KEY, ["https://shared.example"])
        await one.vault.register("ada", "ref", KEY, [ORIGIN])
        await given(one)
        assert await sent(one.vault) == ["the-key-of-ada"]
        with pytest.raises(CredentialRefused, match=r"is for https://shared\.example, and https://api\.example asks"):
            await one.vault.ready(replace(USE, person="bob"))


async def test_a_registration_needs_origins_that_are_some() -> None:
    async with kit() as one:
        for origins in ([], ["https://api.example/path"], ["ftp://api.example"]):
            with pytest.raises(ValueError, match="origin"):
                await one.vault.register("ada", "ref", KEY, origins)


async def test_a_credential_goes_only_to_the_origins_that_it_is_registered_for() -> None:
    async with kit() as one:
        await given(one)
        for use in (replace(USE, origin="https://evil.example"), replace(USE, origin="http://api.example")):
            with pytest.raises(CredentialRefused, match=r"'ref' is for https://api\.example, and .* asks for it"):
                await sent(one.vault, use)


@pytest.mark.parametrize(
    ("name", "origin", "command"),
    [
        ("ref", "https://evil.example:444", "--origin https://evil.example:444 ref"),
        ("-r f", "https://evil.example", "--origin https://evil.example -- '-r f'"),
    ],
)
async def test_who_asks_for_another_origin_is_told_the_command_that_lets_it_go_there(
    name: str, origin: str, command: str
) -> None:
    async with kit() as one:
        await one.vault.register("ada", name, KEY, [ORIGIN])
        with pytest.raises(CredentialRefused) as caught:
            await one.vault.ready(replace(USE, reference=name, origin=origin))
    assert str(caught.value).endswith(f"asks for it; where that is right: `orchestrator auth add {command}`")


async def test_a_credential_of_other_origins_is_not_used_until_it_is_given_anew() -> None:
    async with kit() as one:
        await given(one)
        await one.vault.register(SHARED, "ref", KEY, [ORIGIN, "https://new.example"])
        assert "other servers" in (await needed(one)).reason
        await given(one)
        assert await sent(one.vault, replace(USE, origin="https://new.example")) == ["the-key-of-ada"]


async def test_tokens_of_another_client_are_not_used() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.vault.register(SHARED, "ref", replace(one.provider.registration(), client_id="other"), [ORIGIN])
        assert (await needed(one)).reason == "there is no login for 'ref' yet"
        await one.vault.register(SHARED, "ref", KEY, [ORIGIN])
        assert (await needed(one)).kind == "secret"


async def test_tokens_are_kept_when_only_the_secret_of_the_client_changes() -> None:
    async with kit() as one:
        await one.logged_in()
        newer = replace(one.provider.registration(), client_secret=Secret("a-newer-one"))
        await one.vault.register(SHARED, "ref", newer, [ORIGIN])
        assert await sent(one.vault) == ["access-ada-1"]


# --- what a person has given


async def test_who_has_given_nothing_is_told_what_to_give() -> None:
    async with kit() as one:
        await given(one, "bob")
        reason = "the credential 'ref' has not been given yet: API key in the header X-Key"
        assert await needed(one) == SignIn(name="ref", kind="secret", reason=reason)


async def test_a_key_that_is_not_taken_is_asked_for_and_not_sent_again() -> None:
    async with kit() as one:
        await given(one)
        with pytest.raises(SignInNeeded, match="the credential 'ref' is not accepted any more"):
            await sent(one.vault, USE, 401)
        assert (await needed(one)).kind == "secret"
        await given(one, value="the-newer-key")
        assert await sent(one.vault) == ["the-newer-key"]


async def test_a_key_that_was_given_while_the_call_was_made_is_tried() -> None:
    async with kit() as one:
        await given(one)
        flow = one.vault.flow(USE)
        assert (await anext(flow)).reveal() == "the-key-of-ada"
        await given(one, value="the-newer-key")
        assert (await flow.asend(401)).reveal() == "the-newer-key"
        await flow.aclose()


@pytest.mark.parametrize("status", [200, 204, 302, 400, 403, 429, 500])
async def test_any_other_status_ends_the_flow_and_changes_nothing(status: int) -> None:
    async with kit() as one:
        await given(one)
        assert await sent(one.vault, USE, status) == ["the-key-of-ada"]
        assert await sent(one.vault) == ["the-key-of-ada"]


async def test_what_does_not_fit_the_registration_is_not_kept() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "key", KEY, [ORIGIN])
        await one.vault.register(SHARED, "login", one.provider.registration(), [ORIGIN])
        with pytest.raises(ValueError, match="'key' is registered as 'secret'"):
            await one.vault.keep("ada", "key", Tokens(access=Secret("access-token")))
        with pytest.raises(ValueError, match="'login' is registered as 'authorization_code'"):
            await one.vault.keep("ada", "login", Given(value=Secret("some-key")))
        with pytest.raises(CredentialMissing):
            await one.vault.keep("ada", "none", Given(value=Secret("some-key")))


async def test_nothing_is_kept_for_everybody() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "login", one.provider.registration(), [ORIGIN])
        await one.vault.register(SHARED, "key", KEY, [ORIGIN])
        with pytest.raises(ValueError, match="a person"):
            await one.vault.keep(SHARED, "login", Tokens(access=Secret("access-token")))
        with pytest.raises(ValueError, match="a person"):
            await one.vault.keep(SHARED, "key", Given(value=Secret("some-key")))


async def test_every_secret_is_known_from_when_it_is_seen() -> None:
    async with kit() as one:
        newer = replace(one.provider.registration(), client_secret=Secret("secret-of-the-client"))
        await one.vault.register(SHARED, "ref", newer, [ORIGIN])
        await one.vault.keep("ada", "ref", one.provider.login("ada", expires=0))
        await given(one, name="key", value="name:a-password-of-hers")
        await sent(one.vault)
        said = "secret-of-the-client access-ada-1 refresh-ada-1 access-ada-2 refresh-ada-2 a-password-of-hers"
        masked = one.secrets.masked(said)
        assert not [word for word in said.split() if word in masked]


# --- what a person sees and forgets


async def test_a_list_has_what_holds_for_a_person_and_no_secret() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.vault.register("bob", "private", KEY, [ORIGIN])
        await one.vault.register("ada", "key", KEY, [ORIGIN])
        await given(one, name="key")
        with pytest.raises(SignInNeeded):
            await sent(one.vault, replace(USE, reference="key"), 401)
        origins = ("https://api.example:443",)
        assert await one.vault.listed("ada") == (
            Listed(owner="ada", name="key", kind="secret", origins=origins, has_credential=True, is_rejected=True),
            Listed(
                owner=SHARED,
                name="ref",
                kind="authorization_code",
                origins=origins,
                has_credential=True,
                expires=one.clock.now + 3600,
            ),
        )
        assert "the-key-of-ada" not in repr(await one.vault.listed("ada"))


async def test_a_credential_whose_registration_is_gone_is_listed_and_can_be_forgotten() -> None:
    async with kit() as one:
        await given(one)
        await one.vault.forget(SHARED, "ref")
        assert [one.kind for one in await one.vault.listed("ada")] == ["unregistered"]
        assert await one.vault.has("ref")
        assert (await one.vault.forget("ada", "ref")).had_credential
        assert await one.vault.listed("ada") == ()
        assert not await one.vault.has("ref")


async def test_what_is_forgotten_is_revoked_and_gone_and_the_shared_registration_stays() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.logged_in("bob")
        gone = Forgotten(had_credential=True, had_registration=False, is_revoked=True)
        assert await one.vault.forget("ada", "ref") == gone
        assert one.provider.revoked == ["refresh-ada-1", "access-ada-1"]
        assert await one.vault.credential("ada", "ref") is None
        assert await sent(one.vault, replace(USE, person="bob")) == ["access-bob-2"]
        assert await one.vault.forget("ada", "ref") == Forgotten(
            had_credential=False, had_registration=False, is_revoked=False
        )


async def test_what_cannot_be_revoked_is_gone_all_the_same() -> None:
    async with kit() as one:
        await one.vault.register("ada", "ref", one.provider.registration(), [ORIGIN])
        await one.logged_in()
        one.provider.broken = json_response({}, 503)
        assert await one.vault.forget("ada", "ref") == Forgotten(
            had_credential=True, had_registration=True, is_revoked=False
        )
        assert await one.vault.listed("ada") == ()


async def test_tokens_of_another_client_are_told_to_nobody_when_they_are_forgotten() -> None:
    async with kit() as one:
        await one.logged_in()
        await one.vault.register(SHARED, "ref", replace(one.provider.registration(), client_id="other"), [ORIGIN])
        assert not (await one.vault.forget("ada", "ref")).is_revoked
        assert one.provider.revoked == []


async def test_what_nobody_can_read_any_more_can_be_given_anew_and_be_forgotten() -> None:
    rows = RowsInMemory()
    vault = StoredVault(SealedRecords(rows, GivenKeys(new_key())), lambda _: httpx2.AsyncHTTPTransport())
    await vault.register(SHARED, "ref", KEY, [ORIGIN])
    for value in ("key-number-1", "key-number-2"):
        await vault.keep("ada", "ref", Given(value=Secret(value)))
        assert await sent(vault) == [value]
        row = await rows.read(credential_key("ada", "ref"))
        assert row is not None
        await rows.write(replace(row, sealed=row.sealed[:-1]))
        with pytest.raises(SealBroken):
            await vault.ready(USE)
    assert (await vault.forget("ada", "ref")).had_credential
