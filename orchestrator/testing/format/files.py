"""Files beside a conversation file, read within a limit."""

from __future__ import annotations

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
