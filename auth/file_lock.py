"""A lock that programs share by a file; it ends with whoever holds it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from auth.errors import VaultError

LOCK_SECONDS = 10.0
"""Seconds to wait for the others."""

LOCK_PAUSE = 0.01
"""Seconds between two tries."""

FILE_MODE = 0o600
FOLDER_MODE = 0o700

if sys.platform == "win32":
    import msvcrt

    def _is_locked(file: int) -> bool:
        """True once it is ours."""
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _is_locked(file: int) -> bool:
        """True once it is ours."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def reason_of(error: OSError) -> str:
    """What the system says, as our messages say it."""
    return (error.strerror or str(error)).lower()


def made_folder(folder: Path) -> None:
    """Makes the folder for its owner alone, whatever the umask; one that is there stays as it is.

    Raises: `OSError`.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True)
    except FileExistsError:
        return
    folder.chmod(FOLDER_MODE)


def _own(file: int, path: Path) -> None:
    """Lets us open it again, whatever the umask. Raises: `VaultError`."""
    if sys.platform == "win32":
        return
    try:
        os.fchmod(file, FILE_MODE)
    except OSError as error:
        raise VaultError(f"cannot lock {str(path)!r}: {reason_of(error)}") from None


@contextmanager
def locked(path: Path, seconds: float = LOCK_SECONDS) -> Generator[None, None, None]:
    """Waits in its thread until nobody else has the lock, in this program or another. Raises: `VaultError`.

    It holds on one machine; over a network, where the file system says so. The file stays: whoever removed it could
    have somebody lock another one.
    """
    flags = os.O_CREAT | os.O_RDWR
    if sys.platform != "win32":
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        made_folder(path.parent)
        file = os.open(path, flags, FILE_MODE)
    except OSError as error:
        raise VaultError(f"cannot lock {str(path)!r}: {reason_of(error)}") from None
    try:
        _own(file, path)
        until = time.monotonic() + seconds
        while not _is_locked(file):
            if time.monotonic() > until:
                raise VaultError(f"another program has held {str(path)!r} for {seconds:g} s; end it, or try again")
            time.sleep(LOCK_PAUSE)
        yield
    finally:
        os.close(file)
