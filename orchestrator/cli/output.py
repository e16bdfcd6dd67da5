"""`orchestrator call --output`: an answer as a file, or as the bytes of the standard output.

The name is the person's own: what a server calls its file is never a path here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.host import CallOutcome
from orchestrator.render.sanitize import clean
from runtimes.values import pretty_json

STDOUT = "-"
"""The name that stands for the standard output."""


def refuse_output(target: str, *, force: bool) -> None:
    """Refuses a name that could not be written to, before anything is sent. Raises: `UsageError`."""
    if target == STDOUT:
        return
    path = Path(target).expanduser()
    if path.is_dir():
        raise UsageError(f"--output: {target!r} is a folder; name a file in it")
    if path.exists() and not force:
        raise UsageError(f"--output: {target!r} exists and is not overwritten without --force")
    if not path.parent.is_dir():
        raise UsageError(f"--output: there is no folder {str(path.parent)!r} to write into")


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
    """Writes the files that an answer is, else its text; returns the names that were written, none for `STDOUT`.

    Several files get numbers. Raises: `OrchestratorError` for an answer that is not whole, and when a file cannot be
    written.
    """
    if outcome.is_truncated:
        raise OrchestratorError("nothing is written: the answer is longer than the host reads")
    contents = _contents(outcome)
    if target == STDOUT:
        _print(outcome, contents)
        return ()
    path = Path(target).expanduser()
    paths = [path] if len(contents) == 1 else [*islice(_numbered(path, force=force), len(contents))]
    for place, data in zip(paths, contents, strict=True):
        _write(place, data, force=force)
    return [str(place) for place in paths]
