"""Which vault a command takes credentials from, and that vault, opened when somebody asks it.

No option names one: what is registered by one command is found by every other.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from auth import CredentialUse, Flow, MappingVault, SecretsInUse, Vault, VaultError
from auth.chain import ChainVault
from auth.environment import EnvironmentVault
from orchestrator.cli.configuration import Configuration
from orchestrator.cli.configured_store import file_url
from orchestrator.cli.configured_vault import named_vault
from orchestrator.cli.slow_store import told_when_slow
from orchestrator.errors import UsageError
from runtimes.fetch import SharedClient

if TYPE_CHECKING:
    from auth.keys import RotatingKeys
    from auth.records import Records
    from auth.stored import StoredVault

VARIABLE = "ORCHESTRATOR_VAULT"
"""The variable that names a vault: a URL, a path, or the word `keyring`."""

FILE_NAME = "vault.db"


def _default_file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("orchestrator") / FILE_NAME


def _chosen(configuration: Configuration, environ: Mapping[str, str]) -> str | None:
    """What somebody has named. Raises: `UsageError`."""
    if variable := environ.get(VARIABLE, ""):
        return named_vault(variable, f"{VARIABLE}: ", Path.cwd())
    return configuration.vault.url


def vault_url(configuration: Configuration, environ: Mapping[str, str] = os.environ) -> str:
    """The URL of the vault, or the word `keyring`: of `ORCHESTRATOR_VAULT`, of the file, or the default one.

    It may hold a password, and is not for output. Raises: `UsageError` for what names no vault.
    """
    return _chosen(configuration, environ) or file_url(_default_file())


async def _is_missing(configuration: Configuration, environ: Mapping[str, str]) -> bool:
    """True for the default one that nobody has made yet."""
    return _chosen(configuration, environ) is None and not await anyio.Path(_default_file()).exists()


def vault_keys(configuration: Configuration) -> RotatingKeys:
    """The keys that seal the vault unless the environment gives one, to replace them.

    Raises: `KeyMissing`, `VaultError`.
    """
    from orchestrator.vault.keys import own_keys

    return own_keys(vault_url(configuration), configuration.vault.key)


@asynccontextmanager
async def opened_records(
    configuration: Configuration,
    environ: Mapping[str, str] = os.environ,
    *,
    secrets: SecretsInUse | None = None,
    creates: bool = True,
) -> AsyncGenerator[Records]:
    """The records of the vault that the configuration names.

    Unless it `creates`, a vault that somebody names has to be there, and the default one is as good as empty where it
    is not. Raises: `UsageError`; `VaultError`, which names the vault without a password; `KeyMissing`.
    """
    from orchestrator.vault.open import open_records

    if not creates and await _is_missing(configuration, environ):
        from auth.keys import GivenKeys, new_key
        from auth.rows import RowsInMemory
        from auth.sealed import SealedRecords

        yield SealedRecords(RowsInMemory(), GivenKeys(new_key()))
        return
    opening = open_records(
        vault_url(configuration, environ),
        secrets=secrets,
        source=configuration.vault.key,
        environ=environ,
        creates=creates,
    )
    async with AsyncExitStack() as stack:
        with told_when_slow("the vault"):
            records = await stack.enter_async_context(opening)
        yield records


@asynccontextmanager
async def opened_stored_vault(
    configuration: Configuration,
    environ: Mapping[str, str] = os.environ,
    *,
    http: SharedClient,
    creates: bool = True,
) -> AsyncGenerator[StoredVault]:
    """The vault itself, for commands that change it or tell of it; `http` knows its secrets.

    Raises: as `opened_records`.
    """
    from orchestrator.vault.open import vault_over

    async with opened_records(configuration, environ, secrets=http.secrets, creates=creates) as records:
        yield vault_over(records, http)


class _OpenedLater:
    """The stored vault, opened at the first question; while the default one is not there, it has nothing."""

    def __init__(
        self,
        stack: AsyncExitStack,
        configuration: Configuration,
        environ: Mapping[str, str],
        http: SharedClient,
        person: str | None,
    ) -> None:
        """The stack closes it."""
        self._stack = stack
        self._configuration = configuration
        self._environ = environ
        self._http = http
        self._person = person
        self._lock = anyio.Lock()
        self._vault: StoredVault | None = None

    async def _opened(self) -> Vault:
        """Raises: `VaultError`, also where somebody names one that is not there: a host goes on without it."""
        async with self._lock:
            if self._vault is None and await _is_missing(self._configuration, self._environ):
                return MappingVault()
            if self._vault is None:
                opening = opened_stored_vault(self._configuration, self._environ, http=self._http, creates=False)
                try:
                    self._vault = await self._stack.enter_async_context(opening)
                except UsageError as error:
                    raise VaultError(str(error)) from None
            return self._vault

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`; what the person has of it is masked from then on. Raises: `VaultError`."""
        is_there = await (await self._opened()).has(reference)
        if is_there and self._vault is not None and self._person is not None:
            await self._vault.noticed(self._person, reference)
        return is_there

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`."""
        await (await self._opened()).ready(use)

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`."""
        vault = await self._opened()
        async with aclosing(vault.flow(use)) as flow:
            secret = await anext(flow, None)
            while secret is not None:
                status = yield secret
                try:
                    secret = await flow.asend(status)
                except StopAsyncIteration:
                    return


@asynccontextmanager
async def opened_vault(
    configuration: Configuration,
    environ: Mapping[str, str] = os.environ,
    *,
    http: SharedClient,
    person: str | None = None,
) -> AsyncGenerator[Vault]:
    """What a command that calls plugins takes credentials from: the environment, then the vault that is kept.

    That is opened when it is first asked, so never for plugins that need no credential, and nothing is made by asking.
    Authorization servers are asked over `http`, which knows the secrets: those of the `person` that it is for from when
    their functions are offered.
    """
    async with AsyncExitStack() as stack:
        kept = _OpenedLater(stack, configuration, environ, http, person)
        yield ChainVault(EnvironmentVault(environ, secrets=http.secrets), kept)
