"""`orchestrator history --export` and `--import`: whole conversations as lines of JSON, out of a store and into one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from orchestrator.cli.conversations.asking import typed
from orchestrator.cli.conversations.finding import conversations_named, kept_store
from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.errors import JournalConflict, OrchestratorError, UsageError
from orchestrator.events import CallReturned, Fact, TurnStarted
from orchestrator.journal.base import Journal, Kept
from orchestrator.journal.lines import first_line, lines
from orchestrator.journal.reading import HistoryUnreadable, Written, read
from orchestrator.paths import typed_path
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.turn.importing import at_rest
from runtimes.values import Json, pretty_json

_TYPED = "type or paste the lines of an export; Ctrl-D ends them, Ctrl-C imports nothing"

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


async def _typed_pieces() -> Sequence[bytes]:
    print(_TYPED, file=sys.stderr, flush=True)
    pieces: list[bytes] = []
    while piece := await typed(sys.stdin.fileno(), PIECE_BYTES):
        pieces.append(piece)
    return pieces


async def _read(source: str) -> tuple[Written, ...]:
    """Raises: `UsageError` for a file that cannot be opened, `HistoryUnreadable`."""
    if source == STANDARD_STREAM:
        pieces = await _typed_pieces() if sys.stdin.isatty() else _pieces(sys.stdin.buffer)
        return read(pieces, source="standard input")
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
    elif problems and not imported:
        print("nothing is imported", file=sys.stderr)
    else:
        for name in imported:
            print(f"imported: {clean_line(name)}")
        for name in skipped:
            print(f"was there already: {clean_line(name)}")
        if not imported and not skipped:
            print("there is no conversation in it")
    return 1 if problems else 0


async def _standing(journal: Journal, one: Written) -> Literal["new", "there", "in the way"]:
    there = tuple(await journal.read(one.conversation))
    if not there:
        return "new"
    return "there" if there in (one.facts, at_rest(one.facts)) else "in the way"


def _in_the_way(one: Written) -> str:
    return (
        f"conversation {one.conversation!r} is kept already, with other facts: delete it, or import into another store "
        "(--store)"
    )


async def _is_kept(journal: Journal, one: Written) -> bool:
    """Keeps it; False where somebody else has kept it first."""
    for sha256, data in one.files.items():
        await journal.keep_file(one.conversation, sha256, data)
    try:
        await journal.append(one.conversation, 0, at_rest(one.facts))
    except JournalConflict:
        return False
    return True


async def _keep_all(journal: Journal, written: Sequence[Written], *, json_wanted: bool) -> int:
    """Imports all of them, at rest, or none where something is in the way; what is there already is passed over.

    One that somebody else begins at this moment is passed over where it is the same, else told of as in the way, and
    the others are imported. Raises: `StoreError`.
    """
    new: list[Written] = []
    skipped: list[str] = []
    in_the_way: list[str] = []
    for one in written:
        match await _standing(journal, one):
            case "new":
                new.append(one)
            case "there":
                skipped.append(one.conversation)
            case "in the way":
                in_the_way.append(_in_the_way(one))
    imported: list[str] = []
    for one in () if in_the_way else new:
        if await _is_kept(journal, one):
            imported.append(one.conversation)
        elif await _standing(journal, one) == "there":
            skipped.append(one.conversation)
        else:
            in_the_way.append(_in_the_way(one))
    return _tell(in_the_way, imported, skipped, json_wanted=json_wanted)


async def take_in(options: argparse.Namespace) -> int:
    """Imports all conversations of a file, or none; returns the exit code. Raises: `UsageError`, `StoreError`.

    No store is opened, or made, before all of the file is read.
    """
    try:
        written = await _read(options.source)
    except HistoryUnreadable as error:
        problems = [f"{error.source}:{problem.line}: {problem.message}" for problem in error.problems]
        return _tell(problems, (), (), json_wanted=options.json)
    async with kept_store(options, creates=True) as journal:
        return await _keep_all(journal, written, json_wanted=options.json)
