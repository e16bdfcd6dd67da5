"""`orchestrator test --live`: plays conversations with a live model, and counts how often they hold."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.cli.sources import read_bytes, write_text
from orchestrator.cli.streams import is_repainted
from orchestrator.cli.testing.options import DEFAULT_PARALLEL, DEFAULT_RUNS
from orchestrator.errors import Problem, UsageError
from orchestrator.model.base import ChatModel, Usage
from orchestrator.model.open import open_model
from orchestrator.paths import typed_path
from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean_line
from orchestrator.testing.live.baseline import MAX_BASELINE_BYTES, Baseline, compared, read_baseline, written_baseline
from orchestrator.testing.live.evaluation import Evaluated, Run, evaluated
from orchestrator.testing.live.live_report import Report, Verdict, as_json, as_lines, outcomes_of, summary
from orchestrator.testing.live.runs import MAX_PARALLEL, MAX_RUNS, LiveModels, LiveRun, play_live
from orchestrator.testing.live.spending import NOTHING, Bill, Spent, bill_of
from orchestrator.testing.playing.annotations import as_annotations
from orchestrator.testing.playing.collect import Collected
from orchestrator.testing.playing.reports import as_json as outcomes_json
from orchestrator.testing.playing.reports import as_junit, problem_line
from runtimes.values import pretty_json

FAILED = 1
"""Exit code: a conversation did not do well enough."""

WRONG_USE = 2
"""Exit code: the baseline has mistakes."""

PIPE_COLUMNS = 200
"""How wide a table may be where no terminal says it."""

NAME_INDENT = 2
"""Columns between the name of a file and those of its conversations."""


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
    save = typed_path(options.save_baseline, "--save-baseline: ") if options.save_baseline else None
    if save is not None and (save.is_dir() or not save.parent.is_dir()):
        raise UsageError(f"--save-baseline: cannot write {str(save)!r}: name a file in a folder that is there")
    return _Plan(
        runs=_bounded(options.runs, DEFAULT_RUNS, MAX_RUNS, "--runs"),
        parallel=_bounded(options.parallel, DEFAULT_PARALLEL, MAX_PARALLEL, "--parallel"),
        baseline=typed_path(options.baseline, "--baseline: ") if options.baseline else None,
        save_baseline=save,
    )


def _baseline(plan: _Plan) -> Baseline | tuple[Problem, ...] | None:
    """Raises: `UsageError` where it cannot be read."""
    if plan.baseline is None:
        return None
    data = read_bytes(str(plan.baseline), "--baseline", max_bytes=MAX_BASELINE_BYTES)
    return read_baseline(data, str(plan.baseline))


def _refuse(problems: Sequence[Problem], *, json: bool) -> int:
    if json:
        print(pretty_json(outcomes_json([], problems, 0)))
    for problem in () if json else problems:
        print(problem_line(problem), file=sys.stderr)
    return WRONG_USE


@asynccontextmanager
async def _models(options: argparse.Namespace, configuration: Configuration) -> AsyncGenerator[LiveModels]:
    """The models, each opened once. Raises: `UsageError`."""
    async with AsyncExitStack() as stack:

        async def opened(name: str) -> ChatModel:
            model = open_model(name, plain_results=configuration.plain_results)
            if isinstance(model, AbstractAsyncContextManager):
                await stack.enter_async_context(model)
            return model

        model = await opened(options.live)
        judge = model if options.judge in (None, options.live) else await opened(options.judge)
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


def _per_run(one: Evaluated) -> str:
    return f"{one.seconds / one.runs:.1f}" if one.runs else ""


def _passed(one: Evaluated) -> str:
    return one.passed.text + (f"\n{one.broken_runs} broken" if one.broken else "")


def _spent_names(bill: Bill) -> tuple[str, ...]:
    """The columns of what was spent; none where nothing was counted."""
    if bill.spent.usage == Usage():
        return ()
    return ("tokens in", "out", *([] if bill.price is None else [clean_line(bill.price.currency)]))


def _spent_cells(bill: Bill) -> tuple[str, ...]:
    usage, cost = bill.spent.usage, bill.cost
    return (f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", *([] if cost is None else [f"{cost:,.4f}"]))


def _print_table(report: Report, console: Console) -> None:
    """A line for each conversation, under the name of its file."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("conversation", overflow="fold")
    table.add_column("passed (95 %)", no_wrap=True)
    for name in (*_spent_names(report.bill), "s a run"):
        table.add_column(name, justify="right", no_wrap=True)
    file = ""
    for verdict in report.verdicts:
        one = verdict.evaluated
        if one.file != file:
            file = one.file
            table.add_row(clean_line(file), style="dim")
        style = None if verdict.is_fine else "red"
        spent = _spent_cells(replace(report.bill, spent=one.spent))
        cells = (*spent[: len(_spent_names(report.bill))], _per_run(one))
        indented = Padding(clean_line(one.name), (0, 0, 0, NAME_INDENT))
        table.add_row(indented, _passed(one), *cells, style=style)
    console.print(table, soft_wrap=False)


def _tell(report: Report, *, json: bool) -> None:
    if json:
        print(pretty_json(as_json(report)), flush=True)
        return
    is_live = sys.stdout.isatty()
    console = console_for(sys.stdout, is_live=is_live, width=None if is_live else PIPE_COLUMNS)
    _print_table(report, console)
    details = list(as_lines(report))
    for line in (*(["", *details] if details else []), "", *summary(report)):
        print(line, flush=True)


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

    def report(self, baseline: Baseline | None, plan: _Plan, *, is_interrupted: bool = False) -> Report:
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
        )


def _written(report: Report, plan: _Plan, options: argparse.Namespace) -> int:
    """Writes the files that are asked for; the exit code."""
    counted = [verdict.evaluated for verdict in report.verdicts]
    outcomes = outcomes_of(report.verdicts)
    for line in (line for outcome in outcomes for line in as_annotations(outcome)) if options.github else ():
        print(line, flush=True)
    if plan.save_baseline is not None:
        text = written_baseline(report.bill.model, counted, plan.save_baseline)
        write_text(str(plan.save_baseline), text, option="--save-baseline", force=True)
    if options.junit:
        write_text(options.junit, as_junit(outcomes), option="--junit", force=True)
    return 0 if report.is_fine else FAILED


async def play_with_live_model(collected: Collected, options: argparse.Namespace) -> int:
    """Plays the conversations as often as is asked for, and tells how they did; the exit code.

    Where it is interrupted, it tells what has been counted.
    """
    plan, configuration = _plan(options), read_configuration()
    baseline = _baseline(plan)
    if isinstance(baseline, tuple):
        return _refuse(baseline, json=options.json)
    counting = _Counting(collected, options, configuration)
    conversations = collected.conversations
    try:
        async with _models(options, configuration) as models:
            with _progress(plan.runs * len(conversations), is_shown=is_repainted(sys.stderr, os.environ)) as shown:

                def told(done: LiveRun) -> None:
                    counting.add(done)
                    shown(done.run)

                await play_live(conversations, models, runs=plan.runs, parallel=plan.parallel, told=told)
    except anyio.get_cancelled_exc_class():
        _tell(counting.report(baseline, plan, is_interrupted=True), json=options.json)
        raise
    report = counting.report(baseline, plan)
    _tell(report, json=options.json)
    return _written(report, plan, options)
