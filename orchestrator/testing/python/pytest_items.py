"""Conversation files as pytest has tests: a file is a collector, and each of its conversations an item."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line
from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Outcome, outcome_of
from orchestrator.testing.playing.reports import failure_text, problem_line
from orchestrator.testing.python.player import Player, playing

_IN_IDS = str.maketrans("[]", "()")
"""Brackets begin the parameters of a node id: one that is remembered, for `--lf`, would be another when it is read."""

_COLONS = re.compile(":{2,}")
"""What separates the parts of a node id."""

_TAKEN = frozenset(
    {
        *("filterwarnings", "parametrize", "skip", "skipif", "tryfirst", "trylast", "usefixtures", "xfail"),
        *("anyio", "asyncio", "flaky", "hypothesis", "timeout", "trio", "xdist_group"),
    }
)
"""Markers of pytest, and of plugins that many have: they do something, or want arguments."""


def _shown(path: Path, config: pytest.Config) -> str:
    """The path as a terminal can open it."""
    here = config.invocation_params.dir
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _item_name(name: str) -> str:
    """The name as a part of a node id."""
    return _COLONS.sub(":", clean_line(name)).translate(_IN_IDS)


def _register(tag: str, config: pytest.Config) -> bool:
    """Makes a marker of a tag, where it can be one."""
    if tag in _TAKEN or tag.startswith("_") or not tag.replace("-", "_").isidentifier():
        return False
    line = f"{tag}: a tag of conversations"
    if line not in config.getini("markers"):
        config.addinivalue_line("markers", line)
    return True


class ConversationFile(pytest.File):
    """A conversation file. Its conversations are played on one stage, where their settings are the same."""

    update = False
    """True where the snapshots of cards are to be written anew."""

    _player: tuple[Player, ExitStack] | None = None
    """Who plays them, and what closes the stage."""

    def collect(self) -> Iterator[ConversationItem]:
        """Its conversations. Raises: `CollectError` with all that is wrong in it."""
        shown = _shown(self.path, self.config)
        try:
            collected = collect([self.path], Choice())
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        if collected.problems:
            lines = (problem_line(problem).replace(str(self.path), shown, 1) for problem in collected.problems)
            raise self.CollectError("\n".join(lines))
        names: Counter[str] = Counter()
        for _, placed in collected.conversations:
            name = _item_name(placed.conversation.name)
            names[name] += 1
            own = name if names[name] == 1 else f"{name} ({names[name]})"
            yield ConversationItem.from_parent(self, name=own, placed=placed)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped

    def play(self, placed: Placed) -> Outcome:
        """Plays one of them; what is wrong is in the outcome."""
        if self._player is None:
            stack = ExitStack()
            self._player = stack.enter_context(playing(update=self.update)), stack
        player, _ = self._player
        try:
            played = player.play(placed, str(self.path))
        except BaseException:  # such as a time limit: the stage is not as the next one needs it
            self.teardown()
            raise
        return outcome_of(played, _shown(self.path, self.config))

    def teardown(self) -> None:
        """Closes the stage."""
        if self._player is not None:
            _, stack = self._player
            self._player = None
            stack.close()


class ConversationItem(pytest.Item):
    """A conversation."""

    def __init__(self, *, name: str, parent: ConversationFile, placed: Placed) -> None:
        super().__init__(name, parent)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped
        self._file = parent
        self._placed = placed
        for tag in placed.conversation.tags:
            if _register(tag, self.config):
                self.add_marker(tag)
            else:
                self.extra_keyword_matches.add(tag)

    def runtest(self) -> None:
        """Plays it."""
        outcome = self._file.play(self._placed)
        if outcome.failures:
            texts = (failure_text(outcome.file, failure) for failure in outcome.failures)
            transcript = ("", *outcome.transcript) if outcome.transcript else ()
            pytest.fail("\n".join((*texts, *transcript)), pytrace=False)

    def reportinfo(self) -> tuple[PathLike[str], int, str]:
        """Where it stands."""
        return self.path, max(self._placed.where.place("").line - 1, 0), self.name
