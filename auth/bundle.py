"""Records in one file that is sealed with a passphrase, to be carried elsewhere. Pure but for chance, and `put`.

Making the key of the passphrase takes a tenth of a second of work: an event loop leaves it to a thread.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.errors import VaultError
from auth.members import Json, Members, json_text, parsed
from auth.origins import origin_of
from auth.passphrase import COST, MAX_COST, SALT_BYTES, checked_passphrase, derived
from auth.record_json import credential_of, record_json, record_of, registration_of
from auth.records import Record, Records
from auth.rows import SHARED, RecordKey
from auth.sealing import MAX_CONTENT_BYTES, NONCE_BYTES, TAG_BYTES, encoded
from auth.secret import Secret

FORMAT = "plugin-orchestrator credentials"
"""What the file says that it is."""

VERSION = 1
"""The form of the file."""

MAX_BUNDLE_BYTES = 16 * 1024 * 1024
"""How long the file may be."""

MAX_RECORDS = 10_000
"""Records in one file."""

_HEAD = ("format", "version", "cost", "salt")


def _head(salt: str, cost: int) -> dict[str, Json]:
    """What stands in clear, and is bound by the seal."""
    return {"format": FORMAT, "version": VERSION, "cost": cost, "salt": salt}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str, name: str) -> bytes:
    """Raises: `ValueError`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name!r} is not base64") from None


def is_nobodys(key: RecordKey) -> bool:
    """True of a credential for everybody: a credential is always one person's, and the vault keeps no other."""
    return key.kind == "credential" and key.owner == SHARED


def _checked(record: Record) -> Record:
    """Raises: `ValueError`, `VaultError`."""
    if is_nobodys(record.key):
        raise ValueError("a record is a credential that belongs to nobody")
    if not record.key.name:
        raise ValueError("a record has no name")
    if any(origin_of(origin) != origin for origin in record.origins):
        raise ValueError("a record has an origin that is not in the usual spelling")
    if len(encoded(record.content.reveal())) > MAX_CONTENT_BYTES:
        raise ValueError(f"a record is longer than {MAX_CONTENT_BYTES} bytes")
    _ = registration_of(record.content) if record.key.kind == "registration" else credential_of(record.content)
    return record


def bundle_of(records: Sequence[Record], passphrase: Secret) -> bytes:
    """The file. Raises: `KeyMissing` for a passphrase that is too short, `VaultError` for too much."""
    secret, salt, nonce = checked_passphrase(passphrase), os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    head = _head(_base64(salt), COST)
    clear = encoded(json_text([record_json(record) for record in records]))
    sealed = nonce + AESGCM(derived(secret, salt, COST)).encrypt(nonce, clear, encoded(json_text(head)))
    data = f"{json_text({**head, 'sealed': _base64(sealed)})}\n".encode("ascii")
    if len(records) > MAX_RECORDS or len(data) > MAX_BUNDLE_BYTES:
        raise VaultError(f"that is too much for one file: {MAX_RECORDS} records, {MAX_BUNDLE_BYTES} bytes")
    return data


def _opened(data: bytes, passphrase: Secret) -> str:
    """Raises: `ValueError`, `VaultError`."""
    if len(data) > MAX_BUNDLE_BYTES:
        raise ValueError(f"it is longer than {MAX_BUNDLE_BYTES} bytes")
    members = Members(parsed(data.decode("utf-8", "replace")), (*_HEAD, "sealed"))
    if members.text("format") != FORMAT or members.value("version") != VERSION:
        raise ValueError(f"it is no {FORMAT!r} of version {VERSION}")
    salt, sealed = _bytes(members.text("salt"), "salt"), _bytes(members.text("sealed"), "sealed")
    cost = members.count("cost", MAX_COST)
    if len(salt) != SALT_BYTES or len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise ValueError("it was cut")
    head = encoded(json_text(_head(members.text("salt"), cost)))
    key = AESGCM(derived(checked_passphrase(passphrase), salt, cost))
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], head).decode("utf-8", "surrogatepass")
    except InvalidTag:
        raise VaultError("the passphrase is not the one of the file, or the file was changed or cut") from None


def records_of(data: bytes, passphrase: Secret) -> tuple[Record, ...]:
    """The records of a file, of version 0. Raises: `VaultError` for a file or a passphrase that is not right."""
    try:
        written = parsed(_opened(data, passphrase))
        if not isinstance(written, list) or len(written) > MAX_RECORDS:
            raise ValueError(f"it is no list of at most {MAX_RECORDS} records")
        records = tuple(_checked(record_of(one)) for one in written)
        if len({record.key for record in records}) < len(records):
            raise ValueError("it has a record twice")
    except ValueError as error:
        raise VaultError(f"cannot read the exported credentials: {error}; export them again") from None
    return records


async def replaced_by(records: Sequence[Record], kept: Records) -> tuple[RecordKey, ...]:
    """Those that are kept already and differ: what `put` would replace. Raises: `VaultError`."""
    found: list[RecordKey] = []
    for record in records:
        there = await kept.read(record.key)
        if there is not None and replace(there, version=0) != replace(record, version=0):
            found.append(record.key)
    return tuple(found)


async def put(records: Sequence[Record], kept: Records, *, replacing: bool = False) -> int:
    """Keeps those that are not there, and with `replacing` the others too; returns how many it has written.

    Raises: `RecordChanged` where somebody else writes one of them meanwhile, `VaultError`.
    """
    count = 0
    for record in records:
        there = await kept.read(record.key)
        if there is not None and (not replacing or replace(there, version=0) == replace(record, version=0)):
            continue
        await kept.write(replace(record, version=there.version if there is not None else 0))
        count += 1
    return count
