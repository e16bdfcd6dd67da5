"""`orchestrator test --watch`: plays again whenever a file changes, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread

from orchestrator.cli.testing.batches import Chosen, chosen_in
from orchestrator.cli.testing.collecting import collected_for, tell_problems
from orchestrator.cli.testing.exit_codes import INTERRUPTED, WRONG_USE
from orchestrator.cli.testing.offline import manner_of, play_all
from orchestrator.cli.testing.telling import Telling
from orchestrator.errors import Problem, UsageError
from orchestrator.paths import typed_path
from orchestrator.render.sanitize import clean_line
from orchestrator.testing.playing.collect import Collected
from orchestrator.testing.playing.watched import Stamp, changed, folders_of, is_affected, stamps_in

INTERVAL = 0.5
"""Seconds between two looks at the files."""

MAX_LOOKS = 20
"""Looks after which a round begins although files still change: editors write several at once."""

MAX_NAMED = 3
"""Changed files that are named."""

Key = tuple[str, str]
"""A conversation, by its file and its name."""


def _key(one: Chosen) -> Key:
    return one.file, one.placed.conversation.name


def _named(paths: Collection[Path]) -> str:
    """The names of changed files, some of them."""
    names = sorted(path.name for path in paths)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return clean_line(", ".join(names[:MAX_NAMED]) + more)


class _Watch:
    """A run that does not end by itself."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._given = frozenset(path for text in options.paths if (path := typed_path(text).resolve()).is_dir())
        self._folders: frozenset[Path] = self._given
        self._due: frozenset[Key] = frozenset()
        """What failed, or was not played, the last time."""
        self._written: frozenset[Path] = frozenset()
        """What changed while conversations were played."""
        self.code = INTERRUPTED

    async def rounds(self) -> None:
        """Raises: `UsageError` where there is nothing to play from the start."""
        collected = collected_for(self._options)
        paths: Collection[Path] | None = None
        while True:
            before = await self._look()
            await self._round(collected, paths)
            paths = await self._next_change(before)
            print(f"\n--- changed: {_named(paths)} ({time.strftime('%H:%M:%S')})", flush=True)
            collected = self._collect_again()

    def _collect_again(self) -> Collected:
        """What there is to play; nothing where that cannot be read, which is told."""
        try:
            return collected_for(self._options)
        except UsageError as error:
            self.code = WRONG_USE
            print(clean_line(f"orchestrator: {error}"), file=sys.stderr)
            return Collected()

    async def _round(self, collected: Collected, paths: Collection[Path] | None) -> None:
        """Plays what failed before, then what the changes may matter to; everything without changes."""
        found = chosen_in(collected)
        for one in found:
            self._folders |= folders_of(one.placed, one.file)
        tell_problems(collected.problems, self._options)
        first = [one for one in found if _key(one) in self._due]
        others = [one for one in found if _key(one) not in self._due]
        chosen = first + [one for one in others if paths is None or is_affected(one.placed, one.file, paths)]
        if chosen:
            await self._play(chosen, collected.problems)
        elif collected.problems:
            self.code = WRONG_USE
        elif found:
            print("no conversation depends on that", flush=True)

    async def _play(self, chosen: Sequence[Chosen], problems: Sequence[Problem]) -> None:
        telling = Telling(self._options, len(chosen), problems)
        self._due = frozenset(map(_key, chosen))
        async with telling.progress():
            await play_all(chosen, manner_of(self._options), self._options.jobs, telling.take)
        passed = {(outcome.file, outcome.name) for outcome in telling.outcomes if outcome.is_passed}
        self._due -= passed
        self.code = telling.finish()

    async def _next_change(self, before: Mapping[Path, Stamp]) -> Collection[Path]:
        """Waits until files change, and then until they stay as they are.

        A file that has changed since `before`, while a round was played, counts once: the next time it is taken for
        one that the conversations write.
        """
        seen = await self._look()
        meanwhile = {path for path in changed(before, seen) if path in before} - self._written
        self._written |= meanwhile
        if meanwhile:
            return meanwhile
        print(f"watching {len(seen)} files; Ctrl-C ends", flush=True)
        while True:
            await anyio.sleep(INTERVAL)
            if changed(seen, await self._look()):
                return changed(seen, await self._settled())

    async def _settled(self) -> Mapping[Path, Stamp]:
        """The files, when they change no more."""
        latest = await self._look()
        for _ in range(MAX_LOOKS):
            await anyio.sleep(INTERVAL)
            before, latest = latest, await self._look()
            if before == latest:
                break
        return latest

    async def _look(self) -> Mapping[Path, Stamp]:
        return await anyio.to_thread.run_sync(stamps_in, self._folders)


async def watch(options: argparse.Namespace) -> int:
    """Plays round after round; the exit code of the last one, when Ctrl-C ends it."""
    rounds = _Watch(options)
    with anyio.CancelScope() as scope:
        with suppress(NotImplementedError):  # a platform without it
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, scope.cancel)
        await rounds.rounds()
    print()
    return rounds.code
