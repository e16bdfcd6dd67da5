"""The keys that records are sealed with, and the seam to where they come from.

`auth.key_file` keeps them in a file, `auth.keyrings` in the keyring of the system, `auth.passphrase` makes them of what
a person knows. A key is called by what it is, so that nobody can put another one in its place under its name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from auth.errors import KeyMissing
from auth.secret import Secret

KEY_BYTES = 32
"""Bytes of a key: AES-256."""

MAX_KEYS = 8
"""Keys that one source has at the same time: the one in use, and those of rotations that have not ended."""

MAX_KEYS_CHARS = 4096
"""Characters of so many keys that are written down."""

KEY_VARIABLE = "ORCHESTRATOR_VAULT_KEY"
"""The environment variable with the key, in base64; several stand between commas, and the first seals."""

HOW_TO_FORGET = "`orchestrator auth rotate --forget-old-keys` deletes them"
"""What to do with keys that have been replaced and that nothing needs."""

_LABEL = b"orchestrator vault key"
_ID_BYTES = 8
_HEADING = "# keys of the orchestrator's vault, the newest first; whoever has them can read what it keeps"
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """A key. Raises: `ValueError` for one that is not of `KEY_BYTES`."""

    secret: bytes = field(repr=False)
    recipe: str = ""
    """How it is made of a passphrase, with the salt; empty for one of chance."""

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")

    @property
    def id(self) -> str:
        """What it is called, in letters that may stand anywhere; it tells nothing of the key."""
        mark = hmac.digest(self.secret, _LABEL, hashlib.sha256)[:_ID_BYTES].hex()
        return f"{self.recipe}.{mark}" if self.recipe else mark


class Keys(Protocol):
    """Has keys."""

    async def current(self) -> SealingKey:
        """The one to seal with; made and kept where there is none yet. Raises: `KeyMissing`."""
        ...

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """The one that is called so. Raises: `KeyMissing` where the keys cannot be read."""
        ...


class RotatingKeys(Keys, Protocol):
    """Keys that can be replaced: begin, seal every record anew (`auth.sealed`), and finish.

    Whatever breaks off in between, both keys are there, and the next rotation goes on with this one.
    """

    async def begin_rotation(self) -> SealingKey:
        """A key that is in use from now on; the one of a rotation that has not ended. Raises: `KeyMissing`."""
        ...

    async def finish_rotation(self, key: SealingKey, /) -> str:
        """Retires the keys that are older than this one, and says where they are; empty where there was none.

        No record of this vault is sealed with them any more, and none ever will be; one of a vault that was moved may
        be, so that they are still found by their ids. Raises: `KeyMissing`.
        """
        ...

    async def forget_retired(self) -> int:
        """Deletes those for good; returns how many. Raises: `KeyMissing`."""
        ...


def new_key() -> SealingKey:
    """A key of chance."""
    return SealingKey(secret=os.urandom(KEY_BYTES))


def key_of(text: str) -> SealingKey:
    """Reads a key in base64. Raises: `ValueError`, without the text."""
    try:
        secret = base64.b64decode(text.strip().translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64") from None
    return SealingKey(secret=secret)


def keys_text(keys: Sequence[SealingKey]) -> Secret:
    """Keys as they are written down: `ID BASE64`, one a line."""
    lines = [f"{key.id} {base64.b64encode(key.secret).decode('ascii')}" for key in keys]
    return Secret("\n".join([_HEADING, *lines, ""]))


def max_chars(most: int) -> int:
    """Characters that so many keys may have, written down."""
    return MAX_KEYS_CHARS * most // MAX_KEYS


def keys_of(text: Secret, *, most: int = MAX_KEYS) -> tuple[SealingKey, ...]:
    """Reads what `keys_text` has written. Raises: `ValueError`, which names a line and not what is in it."""
    if len(text.reveal()) > max_chars(most):
        raise ValueError(f"it has more than {max_chars(most)} characters")
    keys: list[SealingKey] = []
    for number, line in enumerate(text.reveal().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, encoded = line.strip().partition(" ")
        try:
            key = key_of(encoded)
        except ValueError as error:
            raise ValueError(f"line {number} is no `ID KEY`: {error}") from None
        if key.id != key_id:
            raise ValueError(f"line {number} has a key that is not the one of its id")
        keys.append(key)
    if not 0 < len(keys) <= most:
        raise ValueError(f"it has {len(keys)} keys, and not 1 to {most}")
    return tuple(keys)


def rotating(keys: Sequence[SealingKey]) -> tuple[SealingKey, ...]:
    """With a new key before the others, unless one is there already: then a rotation has not ended."""
    return tuple(keys) if len(keys) > 1 else (new_key(), *keys)


def rotated(keys: Sequence[SealingKey], key: SealingKey) -> tuple[SealingKey, ...]:
    """Without those that are older than this key; all of them where it is not one of them."""
    ids = [one.id for one in keys]
    return tuple(keys[: ids.index(key.id) + 1]) if key.id in ids else tuple(keys)


def retired(
    keys: Sequence[SealingKey], left: Sequence[SealingKey], *, old: Sequence[SealingKey]
) -> tuple[SealingKey, ...]:
    """Those of `keys` that are not `left`, before the `old` ones; nothing where there are none of the first."""
    dropped = [key for key in keys if key not in left]
    return tuple(dict.fromkeys((*dropped, *old))) if dropped else ()


class GivenKeys:
    """Keys that somebody else keeps; the first one seals. Raises: `KeyMissing` where there is none."""

    def __init__(self, *keys: SealingKey) -> None:
        if not keys:
            raise KeyMissing("there is no key to seal credentials with")
        self._keys = keys

    async def current(self) -> SealingKey:
        """As `Keys.current`."""
        return self._keys[0]

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """As `Keys.by_id`."""
        return next((key for key in self._keys if key.id == key_id), None)


class KeysInTurn:
    """Several sources: the first one seals, the others are asked for the keys that it has not.

    So records can be sealed anew under the keys of another source.
    """

    def __init__(self, first: Keys, *others: Keys) -> None:
        self._first, self._all = first, (first, *others)

    async def current(self) -> SealingKey:
        """As `Keys.current`. Raises: `KeyMissing`."""
        return await self._first.current()

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """As `Keys.by_id`. Raises: `KeyMissing`."""
        for keys in self._all:
            if (key := await keys.by_id(key_id)) is not None:
                return key
        return None


def keys_of_environment(environ: Mapping[str, str]) -> GivenKeys | None:
    """The keys of `KEY_VARIABLE`; None where it is not set. Raises: `KeyMissing`, without what is in it."""
    if KEY_VARIABLE not in environ:
        return None
    text = environ[KEY_VARIABLE].strip()
    if not text:
        raise KeyMissing(f"{KEY_VARIABLE} is set and empty; give the key, or unset it")
    try:
        if len(text) > MAX_KEYS_CHARS:
            raise ValueError(f"it has more than {MAX_KEYS_CHARS} characters")
        return GivenKeys(*(key_of(one) for one in text.split(",") if one.strip()))
    except ValueError as error:
        raise KeyMissing(
            f"{KEY_VARIABLE} is no key: {error}; it is {KEY_BYTES} bytes in base64, "
            "as `openssl rand -base64 32` makes them, and several stand between commas"
        ) from None
