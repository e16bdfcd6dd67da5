"""Plays one conversation of a file, from its settings to what is told of it."""

from __future__ import annotations

from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.outcome import Outcome, outcome_of
from orchestrator.testing.playing.stages import Stages


async def run_conversation(placed: Placed, file: str, *, update: bool = False) -> Outcome:
    """Plays a conversation of the file; its paths are relative to that. `update` writes its snapshots anew.

    What is wrong is in the outcome; it raises nothing.
    """
    async with Stages(update=update) as stages:
        return outcome_of(await stages.play(placed, file), file)
