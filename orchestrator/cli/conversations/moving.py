"""`orchestrator history --export` and `--import`: whole conversations as lines of JSON, out of a store and into one."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from orchestrator.cli.conversations.finding import conversations_named
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.events import CallReturned, Fact, TurnStarted
from orchestrator.journal.base import Journal, Kept
from orchestrator.journal.lines import first_line, lines
from orchestrator.journal.reading import HistoryUnreadable, Written, read
from orchestrator.paths import typed_path
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.turn.importing import at_rest
from runtimes.values import Json, pretty_json

STANDARD_STREAM = "-"
"""The name that stands for the standard output, or the standard input."""

PIECE_BYTES = 1024 * 1024
"""How much of a file is read at once."""


# --- out


def _hashes(facts: Iterable[Fact]) -> Iterator[str]:
    """Of the files of a conversation, each once."""
    with_files = (fact.attachments for fact in facts if isinstance(fact, TurnStarted | CallReturned))
    yield from dict.fromkeys(file.sha256 for files in with_files for file in files)


async def _lines_of(journal: Journal, one: Kept) -> Iterator[bytes]:
    facts = await journal.read(one.conversation)
    files = [(sha256, data) for sha256 in _hashes(facts) if (data := await journal.file(one.conversation, sha256))]
    return lines(one.conversation, facts, files)


async def _all_lines(journal: Journal, kept: Sequence[Kept]) -> AsyncGenerator[bytes]:
    yield first_line()
    for one in kept:
        for line in await _lines_of(journal, one):
            yield line


def _new_file(target: str) -> BinaryIO:
    """Raises: `UsageError`."""
    path = typed_path(target, "--export: ")
    try:
        return path.open("xb")
    except FileExistsError:
        raise UsageError(f"--export: {target!r} exists and is not overwritten; choose another name") from None
    except OSError as error:
        raise UsageError(f"--export: cannot write {target!r}: {error.strerror}") from None


@contextmanager
def _whole_or_gone(target: str) -> Generator[BinaryIO]:
    """A new file, which is removed again where it cannot be finished."""
    file = _new_file(target)
    is_whole = False
    try:
        with file:
            yield file
        is_whole = True
    except OSError as error:
        raise OrchestratorError(f"--export: cannot write {target!r}: {error.strerror}") from None
    finally:
        if not is_whole:
            Path(file.name).unlink(missing_ok=True)


def _print(line: bytes) -> None:
    """Bytes as they are, but nothing to a terminal that could steer it."""
    if sys.stdout.isatty():
        print(plain_json(line.decode()), end="")
        return
    sys.stdout.buffer.write(line)


async def hand_out(journal: Journal, kept: Sequence[Kept], written: Sequence[str], target: str) -> int:
    """Exports the conversations that are named, else all; returns the exit code.

    Raises: `UsageError` for a name of none and a file that is there already; `OrchestratorError`.
    """
    if target in {one.conversation for one in kept}:
        raise UsageError(f"--export wants a FILE, and {target!r} is a conversation; name IDs before --export")
    chosen = conversations_named(written, kept) if written else kept[::-1]  # taken in again, the newest is the last
    if target == STANDARD_STREAM:
        sys.stdout.flush()
        async for line in _all_lines(journal, chosen):
            _print(line)
        sys.stdout.flush()
        return 0
    with _whole_or_gone(target) as file:
        async for line in _all_lines(journal, chosen):
            file.write(line)
    print(f"{counted(len(chosen), 'conversation')} written to {clean_line(target)}")
    return 0


# --- in


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _read(source: str) -> tuple[Written, ...]:
    """Raises: `UsageError` for a file that cannot be opened, `HistoryUnreadable`."""
    if source == STANDARD_STREAM:
        return read(_pieces(sys.stdin.buffer), source="standard input")
    path = typed_path(source, "--import: ")
    try:
        with path.open("rb") as file:
            return read(_pieces(file), source=source)
    except OSError as error:
        raise UsageError(f"--import: cannot read {source!r}: {(error.strerror or str(error)).lower()}") from None


def _tell(problems: Sequence[str], imported: Sequence[str], skipped: Sequence[str], *, json_wanted: bool) -> int:
    for problem in problems:
        print(f"orchestrator: {clean_line(problem)}", file=sys.stderr)
    if json_wanted:
        told: dict[str, Json] = {"imported": [*imported], "skipped": [*skipped], "problems": [*problems]}
        print(plain_json(pretty_json(told)))
    elif problems:
        print("nothing is imported", file=sys.stderr)
    else:
        for name in imported:
            print(f"imported: {clean_line(name)}")
        for name in skipped:
            print(f"was there already: {clean_line(name)}")
        if not imported and not skipped:
            print("there is no conversation in it")
    return 1 if problems else 0


async def _keep(journal: Journal, one: Written) -> None:
    for sha256, data in one.files.items():
        await journal.keep_file(one.conversation, sha256, data)
    await journal.append(one.conversation, 0, at_rest(one.facts))


async def take_in(journal: Journal, source: str, *, json_wanted: bool) -> int:
    """Imports all conversations of a file, at rest, or none of them where something is in the way.

    One that is there already with the same facts is passed over. Returns the exit code. Raises: `UsageError`,
    `StoreError`, and `JournalConflict` where somebody else keeps one of them at this moment.
    """
    try:
        written = _read(source)
    except HistoryUnreadable as error:
        problems = [f"{error.source}:{problem.line}: {problem.message}" for problem in error.problems]
        return _tell(problems, (), (), json_wanted=json_wanted)
    new: list[Written] = []
    skipped: list[str] = []
    in_the_way: list[str] = []
    for one in written:
        there = tuple(await journal.read(one.conversation))
        if not there:
            new.append(one)
        elif there in (one.facts, at_rest(one.facts)):
            skipped.append(one.conversation)
        else:
            in_the_way.append(
                f"conversation {one.conversation!r} is kept already, with other facts: delete it, or import into "
                "another store (--store)"
            )
    if not in_the_way:
        for one in new:
            await _keep(journal, one)
    imported = [] if in_the_way else [one.conversation for one in new]
    return _tell(in_the_way, imported, skipped, json_wanted=json_wanted)
