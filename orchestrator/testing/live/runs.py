"""Plays conversations with a live model, again and again and several at once.

Each run has a stage of its own; the model, and the judge, are shared by all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import anyio

from orchestrator.model.base import ChatModel, PhraseRequest, Usage
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.live_model import LiveModel
from orchestrator.testing.format.places import Placed
from orchestrator.testing.judging.exchanges import ModelExchange
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.live.admission import AdmittedModel
from orchestrator.testing.live.evaluation import Run
from orchestrator.testing.live.opinions import judged
from orchestrator.testing.live.spending import spent_on
from orchestrator.testing.playing.casting import Replaying
from orchestrator.testing.playing.outcome import Played, PlayedTurn
from orchestrator.testing.playing.play import play_conversation
from orchestrator.testing.playing.stage import Unplayable, staged, stub_body
from orchestrator.testing.playing.stages import folder_of

MAX_RUNS = 1000
"""How often a conversation is played at most."""

MAX_PARALLEL = 64
"""How many runs go on at once at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModels:
    """What is evaluated, and what judges it; both are open."""

    model: ChatModel
    judge: ChatModel


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """A run that has ended, and of which conversation it is."""

    conversation: int
    """Its index."""
    run: Run


def _usages(exchanges: Sequence[ModelExchange]) -> Iterator[Usage | None]:
    """Of each reply that came, or began to; what sentences for a person cost is not known here."""
    for exchange in exchanges:
        if not isinstance(exchange.request, PhraseRequest) and (exchange.is_complete or exchange.text):
            yield exchange.usage


def _why_broken(turn: PlayedTurn, exchanges: Sequence[ModelExchange]) -> str:
    """Why the model's server kept a turn from its end; empty where it did not."""
    if turn.error is not None:
        return turn.error or "the model gave no reply"
    is_unanswered = any(not exchange.is_complete for exchange in exchanges)
    return turn.failures[0].message if is_unanswered and not turn.is_whole else ""


async def _with_opinions(played: Played, exchanges: Sequence[ModelExchange], judge: ChatModel) -> Run:
    """The run that a play was: each turn with what the judge finds in it."""
    turns: list[tuple[Failure, ...]] = []
    usages: list[Usage | None] = []
    broken, is_whole = "", True
    for turn in played.turns:
        broken = _why_broken(turn, exchanges)
        if broken:
            break
        found = await judged(turn, judge) if turn.is_whole else None
        usages += found.usages if found is not None else ()
        broken = found.broken if found is not None else ""
        if broken:
            break
        turns.append((*turn.failures, *(found.failures if found is not None else ())))
        is_whole = turn.is_whole
    return Run(turns=tuple(turns), is_whole=is_whole, broken=broken, judge_spent=spent_on(usages))


async def play_run(placed: Placed, file: str, models: LiveModels, replaying: Replaying) -> Run:
    """Plays a conversation of the file once, and has it judged; it raises nothing.

    Of what is recorded only the answers of an API are replayed.
    """
    started = time.monotonic()
    model, folder = LiveModel(models.model), folder_of(file)
    try:
        recorded = replaying.api_for(placed, file)
        apis = Apis(placed.conversation.api, stub_body(folder), recorded=recorded)
        async with staged(placed.conversation, folder, apis) as stage:
            played = await play_conversation(placed, stage, model, folder, stop_at_failure=False)
    except Unplayable as reason:
        return Run(broken=f"{reason.member}: {reason}", seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    run = await _with_opinions(played, model.exchanges, models.judge)
    return replace(run, spent=spent_on(_usages(model.exchanges)), seconds=seconds)


async def play_live(
    conversations: Sequence[tuple[str, Placed]],
    models: LiveModels,
    *,
    runs: int,
    parallel: int,
    told: Callable[[LiveRun], None],
) -> str:
    """Plays each conversation so often, so many runs at once; `told` hears of each as it ends.

    Where a server does not take the key, it stops, and says why; runs that were going on do not count.

    All conversations are played once before any is played again, so that a play that is cancelled has seen them alike.
    """
    replaying = Replaying()
    waiting = (index for _ in range(runs) for index in range(len(conversations)))

    refusals: list[str] = []
    async with anyio.create_task_group() as workers:

        def refused(why: str) -> None:
            refusals.append(why)
            workers.cancel_scope.cancel()

        admitted = LiveModels(model=AdmittedModel(models.model, refused), judge=AdmittedModel(models.judge, refused))

        async def work() -> None:
            for index in waiting:
                file, placed = conversations[index]
                run = await play_run(placed, file, admitted, replaying)
                if refusals:
                    return
                told(LiveRun(conversation=index, run=run))

        for _ in range(min(parallel, runs * len(conversations))):
            workers.start_soon(work)
    return refusals[0] if refusals else ""
