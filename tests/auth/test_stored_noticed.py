"""What a person keeps is known before it is used, where somebody asks for that."""

from __future__ import annotations

from auth import Secret, SecretsInUse
from auth.credentials import Given
from auth.keys import GivenKeys, new_key
from auth.registration import OAuthRegistration, Provider, SecretRegistration
from auth.rows import SHARED, RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from tests.servers.stored_vaults import ORIGIN, kit

CLIENT = OAuthRegistration(
    provider=Provider(token_endpoint="https://id.example/token"),
    client_id="app",
    client_secret=Secret("client-secret-1"),
    client_auth="client_secret_basic",
)


async def test_all_that_holds_for_a_person_under_a_reference_is_known() -> None:
    async with kit() as near:
        await near.vault.register(SHARED, "ref", CLIENT, [ORIGIN])
        for person, name in (("ada", "ref/app"), ("ada", "refs"), ("bob", "ref/app")):
            await near.vault.register(person, name, SecretRegistration(), [ORIGIN])
            await near.vault.keep(person, name, Given(value=Secret(f"{person}-{name}-1234")))
        secrets = SecretsInUse()
        vault = StoredVault(near.records, lambda _: near.transport, secrets=secrets)
        await vault.noticed("ada", "ref")
    said = "client-secret-1 ada-ref/app-1234 ada-refs-1234 bob-ref/app-1234"
    assert secrets.masked(said) == "[secret ref] [secret ref_app] ada-refs-1234 bob-ref/app-1234"


async def test_what_nobody_can_read_is_passed_over() -> None:
    rows, secrets = RowsInMemory(), SecretsInUse()
    async with kit() as near:
        before = StoredVault(SealedRecords(rows, GivenKeys(new_key())), lambda _: near.transport)
        await before.register("ada", "ref", SecretRegistration(), [ORIGIN])
        await before.keep("ada", "ref", Given(value=Secret("key-12345")))
        now = StoredVault(SealedRecords(rows, GivenKeys(new_key())), lambda _: near.transport, secrets=secrets)
        await now.noticed("ada", "ref")
    assert secrets.masked("key-12345") == "key-12345"
