"""A vault that is opened by its URL: whose file it is, what seals it, how providers are reached. Issue 9."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from auth import Bearer, CredentialMissing, CredentialUse, ProviderError, Secret, SecretsInUse, VaultError
from auth.credentials import Given
from auth.errors import KeyMissing, SealBroken
from auth.keys import KEY_VARIABLE, GivenKeys, new_key
from auth.passphrase import PASSPHRASE_VARIABLE
from auth.registration import OAuthRegistration, Provider, SecretRegistration
from auth.rows import SHARED
from auth.stored import StoredVault
from orchestrator import open_vault
from orchestrator.errors import UsageError
from orchestrator.events import TurnStarted
from orchestrator.journal.open import open_journal
from orchestrator.vault.keys import default_keys, given_keys, key_file
from orchestrator.vault.open import open_records, vault_over
from runtimes.fetch import SharedClient
from tests.orchestrator.journal.stores import store_url
from tests.servers import warm
from tests.servers.loopback import Answer, Request, json_response, serve

ORIGIN = "https://api.example.com"
KEYS = GivenKeys(new_key())

_CHILD = """
import anyio, os, sys
from auth import Secret
from auth.credentials import Given
from auth.registration import SecretRegistration
from orchestrator import open_vault
os.umask(0)
async def main():
    async with open_vault(sys.argv[1]) as vault:
        await vault.register("me", sys.argv[2], SecretRegistration(), ["https://api.example.com"])
        await vault.keep("me", sys.argv[2], Given(value=Secret("canary-" + sys.argv[2])))
        for folder in sys.argv[3:]:
            for path in (folder, *(os.path.join(folder, name) for name in sorted(os.listdir(folder)))):
                print(os.path.basename(path), oct(os.stat(path).st_mode & 0o777))
