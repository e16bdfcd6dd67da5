"""Zip archives that a stranger packed: one member is read at a time, within limits, and nothing is ever extracted."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtimes.errors import FetchError

MAX_ARCHIVE_BYTES = 32 * 1024 * 1024
"""How large an archive may be."""

MAX_DIRECTORY_BYTES = 256 * 1024
"""How long the directory of an archive may be: it is parsed whole."""

MAX_MEMBERS = 2000
"""How many members an archive may have; real packages have a hundred at most."""

MAX_RATIO = 250
"""How many times its packed size a member may be; texts become ten to fifty times smaller."""

MAX_GUESSED_FROM = 100
"""How long a name that is not there, and one that may have been meant, may be for a guess, in characters."""

MAX_GUESSED_AMONG = 50
"""How many names a guess looks at closely; an archive may have thousands, and be asked for many that it has not."""

MAX_SHOWN_REASON = 200
"""Characters of what the zip reader says of an archive."""

_CHUNK = 64 * 1024
_FROM_FOLDER = re.compile(r"\A(?:\./+)+")
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_IS_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,  # of places before the beginning
    NotImplementedError,  # what an archive may have and this reader has not
    OverflowError,
    RuntimeError,
    ValueError,  # names that are no UTF-8, offsets that are no place
)
"""What the standard library's reader raises for bytes that are no good archive."""


class _Bounded(io.FileIO):
    """A file that refuses to hand out a directory beyond the limit: the reader asks for it in one piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"its directory is longer than {MAX_DIRECTORY_BYTES} bytes")
        return super().read(size) or b""


def _name(member: zipfile.ZipInfo) -> str:
    """Its path within the archive; some packers write it with backslashes, or from the folder that was packed."""
    return _FROM_FOLDER.sub("", member.filename.replace("\\", "/"))


@contextmanager
def _opened(archive: str) -> Generator[zipfile.ZipFile]:
    """Raises: `FetchError` for a file that is no good archive, also while it is read."""
    try:
        file = _Bounded(archive)
    except OSError as error:
        raise FetchError(f"cannot read {archive!r}: {(error.strerror or str(error)).lower()}") from None
    with file:
        try:
            if file.seek(0, io.SEEK_END) > MAX_ARCHIVE_BYTES:
                raise FetchError(f"{archive!r} is larger than {MAX_ARCHIVE_BYTES} bytes, the limit for archives")
            with zipfile.ZipFile(file) as opened:
                if len(opened.filelist) > MAX_MEMBERS:
                    raise FetchError(f"{archive!r} has more than {MAX_MEMBERS} members")
                yield opened
        except _BROKEN as error:
            reason = (str(error) or "it ends too early")[:MAX_SHOWN_REASON]
            raise FetchError(f"{archive!r} is not a zip archive that can be read: {reason}") from None


def _guess(name: str, known: Sequence[str]) -> str | None:
    """The member that was probably meant: in another case, else of the same file name, else of a similar path."""
    from difflib import get_close_matches

    folded = name.casefold()
    if (same := next((other for other in known if other.casefold() == folded), None)) is not None:
        return same
    if len(name) > MAX_GUESSED_FROM:
        return None
    file = folded.rpartition("/")[2]
    short = [other for other in known if len(other) <= MAX_GUESSED_FROM]
    likely = sorted(short, key=lambda other: other.casefold().rpartition("/")[2] != file)[:MAX_GUESSED_AMONG]
    return next(iter(get_close_matches(name, likely, n=1)), None)


def _not_there(archive: str, name: str, members: list[zipfile.ZipInfo]) -> FetchError:
    near = _guess(name, [_name(member) for member in members])
    hint = f"; did you mean {near!r}?" if near is not None else ""
    return FetchError(f"there is no file {name!r} in {archive!r}{hint}")


def _checked(archive: str, name: str, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The member of exactly that name, if it is one that is read. Raises: `FetchError`."""
    found = [member for member in members if _name(member) == name]
    if not found:
        raise _not_there(archive, name, members)
    if len(found) > 1:
        raise FetchError(f"{archive!r} has {len(found)} members named {name!r}")
    member = found[0]
    place = f"{name!r} in {archive!r}"
    if stat.S_ISLNK(member.external_attr >> 16):
        raise FetchError(f"{place} is a symbolic link, which is not followed")
    if member.flag_bits & _IS_ENCRYPTED:
        raise FetchError(f"{place} is encrypted")
    if member.compress_type not in _METHODS:
        raise FetchError(f"{place} is packed by a method that is not read; use deflate")
    if member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise FetchError(f"{place} would become more than {MAX_RATIO} times its packed size")
    return member


def is_archive(path: str) -> bool:
    """True for a regular file that begins as zip archives do, or is named like one."""
    try:
        if not Path(path).is_file():
            return False
        with open(path, "rb") as file:
            return path.casefold().endswith(".zip") or file.read(4) in _SIGNATURES
    except (OSError, ValueError):
        return False


def member_names(archive: str) -> tuple[str, ...]:
    """The paths of the files in an archive, as they are written. Raises: `FetchError`."""
    with _opened(archive) as opened:
        return tuple(_name(member) for member in opened.filelist if not member.is_dir())


def read_member(archive: str, name: str, max_bytes: int) -> bytes:
    """A file in an archive, by its exact path; no more than `max_bytes` + 1 bytes are unpacked.

    Raises: `FetchError`, when it is not there, is there twice, or is no plain file.
    """
    with _opened(archive) as opened:
        member = _checked(archive, name, opened.filelist)
        data = bytearray()
        with opened.open(member) as file:
            while len(data) <= max_bytes and (piece := file.read(min(_CHUNK, max_bytes + 1 - len(data)))):
                data += piece
        return bytes(data)
