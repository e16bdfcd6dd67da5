"""Keeps the parts of large descriptions that plugins use, by what they were made from, in a folder of the person's own.

An entry is JSON and is read within the limits of any document; it is found by the hash of the whole description, and
used only if it still is what was written.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runtimes.values import InvalidJson, Json, canonical_json, dump_json, parse_json

FORMAT = 1
"""The form of an entry; another one makes older entries unfindable."""

MIN_DESCRIPTION_BYTES = 256 * 1024
"""Shorter descriptions are parsed as fast as an entry is found."""

MAX_ENTRY_BYTES = 8 * 1024 * 1024
"""The longest entry that is kept."""

MAX_ENTRIES = 64
"""How many entries are kept; those that were written first go."""

_DIGEST_CHARS = 64
_SUFFIX = ".json"


def entry_name(data: bytes, functions: Sequence[str]) -> str:
    """What the entry for these functions of a description is called."""
    made_of: list[Json] = [FORMAT, hashlib.sha256(data).hexdigest(), *functions]
    return hashlib.sha256(canonical_json(made_of).encode()).hexdigest() + _SUFFIX


def read_entry(folder: Path, name: str) -> Json:
    """What was kept under a name; None where there is nothing, or not what was written."""
    try:
        with (folder / name).open("rb") as file:
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
        _make_room(folder)
        draft.write_bytes(hashlib.sha256(text).hexdigest().encode() + text)
        os.replace(draft, folder / name)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _make_room(folder: Path) -> None:
    """Removes the oldest entries until one more fits. Raises: `OSError`."""
    entries = sorted((entry.stat().st_mtime_ns, entry) for entry in folder.iterdir() if entry.is_file())
    for _, entry in entries[: max(0, len(entries) - MAX_ENTRIES + 1)]:
        entry.unlink(missing_ok=True)
