"""Who is cancelled while tokens are renewed loses none, and stops nobody else."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from auth.shelf import credential_key
from tests.servers.stored_vaults import USE, Gate, kit, nothing, sent, watching


async def test_who_is_cancelled_while_tokens_are_renewed_loses_none() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.vault.ready, USE)
                await gate.reached.wait()
                tasks.cancel_scope.cancel()
                gate.opened.set()
        one.provider.let_through = nothing
        assert await sent(one.vault) == ["access-ada-2"]
        assert one.provider.refreshes == 1


async def test_who_is_cancelled_by_asyncio_loses_none_either() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        task = asyncio.ensure_future(one.vault.ready(USE))
        with anyio.fail_after(10):
            await gate.reached.wait()
            task.cancel()
            gate.opened.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await sent(one.vault) == ["access-ada-2"]
        assert one.provider.refreshes == 1


@pytest.mark.parametrize("who", ["the first", "another"])
async def test_one_who_is_cancelled_does_not_stop_it_for_the_others(who: str) -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        one.provider.let_through = gate = Gate()
        leader = asyncio.ensure_future(sent(one.vault))
        with anyio.fail_after(10):
            await gate.reached.wait()
            followers = [asyncio.ensure_future(sent(one.vault)) for _ in range(3)]
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            cancelled = leader if who == "the first" else followers.pop()
            cancelled.cancel()
            gate.opened.set()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            others = followers if who == "the first" else [leader, *followers]
            assert await asyncio.gather(*others) == [["access-ada-2"]] * len(others)
        assert one.provider.refreshes == 1


async def test_one_who_is_cancelled_while_another_process_renews_goes_at_once_and_the_others_stay() -> None:
    async with kit() as one:
        await one.logged_in(lifetime=0)
        vault, watched = watching(one)
        record = await one.records.read(credential_key("ada", "ref"))
        assert record is not None
        assert await one.records.claim(record.key, record.version, 60)
        tried = anyio.Event()

        async def note() -> None:
            tried.set()

        watched.after_claim = note
        leader = asyncio.ensure_future(sent(vault))
        with anyio.fail_after(10):
            await tried.wait()
            follower = asyncio.ensure_future(sent(vault))
            leader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leader
            assert one.provider.refreshes == 0
            await one.records.release(record.key, record.version)
            assert await follower == ["access-ada-2"]
