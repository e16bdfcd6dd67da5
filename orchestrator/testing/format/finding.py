"""Finds conversation files by the names of files and folders; it reads none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.paths import typed_path

SUFFIX = ".conversation.yaml"
"""How the name of a conversation file ends."""


def _below(folder: Path) -> Iterator[Path]:
    """The conversation files in a folder, but for hidden ones, by name."""
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def conversation_files(paths: Sequence[str]) -> tuple[Path, ...]:
    """The files that are meant, each once. Raises: `UsageError` for a path where nothing is."""
    found: dict[Path, Path] = {}
    for text in paths:
        path = typed_path(text)
        if not path.exists():
            raise UsageError(f"there is no file or folder {text!r}")
        for file in _below(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return tuple(found.values())
