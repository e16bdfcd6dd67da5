"""Records that are sealed in rows, which may lie anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import anyio

from auth.errors import KeyMissing, RecordChanged, SealBroken, VaultError
from auth.keys import Keys, SealingKey
from auth.records import Record
from auth.rows import SHARED, RecordKey, Row, Rows
from auth.sealing import open_sealed, seal, shown_record

RESEAL_CLAIM_SECONDS = 30.0
"""How long nobody else renews a record that is being sealed anew."""

RESEAL_TRIES = 1200
"""How often a record is looked at that others renew or write."""

RESEAL_PAUSE = 0.1
"""Seconds between two looks."""

MAX_TURNS = 4
"""How often a record is sealed that is written while keys are replaced."""

MAX_NAMED = 5
"""Records that could not be sealed anew and are named."""

MAX_LOOKED = 32
"""Records of one owner that a key is tried on before the first write."""

_SHOWN_ID_CHARS = 80


def _sealed(record: Record, key: SealingKey) -> Row:
    """Raises: `VaultError`."""
    sealed = seal(key, record.key, record.origins, record.content)
    return Row(key=record.key, origins=record.origins, key_id=key.id, sealed=sealed, version=record.version)


class SealedRecords:
    """`Records` over rows, each sealed for its place by `auth.sealing`."""

    def __init__(self, rows: Rows, keys: Keys) -> None:
        self._rows, self._keys = rows, keys
        self._has_written = False

    async def read(self, key: RecordKey, /) -> Record | None:
        """As `Records.read`. Raises: `KeyMissing`, `SealBroken`, `VaultError`."""
        row = await self._rows.read(key)
        return await self._opened(key, row) if row is not None else None

    async def version(self, key: RecordKey, /) -> int:
        """As `Records.version`. Raises: `SealBroken`, `VaultError`."""
        row = await self._rows.read(key)
        return 0 if row is None else row.version

    async def write(self, record: Record, /) -> int:
        """As `Records.write`. Raises: `KeyMissing`, `RecordChanged`, `VaultError`.

        Who replaces the keys meanwhile may have passed this record by already, and drop the key that it was sealed
        with: then it is sealed again.
        """
        await self._check_key(record.key.owner)
        key, version = await self._keys.current(), record.version
        version = await self._rows.write(_sealed(record, key))
        for _ in range(MAX_TURNS):
            newest = await self._keys.current()
            if newest.id == key.id:
                break
            key = newest
            try:
                version = await self._rows.write(_sealed(replace(record, version=version), key))
            except RecordChanged:  # who has written it since saw the keys as they are
                break
        return version

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Records.remove`. Raises: `VaultError`."""
        return await self._rows.remove(key)

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Records.keys`. Raises: `VaultError`."""
        return await self._rows.keys(owner)

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Records.claim`. Raises: `VaultError`."""
        return await self._rows.claim(key, version, seconds)

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Records.release`. Raises: `VaultError`."""
        await self._rows.release(key, version)

    async def reseal(self) -> int:
        """Seals every record with the key that is in use; returns how many had another one.

        A record that cannot be opened stays as it is and keeps none of the others back.

        Raises: `VaultError`, after all others are done, for those that stayed; `KeyMissing` where there is no key.
        """
        await self._keys.current()
        count, problems = 0, list[str]()
        for key in await self._rows.keys():
            try:
                count += await self._resealed(key)
            except (KeyMissing, SealBroken) as error:
                problems.append(str(error))
        if problems:
            more = "" if len(problems) <= MAX_NAMED else f"; and {len(problems) - MAX_NAMED} more"
            raise VaultError(f"could not seal everything anew: {'; '.join(problems[:MAX_NAMED])}{more}")
        return count

    # --- one row

    async def _opened(self, key: RecordKey, row: Row) -> Record:
        """Raises: `KeyMissing`, `SealBroken`."""
        if row.key != key:
            raise SealBroken(f"the store has {shown_record(row.key)} in the place of {shown_record(key)}")
        sealing = await self._keys.by_id(row.key_id)
        if sealing is None:
            raise KeyMissing(
                f"{shown_record(key)} is sealed with the key {row.key_id[:_SHOWN_ID_CHARS]!r}, which is not at hand; "
                "give the key file, the key or the passphrase that it was sealed with, or remove it and give it anew"
            )
        return Record(key=key, origins=row.origins, content=open_sealed(sealing, row), version=row.version)

    async def _resealed(self, key: RecordKey) -> bool:
        """False where there was nothing to do. Raises: `KeyMissing`, `SealBroken`, `VaultError`."""
        for _ in range(RESEAL_TRIES):
            row, sealing = await self._rows.read(key), await self._keys.current()
            if row is None or row.key_id == sealing.id:
                return False
            record = await self._opened(key, row)
            if await self._rows.claim(key, row.version, RESEAL_CLAIM_SECONDS):
                try:
                    await self._rows.write(_sealed(record, sealing))
                except RecordChanged:
                    continue
                return True
            await anyio.sleep(RESEAL_PAUSE)
        raise VaultError(f"{shown_record(key)} is being written all the time by others; try again later")

    async def _check_key(self, owner: str) -> None:
        """Before the first write: whose key opens nothing of what is there has mistyped it, or has another one.

        A passphrase is so given the salt of a record that it has sealed, and needs no other. Raises: `KeyMissing`.
        """
        if self._has_written:
            return
        if not await self._opens_some(owner):
            raise KeyMissing(
                "this key, or passphrase, opens nothing of this vault: nothing is sealed with it; give the one that "
                "the vault was sealed with, or first remove what is kept there"
            )
        self._has_written = True

    async def _opens_some(self, owner: str) -> bool:
        """True too where there is nothing; a damaged record keeps nobody from writing another."""
        tried = set[str]()
        for one in dict.fromkeys((owner, SHARED)):
            for key in (await self._rows.keys(one))[:MAX_LOOKED]:
                key_id = await self._key_id(key)
                if key_id is None or key_id in tried:
                    continue
                if await self._keys.by_id(key_id) is not None:
                    return True
                tried.add(key_id)
        return not tried

    async def _key_id(self, key: RecordKey) -> str | None:
        """Of the key that a record is sealed with; None where nobody can tell."""
        with suppress(SealBroken):
            row = await self._rows.read(key)
            return row.key_id if row is not None else None
        return None
