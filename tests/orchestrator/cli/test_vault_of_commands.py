"""Which vault a command takes credentials from, and that nobody pays for one that is not needed. Issue 9."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import pytest

from auth import Bearer, CredentialMissing, CredentialUse, Secret, Vault, VaultError
from auth.credentials import Given
from auth.keys import KEY_VARIABLE
from auth.registration import SecretRegistration
from orchestrator.cli.configuration import Configuration, parse_configuration
from orchestrator.cli.configured_vault import VaultSetting, read_vault
from orchestrator.cli.vault import FILE_NAME, VARIABLE, opened_records, opened_stored_vault, opened_vault, vault_url
from orchestrator.errors import UsageError
from orchestrator.host import DEFAULT_PERSON
from orchestrator.vault.keys import key_file
from runtimes.fetch import SharedClient
from runtimes.values import JsonObject
from tests.servers import warm
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

HEAVY = ("sqlalchemy", "cryptography", "authlib", "keyring", "joserfc", "alembic")
CANARY = "canary-51c0"
CONFIGURED = Configuration(vault=VaultSetting(url="sqlite:////of/the/file.db"))


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({VARIABLE: "sqlite:///c.db"}, "sqlite:///c.db"),
        ({VARIABLE: "postgresql://a/b"}, "postgresql://a/b"),
        ({VARIABLE: "/a/b.db"}, "sqlite:////a/b.db"),
        ({VARIABLE: "keyring"}, "keyring"),
        ({VARIABLE: ""}, "sqlite:////of/the/file.db"),
        ({}, "sqlite:////of/the/file.db"),
    ],
)
def test_the_nearest_word_on_the_vault_counts(environ: Mapping[str, str], url: str) -> None:
    assert vault_url(CONFIGURED, environ) == url


def test_without_a_word_it_is_a_file_beside_the_conversations_and_its_key_is_elsewhere() -> None:
    url = vault_url(Configuration(), {})
    assert url.endswith(f"orchestrator/{FILE_NAME}")
    assert Path(os.environ["XDG_DATA_HOME"]) in Path(url.removeprefix("sqlite:///")).parents
    assert Path(os.environ["XDG_CONFIG_HOME"]) in key_file(url).parents


def test_the_file_says_where_the_vault_is_and_its_key(tmp_path: Path) -> None:
    file = tmp_path / "orchestrator.toml"
    assert parse_configuration(file, b"").vault == VaultSetting()
    found = parse_configuration(file, b'[vault]\nurl = "kept/vault.db"\nkey = "keyring"\n').vault
    assert found == VaultSetting(url=f"sqlite:///{tmp_path}/kept/vault.db", key="keyring")
    assert parse_configuration(file, b'[vault]\nurl = "keyring"\n').vault.url == "keyring"
    hidden = parse_configuration(file, b'[vault]\nurl = "postgresql://me:secret@host/db"\n')
    assert "secret" not in repr(hidden)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"path": "x"}, "[vault] has no member 'path'"),
        ({"url": 3}, "[vault] url must be a string"),
        ({"key": "fil"}, "[vault] key cannot be 'fil'; did you mean 'file'?"),
        ({"url": "postgres:me:secret@host"}, "[vault] url: a store is named by a path or a URL"),
    ],
)
def test_a_mistake_in_the_file_is_told(members: JsonObject, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_vault(Path("orchestrator.toml"), members)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


# --- in this process


@asynccontextmanager
async def asked(configuration: Configuration, environ: Mapping[str, str]) -> AsyncGenerator[Vault]:
    http = SharedClient()
    async with opened_vault(configuration, environ, http=http) as vault:
        yield vault
    await http.aclose()


def use(origin: str = "https://api.example.com") -> CredentialUse:
    return CredentialUse(reference="key", person=DEFAULT_PERSON, plugin="todo", origin=origin, scheme=Bearer())


async def given_by(vault: Vault) -> str:
    async with aclosing(vault.flow(use())) as flow:
        return (await anext(flow)).reveal()


async def keep(configuration: Configuration, environ: Mapping[str, str], value: str) -> None:
    async with opened_stored_vault(configuration, environ, http=SharedClient()) as vault:
        await vault.register(DEFAULT_PERSON, "key", SecretRegistration(), ["https://api.example.com"])
        await vault.keep(DEFAULT_PERSON, "key", Given(value=Secret(value)))


def at(folder: Path) -> Configuration:
    return Configuration(vault=VaultSetting(url=f"sqlite:///{folder}/vault.db"))


async def test_the_environment_goes_before_the_vault_that_is_kept(tmp_path: Path) -> None:
    await keep(at(tmp_path), {}, "kept")
    async with asked(at(tmp_path), {}) as vault:
        assert await vault.has("key")
        assert not await vault.has("other")
        await vault.ready(use())
        assert await given_by(vault) == "kept"
    own = {"ORCHESTRATOR_AUTH_KEY": "of the environment", "ORCHESTRATOR_AUTH_KEY_ORIGINS": "https://api.example.com"}
    async with asked(at(tmp_path), own) as vault:
        assert await vault.has("key")
        assert await given_by(vault) == "of the environment"


async def test_what_a_person_keeps_is_masked_before_its_first_use(tmp_path: Path) -> None:
    """A key that is pasted into a chat before any call is taken out of it, also one of several that an API wants."""
    await keep(at(tmp_path), {}, "kept-key-1234")
    async with opened_stored_vault(at(tmp_path), {}, http=SharedClient()) as vault:
        for name in ("key/app", "keys"):
            await vault.register(DEFAULT_PERSON, name, SecretRegistration(), ["https://api.example.com"])
            await vault.keep(DEFAULT_PERSON, name, Given(value=Secret(f"{name}-1234")))
    http, said = SharedClient(), "kept-key-1234 key/app-1234 keys-1234"
    secrets, opened = http.secrets, partial(opened_vault, at(tmp_path), {}, http=http)
    async with opened() as nobodys:
        assert await nobodys.has("key")
    async with opened(person="somebody else") as theirs:
        assert await theirs.has("key")
    assert secrets.masked(said) == said
    async with opened(person=DEFAULT_PERSON) as vault:
        assert secrets.masked(said) == said
        assert await vault.has("key")
        assert secrets.masked(said) == "[secret key] [secret key_app] keys-1234"
    await http.aclose()


async def test_a_default_vault_that_nobody_has_made_is_empty_and_is_not_made_by_asking() -> None:
    before = sorted(os.walk(os.environ["XDG_DATA_HOME"]))
    async with asked(Configuration(), {}) as vault:
        assert not await vault.has("key")
        with pytest.raises(CredentialMissing):
            await vault.ready(use())
        with pytest.raises(CredentialMissing):
            await given_by(vault)
    async with opened_records(Configuration(), {}, creates=False) as records:
        assert list(await records.keys()) == []
    assert sorted(os.walk(os.environ["XDG_DATA_HOME"])) == before


async def test_a_vault_that_is_made_while_a_command_runs_is_found(tmp_path: Path) -> None:
    """By a worker, say, when somebody has logged in at last."""
    code = (
        "import anyio\n"
        "from orchestrator.cli.configuration import Configuration\n"
        "from orchestrator.cli.vault import opened_vault\n"
        "from runtimes.fetch import SharedClient\n"
        "from tests.orchestrator.cli.test_vault_of_commands import keep\n"
        "async def main():\n"
        "    async with opened_vault(Configuration(), http=SharedClient()) as vault:\n"
        "        print(await vault.has('key'))\n"
        "        await keep(Configuration(), {}, 'v')\n"
        "        print(await vault.has('key'))\n"
        "anyio.run(main)\n"
    )
    own = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with anyio.fail_after(60):
        done = await anyio.run_process(warm.line([sys.executable, "-c", code]), env={**os.environ, **own})
    assert done.stdout.split() == [b"False", b"True"]


async def test_a_vault_that_is_named_and_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    async with asked(at(tmp_path), {}) as vault:
        with pytest.raises(VaultError, match=r"^the vault '.*vault\.db': no credentials are kept there"):
            await vault.has("key")
    assert os.listdir(tmp_path) == []
    with pytest.raises(UsageError, match="no credentials are kept there"):
        async with opened_records(at(tmp_path), {}, creates=False):
            raise NotImplementedError


async def test_many_who_ask_at_once_open_it_once(tmp_path: Path) -> None:
    await keep(at(tmp_path), {}, "kept")
    answers: list[bool] = []

    async def ask(vault: Vault) -> None:
        answers.append(await vault.has("key"))

    async with asked(at(tmp_path), {}) as vault, anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask, vault)
    assert answers == [True] * 10


async def test_the_vault_is_sealed_with_the_key_of_the_environment(tmp_path: Path) -> None:
    environ = {KEY_VARIABLE: "QUJD" * 10 + "QUI="}
    await keep(at(tmp_path), environ, "kept")
    async with asked(at(tmp_path), environ) as vault:
        assert await given_by(vault) == "kept"
    async with asked(at(tmp_path), {}) as vault:
        with pytest.raises(VaultError, match="which is not at hand"):
            await given_by(vault)


# --- as processes


@dataclass(slots=True, kw_only=True)
class Desk:
    """A person's folders, a plugin that wants a key, and the program."""

    folder: Path
    server: LoopbackServer
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def surroundings(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        folders = {"XDG_DATA_HOME": str(self.folder / "data"), "XDG_CONFIG_HOME": str(self.folder / "config")}
        return {**kept, "HOME": str(self.folder), **folders, **self.environment}

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-W", "error", "-m", "orchestrator", *arguments]
        done = await warm.run_process(command, folder=self.folder, environ=self.surroundings)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    async def python(self, code: str, *, is_warm: bool = False) -> str:
        environ = {**self.surroundings, "PYTHONPATH": str(Path(__file__).parents[3])}
        command = [sys.executable, "-c", code]
        with anyio.fail_after(60):
            done = await anyio.run_process(warm.line(command) if is_warm else command, cwd=self.folder, env=environ)
        return done.stdout.decode()

    async def keep(self, value: str) -> None:
        """As `orchestrator auth add` does."""
        await self.python(
            "import anyio\n"
            "from auth import Secret\nfrom auth.credentials import Given\n"
            "from auth.registration import SecretRegistration\n"
            "from orchestrator.cli.configuration import read_configuration\n"
            "from orchestrator.cli.vault import opened_stored_vault\n"
            "from runtimes.fetch import SharedClient\n"
            "async def main():\n"
            "    async with opened_stored_vault(read_configuration(), http=SharedClient()) as vault:\n"
            f"        await vault.register('me', 'key', SecretRegistration(), ['{self.server.url}'])\n"
            f"        await vault.keep('me', 'key', Given(value=Secret('{value}')))\n"
            "anyio.run(main)\n",
            is_warm=True,
        )


def _plugin(url: str, *, is_anonymous: bool) -> JsonObject:
    description: JsonObject = {
        "openapi": "3.0.3",
        "info": {"title": "Counts", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/count": {"get": {"operationId": "count", "responses": {"200": {"description": "It"}}}}},
    }
    if not is_anonymous:
        scheme: JsonObject = {"type": "apiKey", "in": "header", "name": "X-Key"}
        description |= {"components": {"securitySchemes": {"k": scheme}}, "security": [{"k": []}]}
    auth: JsonObject = {"type": "ApiKeyPluginVault", "reference_id": "key"}
    return {
        "schema_version": "v2.2",
        "name_for_human": "Counts",
        "namespace": "counts",
        "description_for_human": "Counts.",
        "functions": [{"name": "count", "description": "Counts"}],
        "runtimes": [
            {"type": "OpenApi", "auth": {"type": "None"} if is_anonymous else auth, "spec": {"url": "api.json"}}
        ],
        "api": description,
    }


async def _write(folder: Path, url: str, *, is_anonymous: bool) -> None:
    plugin = _plugin(url, is_anonymous=is_anonymous)
    await anyio.Path(folder / "api.json").write_text(json.dumps(plugin.pop("api")), encoding="utf-8")
    await anyio.Path(folder / "plugin.json").write_text(json.dumps(plugin), encoding="utf-8")


async def count(request: Request) -> Answer:
    return json_response({"count": 3, "knows": request.header("x-key") is not None})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with serve(count) as server:
        await _write(tmp_path, server.url, is_anonymous=False)
        yield Desk(folder=tmp_path, server=server)


CALL = ("call", "plugin.json", "count", "{}", "--allow-host", "127.0.0.1")


async def test_a_call_takes_the_credential_from_the_vault_that_is_kept(desk: Desk) -> None:
    await desk.keep(CANARY)
    code, out, err = await desk.run(*CALL)
    assert (code, err) == (0, "")
    assert '"knows": true' in out
    assert desk.server.requests[0].header("x-key") == CANARY
    assert CANARY not in out


async def test_a_call_takes_it_from_the_environment_without_a_vault(desk: Desk) -> None:
    desk.environment = {"ORCHESTRATOR_AUTH_KEY": CANARY, "ORCHESTRATOR_AUTH_KEY_ORIGINS": desk.server.url}
    code, out, err = await desk.run(*CALL)
    assert (code, err) == (0, "")
    assert desk.server.requests[0].header("x-key") == CANARY
    assert CANARY not in out
    assert not await anyio.Path(desk.folder / "data").exists()


async def test_a_function_without_its_credential_says_what_gives_it_and_nothing_is_made(desk: Desk) -> None:
    code, out, err = await desk.run("tools", "plugin.json", "--allow-host", "127.0.0.1")
    assert code == 1
    assert "it needs the credential 'key' (ApiKeyPluginVault), which the vault does not have" in out
    assert "`orchestrator auth add key plugin.json` gives it" in out
    assert err == ""
    assert not await anyio.Path(desk.folder / "data").exists()
    assert not await anyio.Path(desk.folder / "config").exists()
    await desk.keep(CANARY)
    code, out, _ = await desk.run("tools", "plugin.json", "--allow-host", "127.0.0.1")
    assert (code, "count" in out) == (0, True)


async def test_a_vault_that_cannot_be_asked_is_told_as_the_reason(desk: Desk) -> None:
    desk.environment = {VARIABLE: "postgresql://ada:secret@127.0.0.1:1/vault"}
    code, out, err = await desk.run("tools", "plugin.json", "--allow-host", "127.0.0.1")
    assert code == 1
    assert "and the vault cannot be asked for it: the vault 'postgresql://ada@127.0.0.1:1/vault'" in out
    assert "secret" not in out + err


async def test_a_machine_without_a_keyring_says_so(desk: Desk) -> None:
    desk.environment = {VARIABLE: "keyring", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    code, out, _ = await desk.run("tools", "plugin.json", "--allow-host", "127.0.0.1")
    assert (code, "and the vault cannot be asked for it: the keyring" in out) == (1, True)


@pytest.mark.parametrize("arguments", [["tools", "plugin.json"], [*CALL]])
async def test_a_plugin_that_needs_no_credential_loads_no_vault(desk: Desk, arguments: list[str]) -> None:
    await desk.keep(CANARY)
    await _write(desk.folder, desk.server.url, is_anonymous=True)
    loaded = (
        "import sys\nfrom orchestrator.cli.main import main\n"
        f"code = main({arguments!r})\n"
        f"print('loaded:', *({set(HEAVY)!r} & set(sys.modules)), code)\n"
    )
    assert (await desk.python(loaded)).splitlines()[-1] == "loaded: 0"


async def test_the_help_loads_no_vault(desk: Desk) -> None:
    loaded = (
        "import sys, contextlib\nfrom orchestrator.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n    main(['--help'])\n"
        f"print('loaded:', *({set(HEAVY)!r} & set(sys.modules)))\n"
    )
    assert (await desk.python(loaded)).splitlines()[-1] == "loaded:"
