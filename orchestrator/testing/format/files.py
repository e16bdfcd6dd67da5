"""Files beside a conversation file: read within a limit, written whole, and named only where they stay below it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from orchestrator.errors import UsageError


def read_limited(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file. Raises: `UsageError` where it cannot be read, or is longer."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{str(path)!r} is no regular file")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {str(path)!r}: {(reason or type(error).__name__).lower()}") from None
    if len(data) > max_bytes:
        raise UsageError(f"{str(path)!r} is longer than {max_bytes} bytes")
    return data


def file_below(folder: Path, name: str) -> Path:
    """The file of that name in a folder, or in one below it. Raises: `UsageError` for a name that leads elsewhere."""
    path = folder / name
    try:
        is_below = path.parent.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        is_below = False
    if not is_below or ".." in path.parts[len(folder.parts) :]:
        raise UsageError(f"{name!r} leads out of the folder of the conversation file")
    return path


def no_link(path: Path) -> Path:
    """The same path. Raises: `UsageError` where a symbolic link is there, which leads to who knows what."""
    if path.is_symlink():
        raise UsageError(f"{str(path)!r} is a symbolic link, which is not followed: put the file itself there")
    return path


def write_whole(path: Path, data: bytes, what: str) -> None:
    """Writes a file, in the place of one that is there, or leaves all as it is; `what` it is, for messages.

    Raises: `UsageError` where that fails, or a symbolic link is there.
    """
    no_link(path)
    draft = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        try:
            with draft.open("xb") as file:
                file.write(data)
            if path.exists():
                draft.chmod(path.stat().st_mode & 0o777)
            draft.replace(path)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot write the {what} {str(path)!r}: {reason}") from None
