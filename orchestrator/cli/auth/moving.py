"""`orchestrator auth export` and `import`: credentials in a file that a passphrase seals."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio.to_thread

from auth.bundle import MAX_BUNDLE_BYTES, bundle_of, is_nobodys, put, records_of, replaced_by
from auth.origins import shown_origin
from auth.record_json import registration_of
from auth.records import Record, Records
from auth.registration import OAuthRegistration
from auth.rows import SHARED, RecordKey
from auth.secret import Secret
from orchestrator.cli.auth.opening import opened_vault_of, person_of
from orchestrator.cli.auth.showing import oauth_lines
from orchestrator.cli.conversations.asking import is_sure
from orchestrator.cli.conversations.table import fitted
from orchestrator.cli.logins.asking import passphrase
from orchestrator.errors import OrchestratorError, UnknownName, UsageError
from orchestrator.host import DEFAULT_PERSON
from orchestrator.paths import typed_path
from orchestrator.phrases import counted
from orchestrator.render.sanitize import clean_line

FILE_MODE = 0o600
"""Of an exported file: only its owner reads it."""

MAX_NAME = 100
"""Cells of a name of what would be taken in."""

MAX_LINE = 300
"""Cells of an origin, and of a line about its provider."""

MAX_PLACES = 50
"""Origins that are named of one record."""

_INDENT = " " * 12


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
    found = [key for owner in dict.fromkeys((person, SHARED)) for key in await records.keys(owner)]
    keys = [key for key in found if not is_nobodys(key)]
    known = _names(keys)
    for name in names:
        if name not in known:
            raise UnknownName("credential", name, known)
    read = [await records.read(key) for key in keys if not names or key.name in names]
    return [record for record in read if record is not None]


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


def _some(words: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(words) - MAX_PLACES
    return " ".join(fitted(word, MAX_LINE) for word in words[:MAX_PLACES]) + (f" and {more} more" if more > 0 else "")


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
    """A line, and for a login others below it: every place that codes, tokens and a client's secret would go to."""
    whose = "for every person" if record.key.owner == SHARED else "yours"
    if record.key.owner not in (SHARED, DEFAULT_PERSON):
        whose = f"of {fitted(record.key.owner, MAX_NAME)}"
    places = _some([shown_origin(one) for one in record.origins])
    lines = [f"{fitted(record.key.name, MAX_NAME)}, the {record.key.kind} {whose}, for {places}"]
    registration = registration_of(record.content) if record.key.kind == "registration" else None
    if isinstance(registration, OAuthRegistration):
        lines += [_INDENT + fitted(line.strip(), MAX_LINE) for line in oauth_lines(registration)]
        if registration.allowed_hosts:
            lines.append(f"{_INDENT}may be in your own network: {_some(registration.allowed_hosts)}")
    return "\n".join(lines)


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
