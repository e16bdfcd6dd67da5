"""`orchestrator test --live`: plays conversations with a live model, and counts how often they hold."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.cli.sources import read_bytes, write_text
from orchestrator.cli.streams import is_repainted, told_width
from orchestrator.cli.testing.collecting import refuse
from orchestrator.cli.testing.exit_codes import FAILED
from orchestrator.cli.testing.live_table import live_table
from orchestrator.cli.testing.marking import Marking
from orchestrator.cli.testing.options import DEFAULT_PARALLEL, DEFAULT_RUNS
from orchestrator.cli.testing.outputs import write_junit
from orchestrator.errors import ModelError, Problem, UsageError
from orchestrator.model.base import ChatModel
from orchestrator.model.endpoint import resolve_endpoint
from orchestrator.model.open import open_model
from orchestrator.paths import typed_path
from orchestrator.render.console import console_for
from orchestrator.render.workflow import json_without_commands
from orchestrator.testing.live.baseline import (
    MAX_BASELINE_BYTES,
    Baseline,
    compared,
    least_runs,
    read_baseline,
    written_baseline,
)
from orchestrator.testing.live.evaluation import Run, evaluated
from orchestrator.testing.live.live_report import Report, Verdict, as_json, as_lines, outcomes_of, summary
from orchestrator.testing.live.runs import MAX_PARALLEL, MAX_RUNS, LiveModels, LiveRun, play_live
from orchestrator.testing.live.spending import NOTHING, Spent, bill_of
from orchestrator.testing.playing.collect import Collected
from runtimes.values import pretty_json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is asked for."""

    runs: int
    parallel: int
    baseline: Path | None
    save_baseline: Path | None


def _bounded(value: int | None, default: int, most: int, option: str) -> int:
    """Raises: `UsageError`."""
    if value is not None and value > most:
        raise UsageError(f"{option} takes a number up to {most}")
    return default if value is None else value


def _plan(options: argparse.Namespace) -> _Plan:
    """Raises: `UsageError`, before anything is spent."""
    save, baseline = options.save_baseline, options.baseline
    return _Plan(
        runs=_bounded(options.runs, DEFAULT_RUNS, MAX_RUNS, "--runs"),
        parallel=_bounded(options.parallel, DEFAULT_PARALLEL, MAX_PARALLEL, "--parallel"),
        baseline=typed_path(baseline, "--baseline: ") if baseline is not None else None,
        save_baseline=typed_path(save, "--save-baseline: ") if save is not None else None,
    )


def _baseline(plan: _Plan) -> Baseline | tuple[Problem, ...] | None:
    """Raises: `UsageError` where it cannot be read."""
    if plan.baseline is None:
        return None
    data = read_bytes(str(plan.baseline), "--baseline", max_bytes=MAX_BASELINE_BYTES)
    return read_baseline(data, str(plan.baseline))


def _refuse_too_few(collected: Collected, baseline: Baseline | None, plan: _Plan) -> None:
    """Raises: `UsageError` where nothing could be called worse, whatever comes of the runs."""
    if baseline is None or plan.baseline is None:
        return
    names = [(file, placed.conversation.name) for file, placed in collected.conversations]
    least = least_runs(names, baseline, plan.baseline)
    if plan.runs < least:
        told = f"{plan.runs} runs of each are too few to show that one is worse than in the baseline"
        raise UsageError(f"{told}; take --runs {least} at least")


def _refuse_unreachable(name: str, option: str) -> None:
    """Raises: `UsageError` for a model without a key, or without a usable address."""
    kind, _, model = name.partition(":")
    if kind != "openai" or not model:
        return
    try:
        resolve_endpoint(model, None, None, os.environ)
    except ModelError as error:
        raise UsageError(f"{option}: {error}") from None


@asynccontextmanager
async def _models(options: argparse.Namespace, configuration: Configuration) -> AsyncGenerator[LiveModels]:
    """The models, each opened once. Raises: `UsageError`."""
    async with AsyncExitStack() as stack:

        async def opened(name: str, option: str) -> ChatModel:
            _refuse_unreachable(name, option)
            model = open_model(name, plain_results=configuration.plain_results)
            if isinstance(model, AbstractAsyncContextManager):
                await stack.enter_async_context(model)
            return model

        model = await opened(options.live, "--live")
        judge = model if options.judge in (None, options.live) else await opened(options.judge, "--judge")
        yield LiveModels(model=model, judge=judge)


