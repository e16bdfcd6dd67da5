"""Finds what is registered under a name that somebody typed."""

from __future__ import annotations

from auth import CredentialMissing
from auth.shelf import Registered
from auth.stored import StoredVault
from orchestrator.errors import UnknownName, UsageError


async def found_registration(vault: StoredVault, person: str, name: str) -> Registered:
    """What is registered under the name, for the person. Raises: `UnknownName`, `UsageError`, `VaultError`."""
    registered = await vault.registered(person, name)
    if registered is not None:
        return registered
    known = [one.name for one in await vault.listed(person)]
    parts = [one for one in known if one.startswith(f"{name}/")]
    if parts:
        raise UsageError(f"{name!r} has parts, each with its own credential: {', '.join(parts)}")
    if name in known:
        raise UsageError(f"how {name!r} is got is not registered any more; `orchestrator auth add {name!r}` does it")
    if not known:
        raise CredentialMissing(f"no credential is registered; `orchestrator auth add {name!r} PLUGIN` does it")
    raise UnknownName("credential", name, known)
