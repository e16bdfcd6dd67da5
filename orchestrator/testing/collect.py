"""Finds conversation files, reads them, and chooses among their conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.errors import Problem, UsageError
from orchestrator.paths import typed_path
from orchestrator.testing.places import Placed
from orchestrator.testing.reading import SUFFIX, read_conversations
from orchestrator.testing.said import read_limited
from orchestrator.testing.supported import unsupported

MAX_FILE_BYTES = 4 * 1024 * 1024
"""How large a conversation file may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which conversations are wanted: those that meet all that is said."""

    text: str = ""
    """A part of its name, or of that of its file without the folders, in any case of its letters."""
    tags: tuple[str, ...] = ()
    """One of these."""

    def takes(self, placed: Placed, file: str) -> bool:
        """True for a conversation that is wanted."""
        named = f"{Path(file).name} {placed.conversation.name}".casefold()
        is_tagged = not self.tags or not set(self.tags).isdisjoint(placed.conversation.tags)
        return self.text.casefold() in named and is_tagged


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What there is to play."""

    conversations: tuple[tuple[str, Placed], ...] = ()
    """Each with the path of its file."""
    problems: tuple[Problem, ...] = ()
    """Mistakes in files; each names its file."""


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


def collect(files: Sequence[Path], choice: Choice) -> Collected:
    """Reads files. Raises: `UsageError` for one that cannot be read."""
    conversations: list[tuple[str, Placed]] = []
    problems: list[Problem] = []
    for path in files:
        file = read_conversations(read_limited(path, MAX_FILE_BYTES), str(path))
        problems += [replace(problem, file=str(path)) for problem in file.problems]
        chosen = [placed for placed in file.conversations if choice.takes(placed, str(path))]
        refused = dict.fromkeys(problem for placed in chosen for problem in unsupported(placed))
        problems += [replace(problem, file=str(path)) for problem in refused]
        conversations += [(str(path), placed) for placed in chosen]
    return Collected(conversations=tuple(conversations), problems=tuple(problems))
