"""Calls of several processes on one database renew tokens once. Issue 9."""

from __future__ import annotations

import base64
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import anyio
import anyio.abc
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from auth.keys import KEY_VARIABLE, GivenKeys, SealingKey
from auth.rows import SHARED
from orchestrator.vault.open import open_vault
from tests.orchestrator.journal.stores import store_url
from tests.servers import warm
from tests.servers.token_endpoint import TokenEndpoint, token_endpoint

CALLS = 50
PROCESSES = 2
KEY = bytes(range(32))
PROGRAM = "tests.orchestrator.vault.processes.calling"
CHECKOUT = Path(__file__).resolve().parents[3]

Old = Literal["expired", "refused"]


async def logged_in(store: str, provider: TokenEndpoint, old: Old) -> None:
    """Ada has logged in, a while ago."""
    registration = replace(provider.registration(), allowed_hosts=("127.0.0.1",))
    async with open_vault(store, keys=GivenKeys(SealingKey(secret=KEY)), clock=lambda: 1_000.0) as vault:
        await vault.register(SHARED, "ref", registration, [provider.url])
        tokens = provider.login("ada", expires=2_000.0 if old == "expired" else None)
        await vault.keep("ada", "ref", tokens)
    provider.accepted.clear()


@dataclass(slots=True, kw_only=True)
class Caller:
    """A process that makes calls."""

    process: anyio.abc.Process
    output: BufferedByteReceiveStream
    errors: Path

    async def line(self) -> str:
        """The next line that it writes; fails with its errors where there is none."""
        try:
            return (await self.output.receive_until(b"\n", 1024)).decode()
        except anyio.IncompleteRead:
            raise AssertionError(self.errors.read_text()) from None


async def caller(store: str, provider: TokenEndpoint, errors: Path, stack: AsyncExitStack) -> Caller:
    environ = {**os.environ, KEY_VARIABLE: base64.b64encode(KEY).decode(), "PYTHONPATH": str(CHECKOUT)}
    command = warm.line([sys.executable, "-m", PROGRAM, store, provider.url, str(CALLS)])
    with errors.open("wb") as written:
        process = await stack.enter_async_context(await anyio.open_process(command, env=environ, stderr=written))
    assert process.stdout is not None
    return Caller(process=process, output=BufferedByteReceiveStream(process.stdout), errors=errors)


@pytest.mark.parametrize("old", ["expired", "refused"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_many_calls_in_two_processes_make_one_refresh(kind: str, old: Old, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as store:
        async with token_endpoint() as provider, AsyncExitStack() as stack:
            await logged_in(store, provider, old)
            callers = [await caller(store, provider, tmp_path / str(number), stack) for number in range(PROCESSES)]
            with anyio.fail_after(120):
                assert [await one.line() for one in callers] == ["ready"] * PROCESSES
                for one in callers:
                    assert one.process.stdin is not None
                    await one.process.stdin.send(b"go\n")
                assert [await one.line() for one in callers] == [str(CALLS)] * PROCESSES
                assert [await one.process.wait() for one in callers] == [0] * PROCESSES
            assert provider.refreshes == 1
