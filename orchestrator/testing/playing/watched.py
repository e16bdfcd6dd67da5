"""The folders that conversations depend on, and what has changed in them. It looks, and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from orchestrator.testing.format.finding import SUFFIX
from orchestrator.testing.format.places import Placed
from runtimes.http import is_url

MAX_FILES = 20_000
"""Files that are looked at; what lies beyond them is not noticed."""

_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
"""Folders that programs fill; hidden ones are left out too."""

Stamp = tuple[int, int]
"""When a file was written, in nanoseconds, and how long it is."""


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def folders_of(placed: Placed, file: str) -> frozenset[Path]:
    """Where a conversation of the file lies, and where its plugins lie."""
    own = Path(file).resolve().parent
    sources = [plugin.source for plugin in placed.conversation.plugins]
    return frozenset({own, *(_folder((own / source).resolve()) for source in sources if not is_url(source))})


def _outermost(folders: Iterable[Path]) -> Iterator[Path]:
    """Those that lie in none of the others."""
    found: list[Path] = []
    for folder in sorted(set(folders)):
        if not any(folder.is_relative_to(other) for other in found):
            found.append(folder)
            yield folder


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:  # it has gone, or is not to be read
            continue
        for entry in found:
            if entry.name.startswith(".") or entry.name in _LEFT_OUT:
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                yield entry


def stamps_in(folders: Iterable[Path], *, limit: int = MAX_FILES) -> Mapping[Path, Stamp]:
    """When each file below the folders was written last."""
    found: dict[Path, Stamp] = {}
    for folder in _outermost(folders):
        for entry in _files_below(folder):
            if len(found) >= limit:
                return found
            try:
                status = entry.stat()
            except OSError:  # it has gone meanwhile, or is a link to nothing
                continue
            found[Path(entry.path)] = status.st_mtime_ns, status.st_size
    return found


def changed(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> frozenset[Path]:
    """The files that were written, made, or taken away."""
    return frozenset(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def is_affected(placed: Placed, file: str, paths: Collection[Path]) -> bool:
    """True where one of the changed files may matter to a conversation of this file."""
    own, folders = Path(file).resolve(), folders_of(placed, file)
    return any(
        path == own or (not path.name.endswith(SUFFIX) and any(path.is_relative_to(folder) for folder in folders))
        for path in paths
    )
