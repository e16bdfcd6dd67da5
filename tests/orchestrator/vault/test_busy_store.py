"""New tokens outlive a SQLite file that another program holds. Issue 9."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import anyio
import httpx2

from auth.keys import GivenKeys, new_key
from auth.rows import SHARED
from auth.stored import StoredVault
from orchestrator.journal.sql.engine import BUSY_SECONDS
from orchestrator.vault.open import open_sealed
from tests.servers.stored_vaults import ORIGIN, Clock, nothing, sent
from tests.servers.token_endpoint import token_endpoint


async def test_tokens_are_kept_although_another_program_held_the_file_when_they_came(tmp_path: Path) -> None:
    file = tmp_path / "vault.db"
    clock, holder = Clock(), sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    async with (
        token_endpoint() as provider,
        httpx2.AsyncHTTPTransport() as transport,
        open_sealed(f"sqlite:///{file}", GivenKeys(new_key())) as records,
    ):
        vault = StoredVault(records, lambda _: transport, clock=clock)
        await vault.register(SHARED, "ref", provider.registration(), [ORIGIN])
        await vault.keep("ada", "ref", provider.login("ada", expires=clock.now))

        async def hold() -> None:
            provider.let_through = nothing
            holder.execute("begin immediate")
            tasks.start_soon(let_go)

        async def let_go() -> None:
            await anyio.sleep(BUSY_SECONDS + 1)  # the file gives up waiting only then
            holder.execute("rollback")

        provider.let_through = hold
        with anyio.fail_after(BUSY_SECONDS * 4):
            async with anyio.create_task_group() as tasks:
                assert await sent(vault) == ["access-ada-2"]
        assert provider.refreshes == 1
    holder.close()