anyio.run(main)
"""


def use(name: str = "todo", *, person: str = "me", origin: str = ORIGIN) -> CredentialUse:
    return CredentialUse(reference=name, person=person, plugin="todo", origin=origin, scheme=Bearer())


async def secret_of(vault: StoredVault, wanted: CredentialUse) -> str:
    async with aclosing(vault.flow(wanted)) as flow:
        return (await anext(flow)).reveal()


async def give(vault: StoredVault, value: str = "given", *, name: str = "todo", person: str = "me") -> None:
    await vault.register(person, name, SecretRegistration(), [ORIGIN])
    await vault.keep(person, name, Given(value=Secret(value)))


@asynccontextmanager
async def opened(url: str, environ: Mapping[str, str]) -> AsyncGenerator[StoredVault]:
    http = SharedClient()
    async with open_records(url, environ=environ) as records:
        yield vault_over(records, http)
    await http.aclose()


def of_folders(tmp_path: Path) -> Mapping[str, str]:
    own = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    return {**os.environ, **own}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_is_kept_is_there_when_it_is_opened_again(kind: str, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as url:
        async with open_vault(url, keys=KEYS) as vault:
            await give(vault)
        async with open_vault(url, keys=KEYS) as vault:
            assert await vault.has("todo")
            assert await secret_of(vault, use()) == "given"
            with pytest.raises(CredentialMissing):
                await secret_of(vault, use(person="somebody else"))


async def test_a_vault_may_be_the_store_of_conversations_too(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with open_journal(url) as journal, open_vault(url, keys=KEYS) as vault:
            await journal.append("c", 0, [TurnStarted(text="hello", person="me", documents={})])
            await give(vault)
            assert len(await journal.read("c")) == 1
            assert await secret_of(vault, use()) == "given"


async def test_nothing_that_is_kept_stands_in_the_file_in_clear(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with open_vault(url, keys=KEYS) as vault:
            await give(vault, "canary-9ac2")
            held = _all_bytes(tmp_path)
    assert b"todo" in held
    assert b"canary-9ac2" not in held


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_what_lies_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with open_records(url, keys=KEYS) as records:
            vault = vault_over(records, SharedClient())
            await give(vault, "ada's", person="ada")
            await give(vault, "me's")
        swap = (
            "UPDATE orchestrator_sealed SET sealed = (SELECT other.sealed FROM orchestrator_sealed AS other "
            "WHERE other.owner = 'ada' AND other.kind = 'credential') WHERE owner = 'me' AND kind = 'credential'"
        )
        await _execute(tmp_path / "chats.db", swap)
        async with open_vault(url, keys=KEYS) as vault:
            with pytest.raises(SealBroken, match="the credential 'todo' of 'me' is not what was sealed"):
                await secret_of(vault, use())


async def _execute(file: Path, statement: str) -> None:
    import aiosqlite

    async with aiosqlite.connect(file) as connection:
        await connection.execute(statement)
        await connection.commit()


async def test_without_the_key_nothing_is_read(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with open_vault(url, keys=KEYS) as vault:
            await give(vault)
        async with open_vault(url, keys=GivenKeys(new_key())) as vault:
            with pytest.raises(KeyMissing, match="which is not at hand"):
                await secret_of(vault, use())


async def test_the_environment_gives_the_key_or_a_passphrase(tmp_path: Path) -> None:
    import base64

    written = base64.b64encode(os.urandom(32)).decode()
    for number, environ in enumerate([{KEY_VARIABLE: written}, {PASSPHRASE_VARIABLE: "four words are enough"}]):
        url = f"sqlite:///{tmp_path}/{number}.db"
        async with opened(url, environ) as vault:
            await give(vault)
        async with opened(url, environ) as vault:
            assert await secret_of(vault, use()) == "given"
        async with opened(url, {PASSPHRASE_VARIABLE: "something else entirely"}) as vault:
            with pytest.raises(KeyMissing):
                await secret_of(vault, use())


async def test_what_the_key_file_has_sealed_is_read_when_the_environment_gives_a_key_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/v.db"
    async with opened(url, {}) as vault:
        await give(vault)
    assert key_file(url).exists()
    async with opened(url, {PASSPHRASE_VARIABLE: "four words are enough"}) as vault:
        assert await secret_of(vault, use()) == "given"
        await give(vault, "other", name="other")
    async with opened(url, {}) as vault:
        with pytest.raises(KeyMissing):
            await secret_of(vault, use("other"))


async def test_each_vault_has_a_key_of_its_own_and_is_still_read_when_it_has_been_moved(tmp_path: Path) -> None:
    """Replacing the key of one vault must not lock up another."""
    first, second, moved = (f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "second", "moved"))
    for url in (first, second):
        async with opened(url, {}) as vault:
            await give(vault)
    assert key_file(first).read_bytes() != key_file(second).read_bytes()
    (tmp_path / "first.db").rename(tmp_path / "moved.db")
    async with opened(moved, {}) as vault:
        assert await secret_of(vault, use()) == "given"


def test_keys_that_are_given_are_secrets() -> None:
    secrets = SecretsInUse()
    given_keys({KEY_VARIABLE: "A" * 43 + "=, " + "B" * 43 + "="}, secrets=secrets)
    default_keys("sqlite:///v.db", {PASSPHRASE_VARIABLE: "four words are enough"}, secrets=secrets)
    said = f"it was {'A' * 43}= and {'B' * 43}= or four words are enough"
    masked = secrets.masked(said)
    assert not {"AAAA", "BBBB", "four words"} & {part for part in ("AAAA", "BBBB", "four words") if part in masked}
    assert given_keys({}) is None


@pytest.mark.parametrize("given", ["none", "c2hvcnQ="])
def test_what_is_no_key_is_told_and_not_repeated(given: str) -> None:
    with pytest.raises(KeyMissing, match=KEY_VARIABLE) as caught:
        default_keys("sqlite:///v.db", {KEY_VARIABLE: given})
    assert given not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="access lists are not modes")
async def test_nobody_else_can_read_the_vault_or_its_key_whatever_the_umask(tmp_path: Path) -> None:
    file = tmp_path / "data" / "orchestrator" / "vault.db"
    folders = [str(file.parent), str(tmp_path / "config" / "orchestrator" / "keys")]
    command = [sys.executable, "-c", _CHILD, f"sqlite:///{file}", "todo", *folders]
    with anyio.fail_after(60):
        done = await anyio.run_process(command, env=of_folders(tmp_path))
    modes = dict(line.split() for line in done.stdout.decode().splitlines())
    [key] = (tmp_path / "config" / "orchestrator" / "keys").glob("*.key")
    assert modes == {
        "orchestrator": "0o700",
        "keys": "0o700",
        "vault.db": "0o600",
        "vault.db-wal": "0o600",
        "vault.db-shm": "0o600",
        key.name: "0o600",
        f"{key.name}.lock": "0o600",
    }
    assert stat.S_IMODE(await anyio.to_thread.run_sync(lambda: key.stat().st_mode)) == 0o600
    assert b"canary" not in _all_bytes(tmp_path)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_processes_that_open_a_new_vault_at_once_all_can(kind: str, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as url:
        with anyio.fail_after(90):
            async with anyio.create_task_group() as tasks:
                for name in ("one", "two", "three"):
                    tasks.start_soon(_run_child, [url, name], of_folders(tmp_path))
        [keys] = (tmp_path / "config" / "orchestrator" / "keys").glob("*.key")
        environ = {KEY_VARIABLE: ",".join(line.split()[1] for line in _lines(keys))}
        assert len(environ[KEY_VARIABLE].split(",")) == 1
        async with opened(url, environ) as vault:
            for name in ("one", "two", "three"):
                assert await secret_of(vault, use(name)) == f"canary-{name}"


async def _run_child(arguments: list[str], environ: Mapping[str, str]) -> None:
    await anyio.run_process(warm.line([sys.executable, "-c", _CHILD, *arguments]), env=environ)


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text("ascii").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("vault.db", "a vault is named by a URL, or the word 'keyring'; for the file 'vault.db': sqlite:///vault.db"),
        ("/srv/vault.db", "for the file '/srv/vault.db': sqlite:////srv/vault.db"),
        ("me:secret@host/db", "the store is named by a URL"),
        ("mysql://me:secret@host/db", "there is no store of the kind 'mysql'"),
        ("sqlite://", "a SQLite store is a file"),
        ("postgresql://me:secret@host", "names no database"),
    ],
)
async def test_what_names_no_vault_is_told_without_a_password(store: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        async with open_vault(store, keys=KEYS):
            raise NotImplementedError
    assert said in str(caught.value)
    with pytest.raises(UsageError, match=re.escape(said)):
        async with open_vault(store):
            raise NotImplementedError
    assert "secret" not in str(caught.value)


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(VaultError) as caught:
        async with open_vault("postgresql://ada:secret@127.0.0.1:1/vault", keys=KEYS):
            raise NotImplementedError
    assert str(caught.value).startswith("the vault 'postgresql://ada@127.0.0.1:1/vault': the server cannot be reached")
    assert caught.value.__cause__ is None


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = anyio.Path(tmp_path / "vault.db")
    await file.write_text("words")
    with pytest.raises(VaultError, match=r"^the vault '.*vault\.db': it is not a database"):
        async with open_vault(f"sqlite:///{file}", keys=KEYS):
            raise NotImplementedError


async def test_what_is_only_looked_for_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^the vault '.*vault\.db': no credentials are kept there; add one"):
        async with open_records(f"sqlite:///{tmp_path}/vault.db", keys=KEYS, creates=False):
            raise NotImplementedError
    assert os.listdir(tmp_path) == []


def oauth(url: str, *hosts: str) -> OAuthRegistration:
    provider = Provider(token_endpoint=f"{url}/token")
    return OAuthRegistration(provider=provider, client_id="app", grant="client_credentials", allowed_hosts=hosts)


async def token(_request: Request) -> Answer:
    return json_response({"access_token": "fresh", "token_type": "Bearer", "expires_in": 3600})


async def test_a_provider_at_a_private_address_is_asked_where_its_registration_allows_it(tmp_path: Path) -> None:
    async with serve(token) as server, open_vault(f"sqlite:///{tmp_path}/v.db", keys=KEYS) as vault:
        await vault.register(SHARED, "todo", oauth(server.url, "127.0.0.1"), [ORIGIN])
        assert await secret_of(vault, use()) == "fresh"
        await vault.register(SHARED, "other", oauth(server.url), [ORIGIN])
        with pytest.raises(ProviderError) as caught:
            await secret_of(vault, use("other"))
    assert not caught.value.may_pass
    assert len(server.requests) == 1


async def test_a_registration_that_allows_what_is_no_host_is_told(tmp_path: Path) -> None:
    async with open_vault(f"sqlite:///{tmp_path}/v.db", keys=KEYS) as vault:
        with pytest.raises(VaultError, match="the registration of 'app' allows a host that is none"):
            vault.grants(oauth("https://auth.example", "https://auth.example/"))


async def test_a_client_that_is_lent_stays_open(tmp_path: Path) -> None:
    async with serve(token) as server:
        http = SharedClient()
        for number in range(2):
            async with open_vault(f"sqlite:///{tmp_path}/{number}.db", keys=KEYS, http=http) as vault:
                await vault.register(SHARED, "todo", oauth(server.url, "127.0.0.1"), [ORIGIN])
                await secret_of(vault, use())
        await http.aclose()
    assert server.connections == 1


async def test_what_the_vault_gives_is_learnt_by_the_secrets_of_the_client_that_is_lent(tmp_path: Path) -> None:
    http = SharedClient()
    async with open_vault(f"sqlite:///{tmp_path}/v.db", keys=KEYS, http=http) as vault:
        await give(vault, "canary-3e77")
    assert "canary-3e77" not in http.secrets.masked("it was canary-3e77")
    await http.aclose()
    secrets = SecretsInUse()
    async with open_vault(f"sqlite:///{tmp_path}/v.db", keys=KEYS, secrets=secrets) as vault:
        assert await secret_of(vault, use()) == "canary-3e77"
    assert "canary-3e77" not in secrets.masked("it was canary-3e77")


async def test_naming_a_vault_loads_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "alembic", "cryptography", "authlib", "keyring", "httpx2", "joserfc"}
    code = (
        "import sys\nimport orchestrator, orchestrator.vault.open\nfrom orchestrator import open_vault\n"
        f"print(*({heavy!r} & set(sys.modules)))"
    )
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-c", code])
    assert done.stdout.split() == []
