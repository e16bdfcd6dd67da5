"""Records of credentials in clear, as the vault works with them, and the seam to whatever keeps them from others.

`auth.sealed` keeps them sealed in rows; `auth.keyring_records` leaves them to the keyring of the system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auth.rows import RecordKey
from auth.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A registration or a credential."""

    key: RecordKey
    origins: tuple[str, ...]
    """Where it may go, each as `auth.origins.origin_of` writes it."""
    content: Secret
    """JSON: `auth.registration` and `auth.credentials` read and write it."""
    version: int = 0
    """How often it was written; 0 for one that is not kept yet."""


class Records(Protocol):
    """Keeps records; as `auth.rows.Rows`, with the contents in clear. Every method raises: `VaultError`."""

    async def read(self, key: RecordKey, /) -> Record | None:
        """The record of that key. Raises: `KeyMissing`, `SealBroken`."""
        ...

    async def version(self, key: RecordKey, /) -> int:
        """Of what is kept of that key, although nobody can read it any more; 0 where there is nothing.

        Raises: `SealBroken` where not even that can be told.
        """
        ...

    async def write(self, record: Record, /) -> int:
        """As `Rows.write`. Raises: `KeyMissing`, `RecordChanged`."""
        ...

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Rows.remove`."""
        ...

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Rows.keys`."""
        ...

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Rows.claim`."""
        ...

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Rows.release`."""
        ...
