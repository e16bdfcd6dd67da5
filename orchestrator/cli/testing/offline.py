"""`orchestrator test` as it is without a network: the files say what the model replies."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

from orchestrator.cli.testing.batches import Chosen, Manner, chosen_in
from orchestrator.cli.testing.collecting import choice_of, tell_problems
from orchestrator.cli.testing.processes import MAX_AUTOMATIC, Tell, available_processors, play_in_processes
from orchestrator.cli.testing.telling import Telling
from orchestrator.testing.playing.collect import Collected
from orchestrator.testing.playing.outcome import Wanted, outcome_of
from orchestrator.testing.playing.stages import Stages

START_SECONDS = 1.0
"""Seconds that it takes until processes play, as one has to expect."""

OVERHEAD = 1.25
"""How much more work it is to play in several processes: plugins are read in each, and outcomes go back and forth."""

MIN_SAVED = 1.0
"""Seconds that processes must save, beyond those in which they start, to be worth it."""

MIN_PLAYED = 3
"""Conversations after which it is known how long they take."""


def manner_of(options: argparse.Namespace) -> Manner:
    """How the options say to choose, to play and to tell."""
    return Manner(
        choice=choice_of(options),
        update=options.update,
        wanted=Wanted(explain=options.explain, coverage=options.coverage),
    )


def is_worth_it(taken: Sequence[float], left: int, jobs: int) -> bool:
    """True where processes would save time on those that are left, if these take as long as those that were played.

    Of those the longest does not count: plugins were loaded for it, and each process would have to load them, too.
    """
    if len(taken) < MIN_PLAYED:
        return False
    pace = (sum(taken) - max(taken)) / (len(taken) - 1)
    return pace * left * (1 - OVERHEAD / jobs) > START_SECONDS + MIN_SAVED


def automatic_jobs(available: int, load: float, processors: int) -> int:
    """In how many processes conversations are played at most: one for each available processor that nobody else uses.

    `load` is how many programs want to run on all of the machine, which has so many `processors`.
    """
    free = 1 - min(1.0, load / max(1, processors))
    return max(1, min(MAX_AUTOMATIC, round(available * free)))


def _load() -> float:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # a platform that does not know
        return 0.0


async def _play_here(chosen: Sequence[Chosen], manner: Manner, jobs: int, tell: Tell) -> int | None:
    """Plays until processes are worth it; how many it has played, None where that is all that is wanted."""
    taken: list[float] = []
    async with Stages(update=manner.update) as stages:
        for number, one in enumerate(chosen):
            if jobs > 1 and is_worth_it(taken, len(chosen) - number, jobs):
                return number
            started = time.monotonic()
            if not tell(outcome_of(await stages.play(one.placed, one.file), one.file, manner.wanted)):
                break
            taken.append(time.monotonic() - started)
    return None


async def play_all(
    chosen: Sequence[Chosen], manner: Manner, jobs: int | None, tell: Tell, *, automatic: int | None = None
) -> None:
    """Plays conversations, and tells of them in their order, until no more are wanted.

    Without a number of processes, they are played in this one until others are worth it, `automatic` of them at most.

    Raises: `OrchestratorError` where processes cannot be started.
    """
    skipped: int | None = 0
    if jobs is None or jobs == 1:
        jobs = jobs or automatic or automatic_jobs(available_processors(), _load(), os.cpu_count() or 1)
        skipped = await _play_here(chosen, manner, jobs, tell)
    if skipped is not None:
        await play_in_processes(chosen, manner, jobs, tell, skipped=skipped)


async def play_offline(collected: Collected, options: argparse.Namespace) -> int:
    """Plays the conversations and tells how they went; the exit code."""
    chosen = chosen_in(collected)
    telling = Telling(options, len(chosen), collected.problems)
    tell_problems(collected.problems, options)
    async with telling.counted():
        await play_all(chosen, manner_of(options), options.jobs, telling.take)
    return telling.finish()
