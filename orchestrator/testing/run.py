"""Plays a conversation of a file, from its settings to what is told of it."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.testing.api import Apis
from orchestrator.testing.outcome import Outcome, Played, outcome_of
from orchestrator.testing.places import Placed
from orchestrator.testing.play import broken, play_conversation
from orchestrator.testing.scripted import SteppedModel
from orchestrator.testing.stage import Unplayable, staged, stub_body
from orchestrator.testing.supported import where_written


def folder_of(file: str) -> Path:
    """Where the paths of a conversation file start."""
    return Path(file).resolve().parent


def unplayed(placed: Placed, reason: Unplayable, seconds: float) -> Played:
    """A conversation that cannot begin."""
    where = where_written(placed, f"/{reason.member}")
    return Played(placed=placed, failures=(broken(where, reason.member, str(reason)),), seconds=seconds)


async def _played(placed: Placed, folder: Path, *, update: bool) -> Played:
    started = time.monotonic()
    apis = Apis(placed.conversation.api, stub_body(folder))
    try:
        async with staged(placed.conversation, folder, apis) as stage:
            return await play_conversation(placed, stage, SteppedModel(), folder, update=update)
    except Unplayable as reason:
        return unplayed(placed, reason, time.monotonic() - started)


async def run_conversation(placed: Placed, file: str, *, update: bool = False) -> Outcome:
    """Plays a conversation of the file; its paths are relative to that. `update` writes its snapshots anew.

    What is wrong is in the outcome; it raises nothing.
    """
    return outcome_of(await _played(placed, folder_of(file), update=update), file)
