"""A process that makes many calls at once with one person's tokens: `calling.py STORE API CALLS`.

It writes a line when it is ready, waits for one, and then writes how many of its calls the API has taken.
"""

from __future__ import annotations

import sys
from contextlib import aclosing

import anyio
import httpx2

from auth import Bearer, CredentialUse
from auth.stored import StoredVault
from orchestrator.vault.open import open_vault


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def taken(vault: StoredVault, client: httpx2.AsyncClient, use: CredentialUse) -> bool:
    """One call; True where the API has answered it in the end."""
    status = 0
    async with aclosing(vault.flow(use)) as flow:
        secret = await anext(flow)
        while True:
            headers = {"Authorization": f"Bearer {secret.reveal()}"}
            status = (await client.get(f"{use.origin}/api", headers=headers)).status_code
            try:
                secret = await flow.asend(status)
            except StopAsyncIteration:
                return status == 200


async def main(store: str, api: str, calls: int) -> None:
    use = CredentialUse(reference="ref", person="ada", plugin="p", origin=api, scheme=Bearer())
    successes: list[bool] = []

    async def call() -> None:
        successes.append(await taken(vault, client, use))

    async with open_vault(store) as vault, httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        await vault.has("ref")
        say("ready")
        await anyio.to_thread.run_sync(sys.stdin.readline)
        async with anyio.create_task_group() as tasks:
            for _ in range(calls):
                tasks.start_soon(call)
    say(str(sum(successes)))


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
