"""Records that lie in the keyring of the system, which keeps them from other persons.

A keyring has no list of its entries, no versions and room for short texts only. So an index is kept in it, a record is
cut into parts, and a file that the programs of a person share locks all of them. It is for the records of one person on
one machine: each step asks the keyring several times.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from auth.errors import RecordChanged, SealBroken, VaultError
from auth.file_lock import locked
from auth.keyrings import ACCEPTED, SERVICE, Keyring, accepted_keyring, name_of, with_keyring
from auth.members import Json, Members, json_text, parsed
from auth.record_json import key_json, key_of, record_json, record_of
from auth.records import Record
from auth.rows import RecordKey

PART_CHARS = 1200
"""Characters of one entry: Windows has room for 1280."""

MAX_PARTS = 64
"""Entries of one record, and of the index."""

MAX_VERSION = 2**53
"""How often a record may be written."""

_INDEX = "index"
_UNKNOWN = 2**20
"""Versions that a record may have had of which nobody can read the version any more."""

T = TypeVar("T")


def _digest(key: RecordKey) -> str:
    parts = (part.encode("utf-8", "surrogatepass") for part in (key.owner, key.name))
    joined = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return f"{key.kind}-{hashlib.sha256(joined).hexdigest()[:32]}"


def _claim_entry(key: RecordKey) -> str:
    return f"claim-{_digest(key)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The keys of the records."""

    floor: int = 0
    """No record that was removed had a higher version."""
    keys: frozenset[RecordKey] = frozenset()


