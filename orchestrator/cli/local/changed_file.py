"""Changes a text file of the person's at once or not at all, with the mode that it has."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.paths import holds_what_is_written

MAX_BYTES = 1024 * 1024
"""How long a file may be that is changed."""

_NEW, _FOLDER = 0o666, 0o700
"""The modes of a new file, less what the umask takes, and of a new folder."""


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot write {str(path)!r}: {error.strerror}")


def _mode(path: Path) -> int | None:
    """The mode of the file; None where there is none. Raises: `OSError`."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _text(path: Path) -> str:
    """Empty where there is no file. Raises: `OSError`, `UsageError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{str(path)!r} is longer than {MAX_BYTES} bytes; change it by hand")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is not UTF-8: {error}") from None


def _draft(target: Path, path: Path) -> Path:
    """A new file beside the target, which nobody else has. Raises: `UsageError`."""
    draft = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
        if not holds_what_is_written(target):
            raise UsageError(f"cannot write {str(path)!r}: it is no regular file")
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _NEW))
    except FileExistsError:
        raise UsageError(f"somebody else is changing {str(path)!r}; if nobody is, remove {str(draft)!r}") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    return draft


def _write(draft: Path, mode: int | None, text: str) -> None:
    """Raises: `OSError`."""
    if mode is not None:
        draft.chmod(mode)
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def change(path: Path, changed: Callable[[str], str]) -> None:
    """Gives the file the text that `changed` makes of its own; one that is not there has an empty one, and is made.

    The draft beside it, which takes its place, keeps others from changing it meanwhile. A link stays one.

    Raises: `UsageError` where it cannot be written, and as `changed`.
    """
    target = Path(os.path.realpath(path))
    draft = _draft(target, path)
    with ExitStack() as undoing:
        undoing.callback(draft.unlink)
        try:
            text = changed(_text(target))
            _write(draft, _mode(target), text)
            os.replace(draft, target)
        except OSError as error:
            raise _unwritable(path, error) from None
        undoing.pop_all()  # the draft is the file now
