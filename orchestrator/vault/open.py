"""Opens a vault, by the URL of its store; what it takes is loaded only then."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio

from auth import SecretsInUse, VaultError
from orchestrator.errors import UsageError
from orchestrator.journal.open import check_store
from runtimes.fetch import SharedClient

if TYPE_CHECKING:
    from auth.keys import Keys
    from auth.obtaining import SubjectToken
    from auth.records import Records
    from auth.registration import OAuthRegistration
    from auth.sealed import SealedRecords
    from auth.stored import StoredVault, TransportFor
    from orchestrator.vault.keys import KeySource
    from runtimes.oauth_transport import ClientTransport

KEYRING = "keyring"
"""The word that names the keyring of the system in place of a store."""

_PATH = re.compile(r"[\w.~/-]+")
"""What is the path of a file, and cannot have a password in it."""


def _transports(http: SharedClient) -> TransportFor:
    """How authorization servers are reached: over https, and at private addresses where the registration says so."""
    from runtimes.oauth_transport import ClientTransport

    def transport(registration: OAuthRegistration) -> ClientTransport:
        hosts = registration.allowed_hosts
        try:
            return ClientTransport(http.allowing(hosts), hosts)
        except ValueError as error:
            raise VaultError(
                f"the registration of {registration.client_id!r} allows a host that is none: {error}"
            ) from None

    return transport


def _check_vault(store: str) -> None:
    """Raises: `UsageError`."""
    if _PATH.fullmatch(store):
        raise UsageError(
            f"a vault is named by a URL, or the word {KEYRING!r}; for the file {store!r}: sqlite:///{store}"
        )
    check_store(store)


@asynccontextmanager
async def open_sealed(store: str, keys: Keys, *, creates: bool = True) -> AsyncGenerator[SealedRecords]:
    """The records of a store, sealed with these keys; its tables are made, or brought up to date, first.

    Unless it `creates`, only where there are some. Raises: `UsageError` for what names no store, or none that is there;
    `VaultError`.
    """
    _check_vault(store)
    from auth.sealed import SealedRecords
    from orchestrator.journal.sql.opening import opened_transactions
    from orchestrator.vault.rows import SqlRows, vault_errors

    async with AsyncExitStack() as stack:
        with vault_errors():
            opening = opened_transactions(store, kind="vault", creates=creates)
            transactions = await stack.enter_async_context(opening)
        yield SealedRecords(SqlRows(transactions), keys)


@asynccontextmanager
async def open_records(
    store: str,
    *,
    keys: Keys | None = None,
    secrets: SecretsInUse | None = None,
    source: KeySource = "file",
    environ: Mapping[str, str] = os.environ,
    creates: bool = True,
) -> AsyncGenerator[Records]:
    """As `open_sealed`, with the keys that there are by default; or, for the word `keyring`, those of the keyring.

    Raises: as that; `KeyMissing`.
    """
    from orchestrator.vault.keys import default_keys, keyring_lock

    if store == KEYRING:
        from auth.keyring_records import KeyringRecords
        from auth.keyrings import system_keyring

        yield KeyringRecords(await anyio.to_thread.run_sync(system_keyring), lock=keyring_lock())
        return
    _check_vault(store)
    if keys is None:
        keys = await anyio.to_thread.run_sync(partial(default_keys, store, environ, source=source, secrets=secrets))
    async with open_sealed(store, keys, creates=creates) as records:
        yield records


@asynccontextmanager
async def open_vault(
    store: str,
    *,
    keys: Keys | None = None,
    secrets: SecretsInUse | None = None,
    http: SharedClient | None = None,
    clock: Callable[[], float] = time.time,
    subject: SubjectToken | None = None,
) -> AsyncGenerator[StoredVault]:
    """The vault at a URL, as `open_journal` takes them, or in the keyring of the system for the word `keyring`.

    Its tables are made, or brought up to date, first; it may be the store of conversations too. Without `keys` those of
    the environment seal it, else a file of the person's own, which is made. Authorization servers are asked by `http`,
    which stays open. What must be seen nowhere is learnt by `secrets`, else by those of `http`: a host that is to mask
    it is given the same. `subject` has the tokens of persons who signed in to this program, for registrations that
    trade those.

    Raises: `UsageError` for what names no vault; `VaultError`, `KeyMissing`.
    """
    async with AsyncExitStack() as stack:
        if http is None:
            http = SharedClient(secrets=secrets)
            stack.push_async_callback(http.aclose)
        if secrets is None:
            secrets = http.secrets
        records = await stack.enter_async_context(open_records(store, keys=keys, secrets=secrets))
        yield vault_over(records, http, secrets=secrets, clock=clock, subject=subject)


def vault_over(
    records: Records,
    http: SharedClient,
    *,
    secrets: SecretsInUse | None = None,
    clock: Callable[[], float] = time.time,
    subject: SubjectToken | None = None,
) -> StoredVault:
    """The vault of records that are open already; `secrets` are as `open_vault` has them."""
    from auth.stored import StoredVault

    learning = secrets if secrets is not None else http.secrets
    return StoredVault(records, _transports(http), secrets=learning, clock=clock, subject=subject)