class _Texts:
    """Texts of any length in a keyring, each with a version; a write that breaks off leaves the earlier text."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def get(self, name: str) -> str | None:
        return self._keyring.get_password(SERVICE, name)

    def put(self, name: str, text: str) -> None:
        self._keyring.set_password(SERVICE, name, text)

    def drop(self, name: str) -> None:
        if self.get(name) is not None:
            self._keyring.delete_password(SERVICE, name)

    def head(self, name: str) -> tuple[int, int]:
        """Version and number of parts; zeros where there is nothing. Raises: `ValueError`."""
        head = self.get(name)
        if head is None:
            return 0, 0
        members = Members(parsed(head), ("version", "parts"))
        return members.count("version", MAX_VERSION), members.count("parts", MAX_PARTS)

    def read(self, name: str) -> tuple[int, str] | None:
        """Raises: `ValueError`."""
        version, parts = self.head(name)
        if not version:
            return None
        found = [self.get(f"{name} {version}.{part}") for part in range(parts)]
        try:
            data = base64.b64decode("".join(one for one in found if one is not None), validate=True)
            return version, data.decode("utf-8", "surrogatepass")
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("it is damaged") from None

    def write(self, name: str, text: str, above: int = 0) -> int:
        """Returns the new version, which is above that. Raises: `ValueError`, `VaultError`."""
        version, parts = self.head(name)
        new = max(version, above) + 1
        letters = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
        pieces = [letters[at : at + PART_CHARS] for at in range(0, len(letters), PART_CHARS)]
        if len(pieces) > MAX_PARTS:
            raise VaultError(
                f"the keyring has no room for it: more than {MAX_PARTS} entries of {PART_CHARS} characters"
            )
        for number, piece in enumerate(pieces):
            self.put(f"{name} {new}.{number}", piece)
        self.put(name, json_text({"version": new, "parts": len(pieces)}))
        self._drop_parts(name, version, parts)
        return new

    def remove(self, name: str, version: int, parts: int) -> None:
        self.drop(name)
        self._drop_parts(name, version, parts)

    def _drop_parts(self, name: str, version: int, parts: int) -> None:
        for number in range(parts):
            self.drop(f"{name} {version}.{number}")


class KeyringRecords:
    """`Records` over a keyring; `lock` is a file that the programs of a person share.

    Raises: `KeyMissing` for a back end that is not accepted.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        lock: Path,
        accepted: Collection[str] = ACCEPTED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keyring = accepted_keyring(keyring, accepted)
        self._texts = _Texts(self._keyring)
        self._lock, self._clock = lock, clock

    def __repr__(self) -> str:
        """Tells no record."""
        return f"<KeyringRecords in {name_of(self._keyring)!r}>"

    async def read(self, key: RecordKey, /) -> Record | None:
        """As `Records.read`. Raises: `SealBroken`, `VaultError`."""
        return await self._locked(lambda: self._read(key))

    async def version(self, key: RecordKey, /) -> int:
        """As `Records.version`. Raises: `SealBroken`, `VaultError`."""
        return await self._locked(lambda: self._texts.head(_digest(key))[0])

    async def write(self, record: Record, /) -> int:
        """As `Records.write`. Raises: `RecordChanged`, `VaultError`."""
        return await self._locked(lambda: self._write(record))

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Records.remove`. Raises: `VaultError`."""
        return await self._locked(lambda: self._remove(key))

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Records.keys`. Raises: `VaultError`."""
        return await self._locked(lambda: self._listed(owner))

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Records.claim`. Raises: `VaultError`."""
        return await self._locked(lambda: self._claimed(key, version, seconds))

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Records.release`. Raises: `VaultError`."""
        await self._locked(lambda: self._release(key, version))

    # --- the keyring, in a thread

    async def _locked(self, work: Callable[[], T]) -> T:
        def alone() -> T:
            with locked(self._lock):
                try:
                    return work()
                except ValueError as error:
                    raise SealBroken(
                        f"an entry of {SERVICE!r} in the keyring is damaged: {error}; remove it and give it anew"
                    ) from None

        return await with_keyring(alone)

    def _index(self) -> _Index:
        kept = self._texts.read(_INDEX)
        if kept is None:
            return _Index()
        members = Members(parsed(kept[1]), ("floor", "keys"))
        listed = members.value("keys")
        if not isinstance(listed, list):
            raise ValueError("the index has no list")
        return _Index(floor=members.count("floor", MAX_VERSION), keys=frozenset(map(key_of, listed)))

    def _put_index(self, index: _Index) -> None:
        listed: Json = [key_json(key) for key in sorted(index.keys)]
        self._texts.write(_INDEX, json_text({"floor": index.floor, "keys": listed}))

    def _listed(self, owner: str | None) -> Sequence[RecordKey]:
        """Those that are there: one that was being written when a program ended may stand in the index alone."""
        mine = [key for key in self._index().keys if owner in (None, key.owner)]
        return sorted(key for key in mine if self._texts.get(_digest(key)) is not None)

    def _read(self, key: RecordKey) -> Record | None:
        kept = self._texts.read(_digest(key))
        if kept is None:
            return None
        record = record_of(parsed(kept[1]), version=kept[0])
        if record.key != key:
            raise ValueError("it stands in the place of another")
        return record

    def _write(self, record: Record) -> int:
        name = _digest(record.key)
        if self._texts.head(name)[0] != record.version:
            raise RecordChanged(f"the {record.key.kind} {record.key.name!r} was written by somebody else meanwhile")
        index = self._index()
        if record.key not in index.keys:
            self._put_index(replace(index, keys=index.keys | {record.key}))
        version = self._texts.write(name, json_text(record_json(record)), above=0 if record.version else index.floor)
        self._texts.drop(_claim_entry(record.key))
        return version

    def _remove(self, key: RecordKey) -> bool:
        """In an order that a later removal can take up wherever this one breaks off."""
        name, index = _digest(key), self._index()
        try:
            version, parts = self._texts.head(name)
        except ValueError:
            version, parts = index.floor + _UNKNOWN, 0
        if version > index.floor:
            index = replace(index, floor=version)
            self._put_index(index)
        self._texts.remove(name, version, parts)
        self._texts.drop(_claim_entry(key))
        if key in index.keys:
            self._put_index(replace(index, keys=index.keys - {key}))
        return version > 0

    def _claim(self, key: RecordKey) -> tuple[int, float]:
        """The version that is claimed, and until when."""
        claim = self._texts.get(_claim_entry(key))
        if claim is None:
            return 0, 0.0
        members = Members(parsed(claim), ("version", "until"))
        return members.count("version", MAX_VERSION), members.moment("until") or 0.0

    def _claimed(self, key: RecordKey, version: int, seconds: float) -> bool:
        """A claim that ends later than one that begins now was made while the clock was ahead, and holds no more."""
        current, now = self._texts.head(_digest(key))[0], self._clock()
        if not current or current != version or now < self._claim(key)[1] <= now + seconds:
            return False
        self._texts.put(_claim_entry(key), json_text({"version": version, "until": now + seconds}))
        return True

    def _release(self, key: RecordKey, version: int) -> None:
        if self._claim(key)[0] == version:
            self._texts.drop(_claim_entry(key))
