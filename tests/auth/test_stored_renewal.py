"""Tokens are renewed once for all who wait, what is new is kept before it is used, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio
import httpx2
import pytest

from auth import ProviderError, Secret, SignInNeeded, VaultError
from auth.credentials import Tokens
from auth.record_json import credential_json, credential_of
from auth.records import Records
from auth.rows import SHARED, RecordKey
from auth.shelf import credential_key
from auth.stored import StoredVault
from tests.servers.loopback import json_response
from tests.servers.stored_vaults import ORIGIN, USE, Gate, kit, sent, watching

CALLS = 50


async def called(vaults: Sequence[StoredVault], calls: int, *statuses: int) -> list[list[str]]:
    """What so many calls at once send, spread over the vaults."""
    came: list[list[str]] = []

    async def call(vault: StoredVault) -> None:
        came.append(await sent(vault, USE, *statuses))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for number in range(calls):
                tasks.start_soon(call, vaults[number % len(vaults)])
    return came


async def test_many_calls_after_expiry_make_one_refresh() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        assert await called([one.vault], CALLS) == [["access-ada-2"]] * CALLS
        assert one.provider.refreshes == 1


async def test_many_calls_in_several_processes_make_one_refresh() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vaults = [one.vault, one.another(), one.another(), one.another()]
        assert await called(vaults, CALLS) == [["access-ada-2"]] * CALLS
        assert one.provider.refreshes == 1


async def test_many_calls_that_are_refused_make_one_refresh() -> None:
    async with kit() as one:
        await one.logged_in()
        came = await called([one.vault, one.another()], CALLS, 401, 200)
        assert {secrets[-1] for secrets in came} == {"access-ada-2"}
        assert one.provider.refreshes == 1


async def test_many_first_calls_of_a_client_get_its_tokens_once() -> None:
    async with kit() as one:
        await one.vault.register(SHARED, "ref", one.provider.registration("client_credentials"), [ORIGIN])
        assert await called([one.vault], CALLS) == [["access-app-1"]] * CALLS
        assert len(one.provider.forms) == 1


async def test_when_a_renewal_fails_all_who_wait_are_told_and_the_provider_is_asked_once() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.broken, gate = json_response({}, 503), Gate()
        one.provider.let_through = gate
        failures: list[str] = []

        async def call() -> None:
            with pytest.raises(ProviderError, match="try again later") as caught:
                await one.vault.ready(USE)
            failures.append(str(caught.value))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(CALLS):
                    tasks.start_soon(call)
                await gate.reached.wait()
                gate.opened.set()
        assert len(failures) == CALLS
        assert len(one.provider.forms) == 1
        one.provider.broken = None
        assert await sent(one.vault) == ["access-ada-2"]


async def test_a_refresh_token_that_was_used_up_asks_everybody_to_log_in_after_one_try() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.living.clear()
        needed = 0

        async def call(vault: StoredVault) -> None:
            nonlocal needed
            with pytest.raises(SignInNeeded):
                await vault.ready(USE)
            needed += 1

        other = one.another()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for number in range(CALLS):
                    tasks.start_soon(call, other if number % 2 else one.vault)
        assert needed == CALLS
        assert one.provider.refreshes == 1


async def test_new_tokens_are_kept_before_they_are_used() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one, patience=0.3)

        async def broken() -> None:
            watched.before_write = broken
            raise VaultError("the disk is full")

        watched.before_write = broken
        with pytest.raises(VaultError, match="the disk is full"):
            await sent(vault)
        assert one.provider.refreshes == 1


async def test_a_refused_call_does_not_renew_what_somebody_has_renewed_since() -> None:
    async with kit() as one:
        await one.logged_in()
        flow = one.vault.flow(USE)
        assert (await anext(flow)).reveal() == "access-ada-1"
        assert await sent(one.another(), USE, 401) == ["access-ada-1", "access-ada-2"]
        assert (await flow.asend(401)).reveal() == "access-ada-2"
        await flow.aclose()
        assert one.provider.refreshes == 1


async def resealed(records: Records, key: RecordKey) -> None:
    """What becomes of a record when keys are replaced: it is written, and is as it was."""
    record = await records.read(key)
    assert record is not None
    await records.write(record)


async def test_tokens_that_were_only_sealed_anew_are_renewed_when_they_are_refused() -> None:
    async with kit() as one:
        await one.logged_in()
        flow = one.vault.flow(USE)
        await anext(flow)
        await resealed(one.records, credential_key("ada", "ref"))
        assert (await flow.asend(401)).reveal() == "access-ada-2"
        await resealed(one.records, credential_key("ada", "ref"))
        with pytest.raises(SignInNeeded):
            await flow.asend(401)
        kept = await one.vault.credential("ada", "ref")
        assert kept is not None
        assert kept.is_rejected


@pytest.mark.parametrize("is_rejected", [False, True])
async def test_new_tokens_are_kept_although_the_old_ones_were_sealed_anew_or_rejected_meanwhile(
    is_rejected: bool,
) -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)

        async def meanwhile() -> None:
            kept = await one.records.read(credential_key("ada", "ref"))
            assert kept is not None
            credential = replace(credential_of(kept.content), is_rejected=is_rejected)
            await one.records.write(replace(kept, content=credential_json(credential)))

        watched.before_write = meanwhile
        assert await sent(vault) == ["access-ada-2"]
        assert await sent(one.vault) == ["access-ada-2"]


async def test_a_login_made_while_tokens_are_renewed_wins() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)
        fresh = one.provider.login("ada2", expires=one.clock.now + 3600)

        async def log_in() -> None:
            await one.vault.keep("ada", "ref", fresh)

        watched.before_write = log_in
        assert await sent(vault) == [fresh.access.reveal()]
        kept = await one.vault.credential("ada", "ref")
        assert isinstance(kept, Tokens)
        assert (kept.access, kept.refresh) == (fresh.access, fresh.refresh)


async def test_tokens_that_are_forgotten_while_they_are_renewed_stay_forgotten() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)

        async def forget() -> None:
            await one.another(patience=0).forget("ada", "ref")

        watched.before_write = forget
        with pytest.raises(SignInNeeded, match="no login for 'ref'"):
            await sent(vault)
        assert await one.vault.credential("ada", "ref") is None


async def test_forgetting_waits_for_a_renewal_and_revokes_what_it_brought() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.vault.ready, USE)
                await gate.reached.wait()
                tasks.start_soon(one.vault.forget, "ada", "ref")
                gate.opened.set()
        assert one.provider.revoked == ["refresh-ada-2", "access-ada-2"]


# --- other processes


async def test_what_another_process_has_claimed_is_awaited_and_taken() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        other = one.another()
        came: list[str] = []

        async def call(vault: StoredVault) -> None:
            came.extend(await sent(vault))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, one.vault)
                await gate.reached.wait()
                tasks.start_soon(call, other)
                gate.opened.set()
        assert came == ["access-ada-2"] * 2
        assert one.provider.refreshes == 1


async def test_the_claim_of_a_process_that_died_runs_out() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        record = await one.records.read(credential_key("ada", "ref"))
        assert record is not None
        assert await one.records.claim(record.key, record.version, 0.2)
        with anyio.fail_after(10):
            assert await sent(one.vault) == ["access-ada-2"]


async def test_a_failed_renewal_keeps_nobody_else_waiting() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.broken = json_response({}, 503)
        with pytest.raises(ProviderError):
            await one.vault.ready(USE)
        record = await one.records.read(credential_key("ada", "ref"))
        assert record is not None
        assert await one.records.claim(record.key, record.version, 1)


async def test_a_refresh_token_that_another_process_has_used_is_no_reason_to_ask() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        newer = one.provider.login("ada", expires=one.clock.now + 3600)

        async def rotate() -> None:
            await one.another().keep("ada", "ref", newer)

        one.provider.let_through = rotate
        one.provider.living["ada"] = "none"
        assert await sent(one.vault) == [newer.access.reveal()]


async def test_no_connection_to_the_provider_is_trouble_that_passes() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)

        def refuse(request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("refused", request=request)

        vault = StoredVault(one.records, lambda _: httpx2.MockTransport(refuse), clock=one.clock)
        with pytest.raises(ProviderError, match="could not be reached") as caught:
            await vault.ready(USE)
        assert caught.value.may_pass
        assert await sent(one.vault) == ["access-ada-2"]
        assert Secret("refresh-ada-1").reveal() not in str(caught.value)
