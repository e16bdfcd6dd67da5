"""Reads one regular file, or one member of a zip archive that the path leads into."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import anyio

from runtimes.errors import FetchError

MAX_READ_AT_ONCE = 256 * 1024
"""Bytes of a file that is read in place: another thread costs more than reading it."""


def _archive_around(location: str) -> tuple[str, str] | None:
    """The file that stands where the path needs a folder, and the rest of the path: a member, if it is an archive."""
    path = Path(os.path.normpath(location))
    for parent in path.parents:
        if os.path.isfile(parent):
            return str(parent), path.relative_to(parent).as_posix()
        if os.path.exists(parent):
            return None
    return None


async def _read_packed(location: str, max_bytes: int) -> bytes:
    """A member of an archive, named by the archive's path and the member's."""
    from runtimes.archive import read_member

    found = await anyio.to_thread.run_sync(_archive_around, location)
    if found is None:
        raise FetchError(f"there is no file {location!r}")
    return await anyio.to_thread.run_sync(read_member, *found, max_bytes)


def _is_small(location: str) -> bool:
    found = Path(location).stat()
    return stat.S_ISREG(found.st_mode) and found.st_size <= MAX_READ_AT_ONCE


def _read_regular(location: str, max_bytes: int) -> bytes:
    path = Path(location)
    found = path.stat()
    mode, size = found.st_mode, found.st_size
    if stat.S_ISDIR(mode):
        raise FetchError(f"{location!r} is a directory, not a file")
    if not stat.S_ISREG(mode):
        raise FetchError(f"{location!r} is not a regular file")
    with path.open("rb") as file:
        data = file.read(min(size, max_bytes) + 1)  # room for the limit would cost more than the reading
        return data if len(data) <= size else data + file.read(max_bytes + 1 - len(data))


async def read_file(location: str, max_bytes: int) -> bytes:
    """The bytes of a file, at most one more than `max_bytes`; a path may lead into a zip archive.

    Raises: `FetchError`, when there is none or it is no regular file.
    """
    try:
        if _is_small(location):
            return _read_regular(location, max_bytes)
        return await anyio.to_thread.run_sync(_read_regular, location, max_bytes)
    except (FileNotFoundError, NotADirectoryError):
        return await _read_packed(location, max_bytes)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FetchError(f"cannot read {location!r}: {reason.lower()}") from None
