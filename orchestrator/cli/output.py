"""`orchestrator call --output`: an answer as a file, or as the bytes of the standard output.

The name is the person's own: what a server calls its file is never a path here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from orchestrator.call_outcome import CallOutcome
from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.paths import holds_what_is_written, typed_path
from orchestrator.render.sanitize import clean
from runtimes.values import pretty_json


def _obstacle(path: Path, *, force: bool) -> str:
    """Why what is at the path cannot be written over; empty where it can. Raises: `OSError`."""
    if path.is_dir():
        return "is a folder; name a file in it"
    if not holds_what_is_written(path):
        return "is no regular file"
    if os.path.lexists(path) and not force:  # a link that leads nowhere is there too
        return "exists and is not overwritten without --force"
    return "cannot be written" if path.exists() and not os.access(path, os.W_OK) else ""


def refuse_output(target: str, *, force: bool) -> None:
    """Refuses a name that could not be written to, before anything is sent. Raises: `UsageError`."""
    if target == STANDARD_STREAM:
        return
    path = typed_path(target, "--output: ")
    try:
        if reason := _obstacle(path, force=force):
            raise UsageError(f"--output: {target!r} {reason}")
        folder = Path(os.path.realpath(path)).parent
        if not folder.is_dir():
            raise UsageError(f"--output: there is no folder {str(folder)!r} to write into")
        if not path.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"--output: the folder {str(folder)!r} cannot be written into")
    except OSError as error:
        raise UsageError(f"--output: {target!r} cannot be written: {error.strerror}") from None


def _text(outcome: CallOutcome) -> str:
    payload = outcome.payload
    return payload if isinstance(payload, str) else pretty_json(payload) + "\n"


def _contents(outcome: CallOutcome) -> Sequence[bytes]:
    return [one.data for one in outcome.attachments] or [_text(outcome).encode(errors="replace")]


def _numbered(path: Path, *, force: bool) -> Iterator[Path]:
    """`photo-1.png`, `photo-2.png` and so on; those that exist are passed over unless they may be overwritten."""
    for number in count(1):
        numbered = path.with_name(f"{path.stem}-{number}{path.suffix}")
        if force or not numbered.exists():
            yield numbered


def _write(path: Path, data: bytes, *, force: bool) -> None:
    try:
        if not holds_what_is_written(path):
            raise OrchestratorError(f"the answer cannot be written to {str(path)!r}: it is no regular file")
        with path.open("wb" if force else "xb") as file:
            file.write(data)
    except OSError as error:
        raise OrchestratorError(f"the answer cannot be written to {str(path)!r}: {error.strerror}") from None


def _print(outcome: CallOutcome, contents: Sequence[bytes]) -> None:
    """Writes bytes as they came, but nothing to a terminal that could steer it. Raises: `OrchestratorError`."""
    if len(contents) > 1:
        raise OrchestratorError(f"the answer is {len(contents)} files; name a file with --output")
    if not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(contents[0])
        sys.stdout.buffer.flush()
        return
    if outcome.attachments:
        raise OrchestratorError("a binary answer is not written to a terminal; name a file with --output, or pipe it")
    print(clean(_text(outcome)))


def write_answer(outcome: CallOutcome, target: str, *, force: bool) -> Sequence[str]:
    """Writes the files that an answer is, else its text; returns the names that were written.

    There are none for `STANDARD_STREAM`; several files get numbers. Raises: `OrchestratorError` for an answer that is
    not whole, and when a file cannot be written.
    """
    if outcome.is_truncated:
        raise OrchestratorError("the answer is longer than the host reads, and no part of it is written")
    contents = _contents(outcome)
    if target == STANDARD_STREAM:
        _print(outcome, contents)
        return ()
    path = typed_path(target)
    paths = [path] if len(contents) == 1 else [*islice(_numbered(path, force=force), len(contents))]
    for place, data in zip(paths, contents, strict=True):
        _write(place, data, force=force)
    return [str(place) for place in paths]
