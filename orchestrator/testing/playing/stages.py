"""Plays one conversation after the other; those with the same settings are played on one stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio

from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.recorded_api import RecordedApi
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.places import Placed, where_written
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.casting import Casting, Replaying
from orchestrator.testing.playing.outcome import Played
from orchestrator.testing.playing.play import broken, play_conversation
from orchestrator.testing.playing.programs import ProgramFailed
from orchestrator.testing.playing.stage import Stage, Unplayable, check_stubs, staged, stub_body

MAX_ON_ONE_STAGE = 100
"""Conversations that one stage sees: its host remembers all of them, with the files that were exchanged."""


ENDING_SECONDS = 0.1
"""Seconds until a service that has failed a call is known to have ended, and its last output read."""


def folder_of(file: str) -> Path:
    """Where the paths of a conversation file start."""
    return Path(file).resolve().parent


def unplayed(placed: Placed, reason: Unplayable, seconds: float) -> Played:
    """A conversation that cannot begin."""
    where = where_written(placed, f"/{reason.member}")
    return Played(placed=placed, failures=(broken(where, reason.member, str(reason), reason.details),), seconds=seconds)


def _of_programs(placed: Placed, ended: Iterable[ProgramFailed]) -> Iterator[Failure]:
    """What is told of programs that have ended, beside what failed."""
    for one in ended:
        member = one.pointer.removeprefix("/")
        details = tuple(("output", line) for line in one.output)
        yield broken(where_written(placed, one.pointer), member, str(one), details)


def _opening(settings: Settings, folder: Path) -> tuple[object, ...]:
    """All that a stage is made of; who talks, and the stubs, come with each conversation."""
    api = settings.api.model_copy(update={"stubs": ()})
    return (
        folder,
        settings.plugins,
        settings.environment,
        settings.locale,
        settings.credentials,
        settings.clock,
        settings.policy,
        settings.discovered,
        settings.remembered,
        api,
    )


def _is_shared(settings: Settings) -> bool:
    """False where something outside the host has a state: a program, or a recording that is played to its end."""
    return not (settings.services or settings.local or settings.api.recorded)


class Stages:
    """Plays conversations, one at a time and in one task; an async context manager.

    A stage stays open for the next conversation, where that has the same settings and starts no programs: plugins are
    loaded, and descriptions read, once for all of them. After a conversation that failed it is opened anew, since
    what went wrong may go on.
    """

    def __init__(self, *, update: bool = False, casting: Casting | None = None) -> None:
        """`update` writes the snapshots of conversations anew; `casting` chooses who replies, the files unless said."""
        self._update = update
        self._casting = casting or Replaying()
        self._stack = AsyncExitStack()
        self._stage: Stage | None = None
        self._opening: tuple[object, ...] = ()
        self._seen = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def play(self, placed: Placed, file: str) -> Played:
        """Plays a conversation of the file, whose paths are relative to that; what is wrong is in what is returned."""
        started = time.monotonic()
        folder, conversation = folder_of(file), placed.conversation
        opening = _opening(conversation, folder)
        try:
            cast = self._casting.cast(placed, file)
            stage = await self._stage_for(conversation, opening, folder, cast.recorded)
            check_stubs(conversation.api.stubs, stage.apis)
        except Unplayable as reason:
            return unplayed(placed, reason, time.monotonic() - started)
        played = await play_conversation(placed, stage, cast.model, folder, update=self._update)
        if played.failures and conversation.services:
            await anyio.sleep(ENDING_SECONDS)
            played = replace(played, failures=(*played.failures, *_of_programs(placed, stage.ended())))
        if played.failures or not _is_shared(conversation):
            await self._close()
        self._opening = opening
        return played

    async def _stage_for(
        self, conversation: Conversation, opening: tuple[object, ...], folder: Path, recorded: RecordedApi | None
    ) -> Stage:
        """Raises: `Unplayable`."""
        if self._stage is None or opening != self._opening or self._seen >= MAX_ON_ONE_STAGE:
            await self._close()
            apis = Apis(conversation.api, stub_body(folder), recorded=recorded)
            self._stage = await self._stack.enter_async_context(staged(conversation, folder, apis))
            self._seen = 0
        self._opening = ()  # until it is known how the conversation has gone: one that is broken off has no successor
        self._seen += 1
        return self._stage

    async def _close(self) -> None:
        self._stage = None
        await self._stack.aclose()
