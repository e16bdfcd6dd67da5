"""Keys in a file that nobody else can read, and beside it those that have been replaced.

It is replaced as a whole, so that it is never seen half written, and by one program at a time, so that two that begin
together end with the same key. What was replaced is kept to read with: a vault that has been moved away may need it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from anyio import to_thread

from auth.errors import KeyMissing
from auth.file_lock import FILE_MODE, locked, made_folder, reason_of
from auth.keys import (
    HOW_TO_FORGET,
    MAX_KEYS,
    SealingKey,
    keys_of,
    keys_text,
    max_chars,
    new_key,
    retired,
    rotated,
    rotating,
)
from auth.secret import Secret

RETIRED_SUFFIX = ".old"
"""Of the file beside it, with the keys that have been replaced."""

MAX_RETIRED = 1000
"""Keys in that file."""

_Keys = tuple[SealingKey, ...]


def _opened(path: str, flags: int) -> int:
    """Opens what is there without waiting for anybody, and follows no link."""
    if sys.platform != "win32":
        flags |= os.O_NONBLOCK | os.O_NOFOLLOW
    return os.open(path, flags)


def _flaw(status: os.stat_result) -> str:
    """Why a file is not one that only its owner can read; empty where it is."""
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file; move it away"
    if sys.platform == "win32":  # the access list of the person's profile keeps others out
        return ""
    if status.st_uid != os.geteuid():
        return "it belongs to somebody else; see who put it there"
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return "others can read it; if nobody has, `chmod 600` it, else make a new key"
    return ""


def _synced(folder: Path) -> None:
    """Has the name of a file survive a loss of power. Raises: `OSError`."""
    if sys.platform == "win32":
        return
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(path: Path, text: Secret) -> None:
    """Puts a file of mode 0600 in its place, whatever the umask. Raises: `OSError`."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)  # of one that broke off: who writes has the lock
    file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    with open(file, "w", encoding="ascii", newline="\n") as written:
        draft.chmod(FILE_MODE)
        written.write(text.reveal())
        written.flush()
        os.fsync(written.fileno())
    os.replace(draft, path)
    _synced(path.parent)


def _unusable(path: Path, reason: str) -> KeyMissing:
    return KeyMissing(f"cannot use the key file {str(path)!r}: {reason}")


def _read(path: Path, most: int = MAX_KEYS) -> _Keys:
    """Nothing where there is no file. Raises: `KeyMissing`."""
    try:
        with open(path, "rb", opener=_opened) as file:
            if flaw := _flaw(os.fstat(file.fileno())):
                raise _unusable(path, flaw)
            text = file.read(max_chars(most) + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        raise _unusable(path, "it is a link; put the file itself there" if is_link else reason_of(error)) from None
    try:
        return keys_of(Secret(text.decode("latin-1")), most=most)
    except ValueError as error:
        raise _unusable(path, f"{error}; bring it back from a copy") from None


def _put(path: Path, keys: _Keys) -> None:
    """Raises: `KeyMissing`."""
    try:
        made_folder(path.parent)
        _write(path, keys_text(keys))
    except OSError as error:
        raise KeyMissing(f"cannot write the key file {str(path)!r}: {reason_of(error)}") from None


class KeyFile:
    """`RotatingKeys` in a file, which is made when it is first sealed with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = path.with_name(f"{path.name}{RETIRED_SUFFIX}")
        self._lock = path.with_name(f"{path.name}.lock")
        self._seen: dict[str, SealingKey] = {}

    def __repr__(self) -> str:
        """Tells where it is, and no key."""
        return f"<KeyFile {str(self._path)!r}>"

    async def current(self) -> SealingKey:
        """As `Keys.current`: read anew each time, since another program may have begun a rotation.

        Raises: `KeyMissing`, `VaultError`.
        """
        keys = await to_thread.run_sync(self._keys)
        return keys[0] if keys else (await self._changed(lambda keys: keys or (new_key(),)))[0]

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """As `Keys.by_id`. Raises: `KeyMissing`."""
        for read in (self._keys, self._retired):
            if key_id not in self._seen:
                await to_thread.run_sync(read)
        return self._seen.get(key_id)

    async def begin_rotation(self) -> SealingKey:
        """As `RotatingKeys.begin_rotation`. Raises: `KeyMissing`, `VaultError`."""
        return (await self._changed(rotating))[0]

    async def finish_rotation(self, key: SealingKey, /) -> str:
        """As `RotatingKeys.finish_rotation`. Raises: `KeyMissing`, `VaultError`."""
        return await to_thread.run_sync(self._finish, key)

    async def forget_retired(self) -> int:
        """As `RotatingKeys.forget_retired`. Raises: `KeyMissing`, `VaultError`."""
        return await to_thread.run_sync(self._forget)

    # --- the files, in a thread

    async def _changed(self, change: Callable[[_Keys], _Keys]) -> _Keys:
        return await to_thread.run_sync(self._change, change)

    def _change(self, change: Callable[[_Keys], _Keys]) -> _Keys:
        with locked(self._lock):
            keys = self._keys()
            changed = change(keys)
            if not changed or changed == keys:
                return keys
            _put(self._path, changed)
            return self._learnt(changed)

    def _finish(self, key: SealingKey) -> str:
        with locked(self._lock):
            keys = self._keys()
            left = rotated(keys, key)
            old = retired(keys, left, old=self._retired())
            if not old:
                return ""
            if len(old) > MAX_RETIRED:
                raise _unusable(self._old, f"it would have more than {MAX_RETIRED} keys; {HOW_TO_FORGET}")
            _put(self._old, old)
            _put(self._path, left)
        return repr(str(self._old))

    def _forget(self) -> int:
        with locked(self._lock):
            old = self._retired()
            try:
                self._old.unlink(missing_ok=True)
            except OSError as error:
                raise _unusable(self._old, f"it cannot be deleted: {reason_of(error)}") from None
        self._seen = {}
        return len(old)

    def _keys(self) -> _Keys:
        """Raises: `KeyMissing`."""
        return self._learnt(_read(self._path))

    def _retired(self) -> _Keys:
        """Raises: `KeyMissing`."""
        return self._learnt(_read(self._old, MAX_RETIRED))

    def _learnt(self, keys: _Keys) -> _Keys:
        self._seen |= {key.id: key for key in keys}
        return keys
