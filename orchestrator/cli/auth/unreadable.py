"""What is kept under a name and cannot be read: the person is told, and it makes room for what they give."""

from __future__ import annotations

from auth.errors import KeyMissing, SealBroken
from auth.records import Records
from auth.shelf import credential_key
from auth.stored import StoredVault


async def problem_of(vault: StoredVault, owner: str, name: str) -> str:
    """Why what holds for them cannot be read; empty where it can, or where nothing is there. Raises: `VaultError`."""
    return next((one.problem for one in await vault.listed(owner) if one.name == name), "")


async def make_room(vault: StoredVault, records: Records, person: str, name: str) -> None:
    """Removes the credential of the person if it cannot be read, so that they can get another. Raises: `VaultError`."""
    try:
        await vault.credential(person, name)
    except (KeyMissing, SealBroken):
        await records.remove(credential_key(person, name))
