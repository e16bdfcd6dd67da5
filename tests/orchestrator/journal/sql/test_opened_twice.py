"""A SQLite file that one process has open twice, while others come and go: nothing that was written is lost.

Whoever closes a descriptor of a file gives up all locks of its process on it (POSIX): the next process that leaves
would take itself for the last one, and remove the log that the first still writes to.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

import anyio
import pytest

from auth import Secret
from auth.credentials import Given
from auth.keys import KEY_VARIABLE, GivenKeys, SealingKey
from auth.registration import SecretRegistration
from auth.rows import SHARED
from orchestrator.events import TurnStarted, TurnUndone
from orchestrator.journal.open import open_journal
from orchestrator.vault.open import open_vault
from tests.servers import warm

CHECKOUT = Path(__file__).resolve().parents[4]
STARTED = TurnStarted(text="hello", person="ada", documents={})
KEY = bytes(range(32))
KEYS = GivenKeys(SealingKey(secret=KEY))
ORIGIN = "https://api.example.com"

FACTS = """
import anyio, sys
from orchestrator.journal.open import open_journal

async def main():
    async with open_journal(sys.argv[1]) as journal:
        print(len(await journal.read("c")))
anyio.run(main)
"""

CREDENTIALS = """
import anyio, sys
from orchestrator.vault.open import open_vault

async def main():
    async with open_vault(sys.argv[1]) as vault:
        print(*[one.name for one in await vault.listed("ada") if one.has_credential])
anyio.run(main)
"""

WATCHED = """
import anyio, os, sys
from orchestrator.cli.configured_store import file_url
from orchestrator.events import TurnUndone
from orchestrator.journal.open import open_journal

path, opened, modes = sys.argv[1], [], set()

def watch(happened, values):
    if happened == "open" and isinstance(values[0], str | bytes | os.PathLike):
        opened.append(os.fsdecode(values[0]))
    if happened == "os.chmod":
        modes.add(oct(os.stat(path).st_mode))

async def use(name):
    async with open_journal(file_url(path)) as journal:
        await journal.append(name, 0, [TurnUndone()])
        await journal.forget(name)

async def main():
    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(use, str(number))
    async with open_journal(file_url(path), creates=False) as journal:
        assert not await journal.kept()

os.umask(0)
sys.addaudithook(watch)
anyio.run(main)
print(len(opened) > 0, [name for name in opened if name.startswith(path)], modes)
"""


async def elsewhere(program: str, argument: str) -> str:
    """What another process says, which opens the file and closes it."""
    environ = {**os.environ, KEY_VARIABLE: base64.b64encode(KEY).decode(), "PYTHONPATH": str(CHECKOUT)}
    with anyio.fail_after(60):
        done = await anyio.run_process(warm.line([sys.executable, "-c", program, argument]), env=environ)
    return done.stdout.decode().strip()


@pytest.mark.parametrize("creates", [True, False])
async def test_others_see_what_a_journal_writes_that_was_opened_again(tmp_path: Path, creates: bool) -> None:
    url = f"sqlite:///{tmp_path}/chats.db"
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
        async with open_journal(url, creates=creates) as again:
            assert len(await again.read("c")) == 1
        assert await elsewhere(FACTS, url) == "1"
        await journal.append("c", 1, [TurnUndone()])
        assert await elsewhere(FACTS, url) == "2"


async def test_others_see_what_a_vault_writes_that_was_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vault.db"
    async with open_vault(url, keys=KEYS) as vault:
        for name in ("first", "last"):
            await vault.register(SHARED, name, SecretRegistration(), [ORIGIN])
        async with open_vault(url, keys=KEYS) as again:
            await again.keep("ada", "first", Given(value=Secret("a key of hers")))
        assert await elsewhere(CREDENTIALS, url) == "first"
        await vault.keep("ada", "last", Given(value=Secret("another of hers")))
        assert await elsewhere(CREDENTIALS, url) == "first last"


async def test_a_journal_and_a_vault_in_one_file_keep_each_others_locks(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/both.db"
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
        async with open_vault(url, keys=KEYS) as vault:
            assert await elsewhere(FACTS, url) == "1"
            await journal.append("c", 1, [TurnUndone()])
            await vault.register(SHARED, "first", SecretRegistration(), [ORIGIN])
            await vault.keep("ada", "first", Given(value=Secret("a key of hers")))
            assert await elsewhere(FACTS, url) == "2"
            assert await elsewhere(CREDENTIALS, url) == "first"


async def test_only_sqlite_opens_the_file_and_only_its_owner_from_its_first_moment_on(tmp_path: Path) -> None:
    assert await elsewhere(WATCHED, str(tmp_path / "a % b? #1.db")) == "True [] {'0o100600'}"
