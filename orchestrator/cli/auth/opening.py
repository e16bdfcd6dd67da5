"""The vault that a command is about, open, with what it is asked over."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from auth import SecretsInUse
from auth.records import Records
from auth.stored import StoredVault
from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.cli.vault import opened_records
from orchestrator.errors import UsageError
from orchestrator.host import DEFAULT_PERSON
from orchestrator.vault.open import vault_over
from runtimes.fetch import SharedClient
from runtimes.proxy import checked_proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A vault, and what lies below it."""

    vault: StoredVault
    records: Records
    http: SharedClient
    secrets: SecretsInUse = field(repr=False)


def person_of(options: argparse.Namespace) -> str:
    """Whose credential it is."""
    return str(options.person or DEFAULT_PERSON)


def client_of(options: argparse.Namespace, configuration: Configuration) -> SharedClient:
    """The client for providers. Raises: `UsageError`."""
    proxy: str | None = vars(options).get("proxy") or configuration.proxy
    try:
        return SharedClient(
            proxy=checked_proxy(proxy) if proxy is not None else None, secrets=vars(options).get("secrets")
        )
    except ValueError as error:
        raise UsageError(f"--proxy: {error}") from None


@asynccontextmanager
async def opened(configuration: Configuration, http: SharedClient, *, creates: bool) -> AsyncGenerator[Opened]:
    """The vault that the configuration names; it is made where the command `creates` it. Raises: `UsageError`,
    `VaultError`."""
    secrets = http.secrets
    async with opened_records(configuration, secrets=secrets, creates=creates) as records:
        vault = vault_over(records, http)
        yield Opened(vault=vault, records=records, http=http, secrets=secrets)


@asynccontextmanager
async def opened_vault_of(options: argparse.Namespace, *, creates: bool = False) -> AsyncGenerator[Opened]:
    """The same with a client of its own."""
    configuration = read_configuration()
    http = client_of(options, configuration)
    try:
        async with opened(configuration, http, creates=creates) as found:
            yield found
    finally:
        await http.aclose()
