"""Keys made of a passphrase (scrypt, RFC 7914).

The id of such a key has the salt and the cost in it, so that a row carries all that is needed beside the passphrase;
what a row asks for is bounded, since anybody may have written it.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping

import anyio
from anyio import to_thread

from auth.errors import KeyMissing
from auth.keys import KEY_BYTES, SealingKey
from auth.secret import Secret

PASSPHRASE_VARIABLE = "ORCHESTRATOR_VAULT_PASSPHRASE"  # noqa: S105  the name of it
"""The environment variable with the passphrase."""

MIN_PASSPHRASE_CHARS = 8
"""Characters of a passphrase."""

COST = 15
"""Of new keys, as a power of two: 32 MiB and a tenth of a second."""

MAX_COST = 17
"""What a row or a bundle may ask for: 128 MiB."""

SALT_BYTES = 16
"""Bytes of chance in a salt."""

MAX_DERIVED = 64
"""Keys that are remembered, also that there is none of that id."""

BLOCK_SIZE = 8
PARALLEL = 1

_RECIPE = re.compile(r"(scrypt-(\d{2})-([0-9a-f]{32}))\.[0-9a-f]{1,64}")


def checked_passphrase(passphrase: Secret) -> Secret:
    """In one spelling, however it was typed (RFC 8265). Raises: `KeyMissing` for one that is too short."""
    text = unicodedata.normalize("NFC", passphrase.reveal())
    if len(text) < MIN_PASSPHRASE_CHARS:
        raise KeyMissing(f"the passphrase is too short: it needs {MIN_PASSPHRASE_CHARS} characters")
    return Secret(text)


def derived(passphrase: Secret, salt: bytes, cost: int) -> bytes:
    """A key, after a while of work for one processor. Raises: `ValueError` for a cost that is out of bounds."""
    if not COST <= cost <= MAX_COST:
        raise ValueError(f"the cost is {cost}, and not {COST} to {MAX_COST}")
    return hashlib.scrypt(
        passphrase.reveal().encode("utf-8", "surrogatepass"),
        salt=salt,
        n=2**cost,
        r=BLOCK_SIZE,
        p=PARALLEL,
        maxmem=256 * BLOCK_SIZE * 2**cost,
        dklen=KEY_BYTES,
    )


def _made(passphrase: Secret, recipe: str, salt: bytes, cost: int) -> SealingKey:
    return SealingKey(secret=derived(passphrase, salt, cost), recipe=recipe)


class PassphraseKeys:
    """`Keys` of a passphrase, and of earlier ones, which open and do not seal.

    One salt serves for all records: that of the first one that is opened, else a new one. Raises: `KeyMissing` for a
    passphrase that is too short.
    """

    def __init__(self, passphrase: Secret, *earlier: Secret) -> None:
        self._passphrases = [checked_passphrase(one) for one in (passphrase, *earlier)]
        self._current: SealingKey | None = None
        self._derived: dict[str, SealingKey | None] = {}
        self._lock = anyio.Lock()

    def __repr__(self) -> str:
        """Tells no passphrase."""
        return f"<PassphraseKeys of {len(self._passphrases)}>"

    async def current(self) -> SealingKey:
        """As `Keys.current`."""
        async with self._lock:
            if self._current is None:
                salt = os.urandom(SALT_BYTES)
                recipe = f"scrypt-{COST}-{salt.hex()}"
                self._current = await to_thread.run_sync(_made, self._passphrases[0], recipe, salt, COST)
            return self._current

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """As `Keys.by_id`: None for another passphrase too. One is made at a time, for the memory that it takes."""
        async with self._lock:
            if self._current is not None and self._current.id == key_id:
                return self._current
            if key_id not in self._derived:
                self._remember(key_id, await self._found(key_id))
            return self._derived[key_id]

    async def _found(self, key_id: str) -> SealingKey | None:
        recipe = _RECIPE.fullmatch(key_id)
        if recipe is None or not COST <= int(recipe[2]) <= MAX_COST:
            return None
        salt, cost = bytes.fromhex(recipe[3]), int(recipe[2])
        for passphrase in self._passphrases:
            key = await to_thread.run_sync(_made, passphrase, recipe[1], salt, cost)
            if key.id != key_id:
                continue
            if self._current is None and passphrase is self._passphrases[0]:
                self._current = key
            return key
        return None

    def _remember(self, key_id: str, key: SealingKey | None) -> None:
        self._derived[key_id] = key
        while len(self._derived) > MAX_DERIVED:
            del self._derived[next(iter(self._derived))]


def passphrase_of_environment(environ: Mapping[str, str]) -> Secret | None:
    """What `PASSPHRASE_VARIABLE` has; None where it is not set. Raises: `KeyMissing` where it is set, and empty."""
    text = environ.get(PASSPHRASE_VARIABLE)
    if text is None:
        return None
    if not text:
        raise KeyMissing(f"{PASSPHRASE_VARIABLE} is set and empty; give the passphrase, or unset it")
    return Secret(text)
