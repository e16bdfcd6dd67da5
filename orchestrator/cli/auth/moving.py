"""`orchestrator auth export` and `import`: credentials in a file that a passphrase seals."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio.to_thread

from auth.bundle import MAX_BUNDLE_BYTES, bundle_of, put, records_of, replaced_by
from auth.origins import shown_origin
from auth.records import Record, Records
from auth.rows import SHARED, RecordKey
from auth.secret import Secret
from orchestrator.cli.auth.opening import opened_vault_of, person_of
from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.logins.asking import passphrase
from orchestrator.errors import OrchestratorError, UnknownName, UsageError
from orchestrator.host import DEFAULT_PERSON
from orchestrator.paths import typed_path
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line

FILE_MODE = 0o600
"""Of an exported file: only its owner reads it."""


def _refuse_existing(path: Path) -> None:
    """Before anything is asked. Raises: `UsageError`."""
    if os.path.lexists(path):
        raise UsageError(f"{str(path)!r} exists, and is not written over")


def _write(path: Path, data: bytes) -> None:
    """A file that nobody else can read, and that was not there. Raises: `UsageError`, `OrchestratorError`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        raise UsageError(f"{str(path)!r} exists, and is not written over") from None
    except OSError as error:
        raise UsageError(f"cannot write {str(path)!r}: {error.strerror}") from None
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OrchestratorError(f"cannot write {str(path)!r}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    """Raises: `UsageError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from None
    if len(data) > MAX_BUNDLE_BYTES:
        raise UsageError(f"{str(path)!r} is longer than {MAX_BUNDLE_BYTES} bytes, and no exported file")
    return data


def _names(keys: Sequence[RecordKey]) -> list[str]:
    return list(dict.fromkeys(key.name for key in keys))


async def _chosen(records: Records, person: str, names: Sequence[str]) -> list[Record]:
    """What holds for the person, of these names or of all. Raises: `UnknownName`, `VaultError`."""
    keys = [key for owner in dict.fromkeys((person, SHARED)) for key in await records.keys(owner)]
    known = _names(keys)
    for name in names:
        if name not in known:
            raise UnknownName("credential", name, known)
    found = [await records.read(key) for key in keys if not names or key.name in names]
    return [record for record in found if record is not None]


async def export(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    path = typed_path(options.file)
    _refuse_existing(path)
    async with opened_vault_of(options) as found:
        chosen = await _chosen(found.records, person_of(options), options.names)
    if not chosen:
        print("there is nothing to export", file=sys.stderr)
        return 1
    secret = await passphrase("A passphrase for the file", options.passphrase_env, is_new=True)
    data = await anyio.to_thread.run_sync(bundle_of, chosen, secret)
    _write(path, data)
    count = counted(len(_names([one.key for one in chosen])), "credential")
    print(clean_line(f"exported: {count}, to {path}; who has the file and the passphrase can use them"))
    return 0


async def _changes(records: Sequence[Record], kept: Records) -> list[str]:
    """A line for each that is not there already. Raises: `VaultError`."""
    replaced, lines = await replaced_by(records, kept), list[str]()
    for record in records:
        if record.key in replaced:
            lines.append(f"  replaces  {_shown(record)}")
        elif await kept.read(record.key) is None:
            lines.append(f"  adds      {_shown(record)}")
    return lines


def _shown(record: Record) -> str:
    whose = "for every person" if record.key.owner == SHARED else "yours"
    if record.key.owner not in (SHARED, DEFAULT_PERSON):
        whose = f"of {record.key.owner}"
    places = " ".join(map(shown_origin, record.origins))
    return clean_line(f"{record.key.name}, the {record.key.kind} {whose}, for {places}")


async def take_in(options: argparse.Namespace) -> int:
    """The exit code of the command."""
    data = _read(typed_path(options.file))
    secret: Secret = await passphrase("The passphrase of the file", options.passphrase_env, is_new=False)
    records = await anyio.to_thread.run_sync(partial(records_of, data, secret))
    async with opened_vault_of(options, creates=True) as found:
        changes = await _changes(records, found.records)
        if not changes:
            print("all of it is there already")
            return 0
        print("\n".join(changes), file=sys.stderr)
        otherwise = "nobody is here to ask; --yes takes it in without asking"
        if not await is_sure("Take this in?", yes=options.yes, otherwise=otherwise):
            print("nothing is taken in", file=sys.stderr)
            return 1
        count = await put(records, found.records, replacing=True)
    print(f"taken in: {counted(count, 'record')}")
    return 0
