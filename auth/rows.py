"""What is kept of credentials, sealed: rows that may lie anywhere, and the seam to where they do.

A row tells whose it is, what it is called and where its content may go; what it holds, nobody reads without the key.
`RowsInMemory` is the twin of the table (`orchestrator.vault`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from auth.errors import RecordChanged

SHARED = ""
"""The owner of what holds for every person."""

RecordKind = Literal["registration", "credential"]
"""How a credential is got and where it may go; or the credential itself."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RecordKey:
    """What names a record."""

    owner: str
    """The person, or `SHARED`."""
    name: str
    """Of the credential, as `auth.vault.CredentialUse.name`."""
    kind: RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record as it lies in the store."""

    key: RecordKey
    origins: tuple[str, ...]
    """Where it may go, each as `auth.origins.origin_of` writes it; in clear, and bound by the seal."""
    key_id: str
    """Of the key that it is sealed with."""
    sealed: bytes
    version: int = 0
    """Higher with each writing, and above that of one that was removed before; 0 for one that is not kept yet."""


class Rows(Protocol):
    """Keeps rows. Every method raises: `VaultError`."""

    async def read(self, key: RecordKey, /) -> Row | None:
        """The row of that key."""
        ...

    async def write(self, row: Row, /) -> int:
        """Keeps a row in the place of the version that it has, and ends a claim on it; returns the new version.

        Raises: `RecordChanged` when another version is kept by now, or for version 0 any at all.
        """
        ...

    async def remove(self, key: RecordKey, /) -> bool:
        """True when there was one."""
        ...

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """All there are, or those of one owner, in order."""
        ...

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """True for the only one who may renew that version now: until it is written, released, or so long has passed.

        It holds across processes, by the clock of the store.
        """
        ...

    async def release(self, key: RecordKey, version: int, /) -> None:
        """Ends a claim that came to nothing."""
        ...


class RowsInMemory:
    """Rows that live as long as the process."""

    def __init__(self) -> None:
        self._rows: dict[RecordKey, Row] = {}
        self._claims: dict[RecordKey, tuple[int, float]] = {}
        self._removed: dict[RecordKey, int] = {}

    async def read(self, key: RecordKey, /) -> Row | None:
        """As `Rows.read`."""
        return self._rows.get(key)

    async def write(self, row: Row, /) -> int:
        """As `Rows.write`. Raises: `RecordChanged`."""
        kept = self._rows.get(row.key)
        if row.version != (kept.version if kept is not None else 0):
            raise RecordChanged(f"the credential {row.key.name!r} was written by somebody else meanwhile")
        version = max(row.version, self._removed.get(row.key, 0)) + 1
        self._rows[row.key] = replace(row, version=version)
        self._claims.pop(row.key, None)
        return version

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Rows.remove`."""
        self._claims.pop(key, None)
        kept = self._rows.pop(key, None)
        if kept is not None:
            self._removed[key] = kept.version
        return kept is not None

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Rows.keys`."""
        return sorted(key for key in self._rows if owner in (None, key.owner))

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Rows.claim`."""
        kept, now = self._rows.get(key), time.monotonic()
        if kept is None or kept.version != version:
            return False
        if key in self._claims and self._claims[key][1] > now:
            return False
        self._claims[key] = (version, now + seconds)
        return True

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Rows.release`."""
        if key in self._claims and self._claims[key][0] == version:
            del self._claims[key]
