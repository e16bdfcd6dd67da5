"""Keeps the parts of large descriptions that plugins use, by what they were made from, in a folder of the person's own.

An entry is JSON and is read within the limits of any document; it is found by the hash of the whole description, and
used only if it still is what was written. A folder that somebody else could write into is not used.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runtimes.values import InvalidJson, Json, canonical_json, dump_json, parse_json

FORMAT = 3
"""The form of an entry; another one makes older entries unfindable."""

MIN_JSON_BYTES = 256 * 1024
"""Shorter descriptions in JSON are parsed as fast as an entry is found."""

MIN_YAML_BYTES = 16 * 1024
"""The same of those in YAML, which take about thirty times as long to parse."""

MAX_ENTRY_BYTES = 8 * 1024 * 1024
"""The longest entry that is kept."""

MAX_ENTRIES = 64
"""How many entries are kept; those that were written first go."""

MAX_BYTES = 64 * 1024 * 1024
"""How long all entries may be together; those that were written first go."""

_DIGEST_CHARS = 64
_SUFFIX = ".json"
_OURS = re.compile(r"[0-9a-f]{64}\.json|[0-9a-f]{16}\.part")
"""The names of entries and drafts: nothing else in the folder is ever removed."""


def _is_private(folder: Path) -> bool:
    """True for a folder that nobody else can put anything into. Raises: `OSError`."""
    if sys.platform == "win32":  # the access list of the person's profile keeps others out
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def entry_name(data: bytes, functions: Sequence[str] | None) -> str:
    """What the entry for these functions of a description is called, or for all of them."""
    named: list[Json] | None = None if functions is None else [*functions]
    made_of: list[Json] = [FORMAT, hashlib.sha256(data).hexdigest(), named]
    return hashlib.sha256(canonical_json(made_of).encode()).hexdigest() + _SUFFIX


def read_entry(folder: Path, name: str) -> Json:
    """What was kept under a name; None where there is nothing, or not what was written."""
    path = folder / name
    try:
        if not _is_private(folder) or not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            digest, text = file.read(_DIGEST_CHARS), file.read(MAX_ENTRY_BYTES + 1)
        if hashlib.sha256(text).hexdigest().encode() != digest:
            return None
        return parse_json(text)
    except (OSError, InvalidJson):
        return None


def write_entry(folder: Path, name: str, value: Json) -> None:
    """Keeps a value under a name; in silence not, where it is too long or the folder cannot be written."""
    text = dump_json(value).encode()
    if len(text) > MAX_ENTRY_BYTES:
        return
    draft = folder / f"{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return
        _make_room(folder, len(text) + _DIGEST_CHARS)
        draft.write_bytes(hashlib.sha256(text).hexdigest().encode() + text)
        os.replace(draft, folder / name)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _make_room(folder: Path, needed: int) -> None:
    """Removes the oldest entries until one more of so many bytes fits. Raises: `OSError`."""
    found = [(entry.lstat(), entry) for entry in folder.iterdir() if _OURS.fullmatch(entry.name)]
    found.sort(key=lambda one: one[0].st_mtime_ns, reverse=True)
    kept = 0
    for number, (status, entry) in enumerate(found, start=1):
        kept += status.st_size
        if number >= MAX_ENTRIES or kept + needed > MAX_BYTES:
            entry.unlink(missing_ok=True)
