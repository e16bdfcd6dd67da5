"""`orchestrator test --record`: plays conversations with a live model and real APIs, and writes what these say."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio

from orchestrator.cli.configuration import read_configuration
from orchestrator.cli.testing.exit_codes import FAILED
from orchestrator.cli.testing.marking import Marking
from orchestrator.cli.testing.offline import manner_of
from orchestrator.cli.testing.telling import Telling
from orchestrator.errors import UsageError
from orchestrator.model.base import ChatModel
from orchestrator.model.open import open_model
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.collect import Collected
from orchestrator.testing.playing.outcome import outcome_of
from orchestrator.testing.playing.recorder import Recorder, Unkeepable, is_recordable, recordable_names
from orchestrator.testing.playing.stages import Stages
from orchestrator.testing.recordings.cassette_file import has_steps

_NO_MODEL = "--record asks a live model: name it with --model, such as openai:gpt-5-mini, or in ORCHESTRATOR_MODEL"


def _model_name(collected: Collected, options: argparse.Namespace) -> str:
    """The model to ask; empty where the files say all replies. Raises: `UsageError` where none is named."""
    if all(has_steps(placed.conversation) for _, placed in collected.conversations):
        return ""
    name: str = options.model if options.model is not None else os.environ.get("ORCHESTRATOR_MODEL", "").strip()
    if not name:
        raise UsageError(_NO_MODEL)
    return name


@asynccontextmanager
async def _opened(name: str) -> AsyncGenerator[ChatModel | None]:
    """The model of that name, open; None for no name. Raises: `UsageError`."""
    model = open_model(name, plain_results=read_configuration().plain_results) if name else None
    if isinstance(model, AbstractAsyncContextManager):
        async with model:
            yield model
    else:
        yield model


class _Keeping:
    """Writes what was recorded, and says what was not."""

    def __init__(self, recorder: Recorder, marking: Marking) -> None:
        self._recorder = recorder
        self._marking = marking
        self._written: dict[str, int] = {}
        self._lost: list[str] = []

    async def take(self, placed: Placed, file: str, *, is_passed: bool) -> None:
        """Hears of a conversation that was played. Raises: `UsageError`."""
        if not is_recordable(placed.conversation):
            return
        name = f"{file}: {placed.conversation.name!r}"
        if not is_passed:
            self._lost.append(clean_line(f"{name} failed and was not recorded; an earlier recording stays"))
            return
        try:
            for path in await self._recorder.keep(placed, file):
                self._written[str(path)] = self._written.get(str(path), 0) + 1
        except Unkeepable as error:
            reason, *details = clean(str(error)).splitlines()
            self._lost += [clean_line(f"{name} was not recorded: {reason}"), *details]

    def finish(self) -> bool:
        """Tells what was written; True where all that was to be recorded was."""
        for path, count in self._written.items():
            number = "1 conversation" if count == 1 else f"{count} conversations"
            print(self._marking.plain(clean_line(f"recorded {number} in {path}")), file=sys.stderr)
        for line in self._lost:
            print(self._marking.plain(line), file=sys.stderr)
        if not self._written and not self._lost:
            print("nothing was recorded: the files say all replies, and no API is 'recorded'", file=sys.stderr)
        return not self._lost


async def record(collected: Collected, options: argparse.Namespace) -> int:
    """Plays the conversations, records those that pass, and tells how they went; the exit code."""
    name = _model_name(collected, options)
    for file in dict.fromkeys(file for file, _ in collected.conversations):
        recordable_names(file)
    manner = manner_of(options)
    telling = Telling(options, len(collected.conversations))
    async with _opened(name) as model:
        recorder = Recorder(model)
        keeping = _Keeping(recorder, Marking(is_wanted=options.github))
        try:
            async with telling.counted(), Stages(update=manner.update, casting=recorder) as stages:
                for file, placed in collected.conversations:
                    outcome = outcome_of(await stages.play(placed, file), file, manner.wanted)
                    await keeping.take(placed, file, is_passed=outcome.is_passed)
                    if not telling.take(outcome):
                        break
        except anyio.get_cancelled_exc_class():
            keeping.finish()
            raise
    code = telling.finish()
    return code if keeping.finish() else FAILED
