"""The keyring of the system: which ones are accepted, and the vault's keys in it.

Somebody else's package decides which back end is used, and may decide for one that writes clear text to a file, or for
none: only those that are known to keep secrets are accepted, by the paths of their classes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
from anyio import to_thread

from auth.errors import KeyMissing, VaultError
from auth.file_lock import locked
from auth.keys import HOW_TO_FORGET, MAX_KEYS, SealingKey, keys_of, keys_text, new_key, retired, rotated, rotating
from auth.secret import Secret

ACCEPTED = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.macOS.Keyring",
    }
)
"""The back ends that keep a secret from other persons."""

SERVICE = "plugin-orchestrator"
"""What our entries are filed under."""

KEYRING_SECONDS = 300.0
"""How long the keyring may take: a person may have to unlock it."""

EXTRA = "plugin-orchestrator[keyring]"
"""The extra that brings the package along."""

MAX_RETIRED = 16
"""Keys in the entry of those that have been replaced: an entry of Windows has room for no more."""

_KEYS_ENTRY = "vault-keys"

T = TypeVar("T")
_Keys = tuple[SealingKey, ...]


class Keyring(Protocol):
    """A back end, as the package `keyring` has them."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """What an entry has."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Writes an entry."""
        ...

    def delete_password(self, service: str, username: str, /) -> None:
        """Removes an entry that is there."""
        ...


def name_of(keyring: Keyring) -> str:
    """The path of the class of a back end."""
    return f"{type(keyring).__module__}.{type(keyring).__qualname__}"


def _with_chained(keyring: Keyring) -> Iterator[Keyring]:
    """The back end, or those that it asks in turn, the preferred first. The package is there if one is given."""
    from keyring.backends.chainer import ChainerBackend

    if isinstance(keyring, ChainerBackend):
        yield from keyring.backends
    else:
        yield keyring


def accepted_keyring(keyring: Keyring, accepted: Collection[str] = ACCEPTED) -> Keyring:
    """The back end, or the first of a chain, that keeps secrets. Raises: `KeyMissing`, which names what there is."""
    found = next((one for one in _with_chained(keyring) if name_of(one) in accepted), None)
    if found is None:
        raise KeyMissing(
            f"the keyring {name_of(keyring)!r} is not known to keep secrets; use the system's own "
            "(Secret Service, KWallet, the keychain of macOS or of Windows), or keep the key in a file"
        )
    return found


def system_keyring() -> Keyring:
    """The one that the system, or the settings of the package, choose. Raises: `KeyMissing`, `VaultError`."""
    try:
        import keyring
    except ImportError:
        raise VaultError(f"the keyring needs another package; install `{EXTRA}`") from None
    try:
        chosen = keyring.get_keyring()
    except (ImportError, AttributeError, RuntimeError, ValueError) as error:
        raise KeyMissing(
            f"the keyring that the settings of the package name cannot be used ({type(error).__name__}); "
            "see PYTHON_KEYRING_BACKEND and keyringrc.cfg"
        ) from None
    return accepted_keyring(chosen)


def _asked(work: Callable[[], T]) -> T:
    """Raises: `VaultError`, without what the back end says: it may tell what it was given."""
    try:
        return work()
    except VaultError:
        raise
    except Exception as error:  # noqa: BLE001  each back end raises what its system has
        reason = f"{type(error).__module__}.{type(error).__qualname__}"
        raise VaultError(f"the keyring of the system failed ({reason}); see that it is there and unlocked") from None


async def with_keyring(work: Callable[[], T]) -> T:
    """Does in a thread what asks the keyring. Raises: `VaultError`."""
    with anyio.move_on_after(KEYRING_SECONDS):
        return await to_thread.run_sync(_asked, work, abandon_on_cancel=True)
    raise VaultError(f"the keyring of the system has not answered for {KEYRING_SECONDS:g} s; see that it is unlocked")


