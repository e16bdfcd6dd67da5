"""What is forgotten while somebody renews or fetches it leaves no tokens behind, here or at the provider."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from auth import CredentialMissing, SignInNeeded
from auth.shelf import credential_key
from tests.servers.stored_vaults import ORIGIN, USE, Gate, kit, nothing, sent, watching


async def test_forgetting_waits_for_another_process_that_renews_and_revokes_what_it_brought() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.another().ready, USE)
                await gate.reached.wait()
                tasks.start_soon(one.vault.forget, "ada", "ref")
                await anyio.wait_all_tasks_blocked()
                gate.opened.set()
        assert one.provider.revoked == ["refresh-ada-2", "access-ada-2"]
        assert await one.vault.credential("ada", "ref") is None


async def test_what_was_forgotten_while_another_process_renewed_it_for_too_long_is_revoked_by_that_one() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)

        async def forget() -> None:
            assert (await one.another(patience=0).forget("ada", "ref")).had_credential

        watched.before_write = forget
        with pytest.raises(SignInNeeded, match="no login for 'ref'"):
            await sent(vault)
        assert one.provider.revoked == ["refresh-ada-1", "access-ada-1", "refresh-ada-2", "access-ada-2"]
        assert await one.vault.credential("ada", "ref") is None


async def test_a_call_that_is_made_while_the_provider_is_told_finds_nothing_to_renew() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)
        refused = False

        async def call() -> None:
            nonlocal refused
            watched.after_claim = nothing
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(finish)
                with pytest.raises(SignInNeeded):
                    await sent(one.another())
                refused = True

        async def finish() -> None:
            await one.records.remove(credential_key("ada", "ref"))

        watched.after_claim = call
        with anyio.fail_after(10):
            await vault.forget("ada", "ref")
        assert refused
        assert one.provider.refreshes == 0
        assert one.provider.revoked == ["refresh-ada-1", "access-ada-1"]


async def test_what_is_fetched_for_a_registration_that_was_forgotten_is_revoked_and_not_kept() -> None:
    async with kit() as one:
        await one.vault.register("ada", "ref", one.provider.registration("client_credentials"), [ORIGIN])
        one.provider.let_through = gate = Gate()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:

                async def call() -> None:
                    with pytest.raises(CredentialMissing, match="'ref' is not registered"):
                        await sent(one.another())

                tasks.start_soon(call)
                await gate.reached.wait()
                await one.vault.forget("ada", "ref")
                gate.opened.set()
        assert one.provider.revoked == ["access-app-1"]
        assert await one.vault.listed("ada") == ()


async def test_what_is_fetched_for_a_registration_that_was_replaced_is_revoked_and_not_kept() -> None:
    async with kit() as one:
        registration = one.provider.registration("client_credentials")
        await one.vault.register("ada", "ref", registration, [ORIGIN])
        vault, watched = watching(one)

        async def replaced() -> None:
            await one.vault.register("ada", "ref", replace(registration, client_id="other"), [ORIGIN])

        watched.before_write = replaced
        with pytest.raises(CredentialMissing, match="registered anew meanwhile"):
            await sent(vault)
        assert one.provider.revoked == ["access-app-1"]
        assert await one.vault.credential("ada", "ref") is None


async def test_the_claim_of_a_process_that_died_keeps_nothing_from_being_forgotten() -> None:
    async with kit() as one:
        await one.logged_in()
        record = await one.records.read(credential_key("ada", "ref"))
        assert record is not None
        assert await one.records.claim(record.key, record.version, 60)
        with anyio.fail_after(5):
            assert (await one.another(patience=0).forget("ada", "ref")).is_revoked
        assert await one.vault.credential("ada", "ref") is None
