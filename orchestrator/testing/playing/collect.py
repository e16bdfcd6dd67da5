"""Finds conversation files, reads them, and chooses among their conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.errors import Problem
from orchestrator.policy.rules import Mode
from orchestrator.testing.format.files import read_limited
from orchestrator.testing.format.places import Placed
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.recordings.cassette_file import Cassettes, cassettes_of
from runtimes.garbage import collector_paused

MAX_FILE_BYTES = 4 * 1024 * 1024
"""How large a conversation file may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which conversations are wanted: those that meet all that is said; and what all of them are played with."""

    text: str = ""
    """A part of its name, or of that of its file without the folders, in any case of its letters."""
    tags: tuple[str, ...] = ()
    """One of these."""
    mode: Mode | None = None
    """The mode of the policy, whatever the files say of it."""

    def takes(self, placed: Placed, file: str) -> bool:
        """True for a conversation that is wanted."""
        named = f"{Path(file).name} {placed.conversation.name}".casefold()
        is_tagged = not self.tags or not set(self.tags).isdisjoint(placed.conversation.tags)
        return self.text.casefold() in named and is_tagged

    def as_played(self, placed: Placed) -> Placed:
        """The conversation in the mode that is wanted."""
        if self.mode is None:
            return placed
        policy = placed.conversation.policy.model_copy(update={"mode": self.mode})
        return replace(placed, conversation=placed.conversation.model_copy(update={"policy": policy}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What there is to play: nothing of what has mistakes."""

    conversations: tuple[tuple[str, Placed], ...] = ()
    """Each with the path of its file."""
    problems: tuple[Problem, ...] = ()
    """Mistakes in files; each names its file."""


def collect(files: Sequence[Path], choice: Choice) -> Collected:
    """Reads files, and the cassettes that their conversations are played from.

    Raises: `UsageError` for one that cannot be read.
    """
    conversations: list[tuple[str, Placed]] = []
    problems: list[Problem] = []
    for path in files:
        data = read_limited(path, MAX_FILE_BYTES)
        with collector_paused():
            file = read_conversations(data, str(path))
        problems += [replace(problem, file=str(path)) for problem in file.problems]
        chosen = [choice.as_played(placed) for placed in file.conversations if choice.takes(placed, str(path))]
        conversations += [(str(path), placed) for placed in chosen]
    cassettes = Cassettes()
    needed = [cassettes_of(placed.conversation, file_name) for file_name, placed in conversations]
    found = {tape: cassettes.problems(tape) for tapes in needed for tape in tapes}
    problems += [problem for mistakes in found.values() for problem in mistakes]
    playable = [one for one, tapes in zip(conversations, needed, strict=True) if not any(found[tape] for tape in tapes)]
    return Collected(conversations=tuple(playable), problems=tuple(problems))