class KeyringKeys:
    """`RotatingKeys` in an entry of a keyring; `lock` is a file that the programs of a person share.

    `vault` tells the keys of several vaults apart. Raises: `KeyMissing` for a back end that is not accepted.
    """

    def __init__(self, keyring: Keyring, *, lock: Path, vault: str = "", accepted: Collection[str] = ACCEPTED) -> None:
        self._keyring = accepted_keyring(keyring, accepted)
        self._lock = lock
        self._entry = f"{_KEYS_ENTRY} {vault}".strip()
        self._old = f"{self._entry} old"
        self._seen: dict[str, SealingKey] = {}

    def __repr__(self) -> str:
        """Tells no key."""
        return f"<KeyringKeys in {name_of(self._keyring)!r}>"

    async def current(self) -> SealingKey:
        """As `Keys.current`: read anew each time, as by `auth.key_file`. Raises: `KeyMissing`, `VaultError`."""
        keys = await with_keyring(self._keys)
        return keys[0] if keys else (await self._changed(lambda keys: keys or (new_key(),)))[0]

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """As `Keys.by_id`. Raises: `KeyMissing`, `VaultError`."""
        for read in (self._keys, self._retired):
            if key_id not in self._seen:
                await with_keyring(read)
        return self._seen.get(key_id)

    async def begin_rotation(self) -> SealingKey:
        """As `RotatingKeys.begin_rotation`. Raises: `KeyMissing`, `VaultError`."""
        return (await self._changed(rotating))[0]

    async def finish_rotation(self, key: SealingKey, /) -> str:
        """As `RotatingKeys.finish_rotation`. Raises: `KeyMissing`, `VaultError`."""
        return await with_keyring(partial(self._finish, key))

    async def forget_retired(self) -> int:
        """As `RotatingKeys.forget_retired`. Raises: `KeyMissing`, `VaultError`."""
        return await with_keyring(self._forget)

    async def _changed(self, change: Callable[[_Keys], _Keys]) -> _Keys:
        return await with_keyring(partial(self._change, change))

    # --- the entries, in a thread

    def _change(self, change: Callable[[_Keys], _Keys]) -> _Keys:
        with locked(self._lock):
            keys = self._keys()
            changed = change(keys)
            if changed and changed != keys:
                self._put(self._entry, changed)
            return self._learnt(changed)

    def _finish(self, key: SealingKey) -> str:
        with locked(self._lock):
            keys = self._keys()
            left = rotated(keys, key)
            old = retired(keys, left, old=self._retired())
            if not old:
                return ""
            if len(old) > MAX_RETIRED:
                where = f"the entry {self._old!r} of {SERVICE!r} in the keyring"
                raise KeyMissing(f"{where} would have more than {MAX_RETIRED} keys; {HOW_TO_FORGET}")
            self._put(self._old, old)
            self._put(self._entry, left)
        return f"the entry {self._old!r} of the keyring"

    def _forget(self) -> int:
        with locked(self._lock):
            old = self._retired()
            if old:
                self._keyring.delete_password(SERVICE, self._old)
        self._seen = {}
        return len(old)

    def _put(self, entry: str, keys: _Keys) -> None:
        self._keyring.set_password(SERVICE, entry, keys_text(keys).reveal())

    def _keys(self) -> _Keys:
        return self._read(self._entry, MAX_KEYS)

    def _retired(self) -> _Keys:
        return self._read(self._old, MAX_RETIRED)

    def _read(self, entry: str, most: int) -> _Keys:
        text = self._keyring.get_password(SERVICE, entry)
        if text is None:
            return ()
        try:
            return self._learnt(keys_of(Secret(text), most=most))
        except ValueError as error:
            raise KeyMissing(
                f"the entry {entry!r} of {SERVICE!r} in the keyring is damaged: {error}; bring it back from a copy"
            ) from None

    def _learnt(self, keys: _Keys) -> _Keys:
        self._seen |= {key.id: key for key in keys}
        return keys
