"""Seals the content of a record under a key, for its place alone (AES-256-GCM). Pure but for chance.

Bound by the seal, and left in clear, are the owner, the name, the kind, the origins, the key's id and the form of the
seal: what is changed, cut, or put in another's place is refused. What the seal cannot tell is that an older state of
the same record was put back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.errors import SealBroken, VaultError
from auth.keys import SealingKey
from auth.rows import SHARED, RecordKey, Row
from auth.secret import Secret

FORMAT = b"\x01"
"""The form of the seal, before the nonce."""

NONCE_BYTES = 12
"""Bytes of chance in each seal (NIST SP 800-38D 8.2.2)."""

TAG_BYTES = 16
"""Bytes that show that nothing was changed."""

MAX_CONTENT_BYTES = 256 * 1024
"""Bytes that a record may hold."""

_LENGTH_BYTES = 8


def shown_record(key: RecordKey) -> str:
    """A record as messages name it."""
    return (
        f"the shared {key.kind} {key.name!r}"
        if key.owner == SHARED
        else f"the {key.kind} {key.name!r} of {key.owner!r}"
    )


def encoded(text: str) -> bytes:
    """UTF-8, of whatever a text may hold."""
    return text.encode("utf-8", "surrogatepass")


def _joined(parts: Sequence[bytes]) -> bytes:
    """Each after its length, so that no two sequences are joined to the same."""
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


def _bound(key_id: str, record: RecordKey, origins: Sequence[str]) -> bytes:
    """What the seal binds beside the content."""
    places = _joined([*map(encoded, origins)])
    return _joined([FORMAT, *map(encoded, (key_id, record.owner, record.name, record.kind)), places])


def _broken(record: RecordKey) -> SealBroken:
    return SealBroken(
        f"{shown_record(record)} is not what was sealed: it was changed, cut or put in another's place; "
        "remove it and give it anew, or bring the store back from a copy"
    )


def seal(key: SealingKey, record: RecordKey, origins: Sequence[str], content: Secret) -> bytes:
    """The content, for nobody who has not the key. Raises: `VaultError` for one that is too long."""
    clear = encoded(content.reveal())
    if len(clear) > MAX_CONTENT_BYTES:
        raise VaultError(f"{shown_record(record)} is too long to be kept: more than {MAX_CONTENT_BYTES} bytes")
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key.secret).encrypt(nonce, clear, _bound(key.id, record, origins))


def open_sealed(key: SealingKey, row: Row) -> Secret:
    """What was sealed under this key in this row. Raises: `SealBroken`."""
    start = len(FORMAT) + NONCE_BYTES
    is_sealed = row.sealed.startswith(FORMAT) and start + TAG_BYTES <= len(row.sealed)
    if not is_sealed or len(row.sealed) > start + MAX_CONTENT_BYTES + TAG_BYTES:
        raise _broken(row.key)
    nonce = row.sealed[len(FORMAT) : start]
    try:
        clear = AESGCM(key.secret).decrypt(nonce, row.sealed[start:], _bound(row.key_id, row.key, row.origins))
        return Secret(clear.decode("utf-8", "surrogatepass"))
    except (InvalidTag, UnicodeDecodeError):
        raise _broken(row.key) from None