@contextmanager
def _progress(total: int, *, is_shown: bool) -> Generator[Callable[[Run], None]]:
    """A bar on the error stream of a terminal; nothing on a pipe."""
    if not is_shown:
        yield lambda run: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    failed = broken = 0
    with Progress(*columns, console=console_for(sys.stderr, is_live=True), transient=True) as progress:
        task = progress.add_task("playing", total=total)

        def told(run: Run) -> None:
            nonlocal failed, broken
            broken += bool(run.broken)
            failed += not run.is_passed and not run.broken
            counts = [f"{count} {word}" for count, word in ((failed, "failed"), (broken, "broken")) if count]
            progress.update(task, advance=1, description=", ".join(counts) or "playing")

        yield told


def _tell(report: Report, *, json: bool, marking: Marking) -> None:
    if json:
        print(json_without_commands(pretty_json(as_json(report))), flush=True)
        return
    width = told_width(sys.stdout, os.environ)
    console = console_for(sys.stdout, is_live=sys.stdout.isatty(), width=width)
    with console.capture() as captured:
        console.print(live_table(report, width), soft_wrap=False)
    print(marking.plain(captured.get()), end="")
    details = list(as_lines(report))
    for line in (*(["", *details] if details else []), "", *summary(report)):
        print(marking.plain(line), flush=True)


def _sum(spent: Iterable[Spent]) -> Spent:
    return sum(spent, start=NOTHING)


class _Counting:
    """The runs of an evaluation while it goes on."""

    def __init__(self, collected: Collected, options: argparse.Namespace, configuration: Configuration) -> None:
        self._conversations = collected.conversations
        self._options = options
        self._prices = configuration.prices
        self._runs: list[list[Run]] = [[] for _ in collected.conversations]
        self._started = time.monotonic()

    def add(self, done: LiveRun) -> None:
        """Counts a run."""
        self._runs[done.conversation].append(done.run)

    def report(
        self, baseline: Baseline | None, plan: _Plan, *, is_interrupted: bool = False, stopped: str = ""
    ) -> Report:
        """What has come of it until now."""
        counted = [
            evaluated(placed, file, runs) for (file, placed), runs in zip(self._conversations, self._runs, strict=True)
        ]
        worse = (
            compared(counted, baseline, plan.baseline)
            if baseline is not None and plan.baseline is not None
            else (None,) * len(counted)
        )
        verdicts = tuple(Verdict(evaluated=one, worse=found) for one, found in zip(counted, worse, strict=True))
        spent, judged = (_sum(one.spent for one in counted), _sum(one.judge_spent for one in counted))
        judge = self._options.judge or self._options.live
        return Report(
            verdicts=verdicts,
            bill=bill_of(self._options.live, spent, self._prices),
            judge_bill=bill_of(judge, judged, self._prices) if judged != NOTHING else None,
            seconds=time.monotonic() - self._started,
            is_interrupted=is_interrupted,
            stopped=stopped,
        )


def _write(report: Report, options: argparse.Namespace, marking: Marking) -> None:
    """Marks what did not do well, and writes the report for build servers."""
    outcomes = outcomes_of(report.verdicts)
    for line in (line for outcome in outcomes for line in marking.failures(outcome)):
        print(line, flush=True)
    not_counted = "interrupted: not all runs were played" if report.is_interrupted else report.stopped
    write_junit(options, outcomes, not_counted=not_counted)


def _save_baseline(report: Report, plan: _Plan) -> None:
    """Writes the new baseline, where one is wanted and everything was played."""
    if plan.save_baseline is not None and not report.stopped:
        counted = [verdict.evaluated for verdict in report.verdicts]
        text = written_baseline(report.bill.model, counted, plan.save_baseline)
        write_text(str(plan.save_baseline), text, option="--save-baseline", force=True)


async def play_with_live_model(collected: Collected, options: argparse.Namespace) -> int:
    """Plays the conversations as often as is asked for, and tells how they did; the exit code.

    Where it is interrupted, it tells what has been counted.
    """
    plan, configuration = _plan(options), read_configuration()
    baseline = _baseline(plan)
    if isinstance(baseline, tuple):
        return refuse(baseline, options)
    _refuse_too_few(collected, baseline, plan)
    marking = Marking(is_wanted=options.github)
    counting = _Counting(collected, options, configuration)
    conversations = collected.conversations
    try:
        async with _models(options, configuration) as models:
            with _progress(plan.runs * len(conversations), is_shown=is_repainted(sys.stderr, os.environ)) as shown:

                def told(done: LiveRun) -> None:
                    counting.add(done)
                    shown(done.run)

                stopped = await play_live(conversations, models, runs=plan.runs, parallel=plan.parallel, told=told)
    except anyio.get_cancelled_exc_class():
        report = counting.report(baseline, plan, is_interrupted=True)
        _tell(report, json=options.json, marking=marking)
        _write(report, options, marking)
        raise
    report = counting.report(baseline, plan, stopped=stopped)
    _tell(report, json=options.json, marking=marking)
    _write(report, options, marking)
    _save_baseline(report, plan)
    return 0 if report.is_fine else FAILED
