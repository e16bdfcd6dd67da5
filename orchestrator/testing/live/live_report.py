"""What came of an evaluation with a live model, for people, for programs and for build servers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.render.sanitize import clean_line
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.live.baseline import Worse
from orchestrator.testing.live.evaluation import Counted, Evaluated
from orchestrator.testing.live.rates import Rate
from orchestrator.testing.live.spending import Bill, Spent
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import failure_json, failure_text
from runtimes.values import Json, JsonObject

MAX_BROKEN_REASONS = 3
"""How many reasons of broken runs of a conversation are told; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A conversation, and whether it did well enough."""

    evaluated: Evaluated
    worse: tuple[Worse, ...] | None = None
    """What has become worse than in the baseline; None where nothing is known of earlier."""

    @property
    def is_fine(self) -> bool:
        """True where no run is broken, and nothing is worse; without anything to compare, where all runs passed."""
        if self.worse is None:
            return self.evaluated.is_passed
        return not self.worse and not self.evaluated.broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that came of it."""

    verdicts: tuple[Verdict, ...]
    bill: Bill
    judge_bill: Bill | None = None
    """None where no question was put to a judge."""
    seconds: float = 0.0
    """From the beginning to the end, however many runs there were at once."""
    is_interrupted: bool = False
    stopped: str = ""
    """Why no more runs were begun: a model that lets nobody in; empty where all were."""

    @property
    def is_fine(self) -> bool:
        """True where everything was played, and all conversations did well enough."""
        return not self.stopped and all(verdict.is_fine for verdict in self.verdicts)


def _was(worse: Worse | None) -> str:
    return "" if worse is None else f"; worse than before: {worse.before.text}, p = {worse.chance:.2g}"


def _broken_lines(evaluated: Evaluated) -> Iterator[str]:
    for reason, count in evaluated.broken[:MAX_BROKEN_REASONS]:
        yield f"  {clean_line(f'broken, {count} of {evaluated.runs} runs: {reason}')}"
    more = len(evaluated.broken) - MAX_BROKEN_REASONS
    if more > 0:
        yield f"  broken, for {more} other reason{'s' * (more > 1)}"


def _counted_lines(file: str, counted: Counted, worse: Worse | None) -> Iterator[str]:
    failed = counted.rate.of - counted.rate.held
    most = f"; {counted.example_runs} of {failed} times:" if 0 < counted.example_runs < failed else ""
    place = f"turn {counted.expected.turn + 1}, {counted.expected.kind}"
    yield f"  {clean_line(place)}: held in {counted.rate.text}{_was(worse)}{most}"
    if counted.example is not None:
        text = failure_text(file, counted.example)
        yield "\n".join(f"    {line}" for line in text.split("\n"))


def _worse_by(verdict: Verdict) -> dict[Counted | None, Worse]:
    return {one.expected: one for one in verdict.worse or ()}


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    """What failed in a conversation, and what is worse; nothing where all is well."""
    evaluated, worse = verdict.evaluated, _worse_by(verdict)
    yield from _broken_lines(evaluated)
    if None in worse:
        yield f"  passed in {evaluated.passed.text}{_was(worse[None])}"
    for counted in evaluated.expectations:
        if counted.example is not None:
            yield from _counted_lines(evaluated.file, counted, worse.get(counted))


def as_lines(report: Report) -> Iterator[str]:
    """What ever failed, under the conversation that it is of."""
    for verdict in report.verdicts:
        lines = tuple(_verdict_lines(verdict))
        if lines:
            yield clean_line(f"{verdict.evaluated.file}: {verdict.evaluated.name}")
            yield from lines


def _bill_line(bill: Bill, role: str) -> str:
    usage, uncounted = bill.spent.usage, bill.spent.uncounted
    if not usage.input_tokens and not usage.output_tokens:
        why = "its server does not say how many tokens it has used" if uncounted else "no tokens were used"
        return clean_line(f"{role} {bill.model}: {why}")
    told = f"{role} {bill.model}: {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    if bill.price is not None and bill.cost is not None:
        told += f", {bill.cost:,.4f} {bill.price.currency}"
    else:
        told += f'; for the cost, give [prices."{bill.model}"] in orchestrator.toml'
    return clean_line(told + (f"; {uncounted} replies came without their tokens" if uncounted else ""))


def summary(report: Report) -> Iterator[str]:
    """All of it in some lines."""
    everything = [verdict.evaluated for verdict in report.verdicts]
    fine = sum(verdict.is_fine for verdict in report.verdicts)
    passed, counted = sum(one.passed.held for one in everything), sum(one.passed.of for one in everything)
    broken = sum(one.broken_runs for one in everything)
    is_compared = any(one.worse is not None for one in report.verdicts)
    runs = max((one.passed.of for one in everything), default=0)
    worse = f"are not worse than in the baseline, as far as {runs} runs can tell"
    told = worse if is_compared else "passed in every run"
    more = f"; {broken} broken run{' is' if broken == 1 else 's are'} not counted" if broken else ""
    lead = "interrupted: " if report.is_interrupted else "stopped: " if report.stopped else ""
    if report.stopped:
        yield clean_line(report.stopped)
    yield f"{lead}{fine} of {len(everything)} conversations {told}"
    yield f"{passed} of {counted} runs passed{more}; {report.seconds:.1f} s"
    yield _bill_line(report.bill, "model")
    if report.judge_bill is not None:
        yield _bill_line(report.judge_bill, "judge")


# --- for programs


def _rate_json(rate: Rate) -> JsonObject:
    interval = rate.interval
    return {"held": rate.held, "of": rate.of, "low": round(interval.low, 4), "high": round(interval.high, 4)}


def _counted_json(counted: Counted) -> JsonObject:
    expected, example = counted.expected, counted.example
    return {
        "kind": expected.kind,
        "at": expected.at,
        "line": expected.line,
        "column": expected.column,
        **_rate_json(counted.rate),
        "example": None if example is None else {**failure_json(example), "runs": counted.example_runs},
    }


def _worse_json(worse: Worse) -> JsonObject:
    return {
        "at": "" if worse.expected is None else worse.expected.expected.at,
        "before": _rate_json(worse.before),
        "now": _rate_json(worse.now),
        "chance": worse.chance,
    }


def _spent_json(spent: Spent) -> JsonObject:
    usage = spent.usage
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "uncounted_replies": spent.uncounted,
    }


def _verdict_json(verdict: Verdict) -> JsonObject:
    evaluated = verdict.evaluated
    broken: list[Json] = [{"reason": reason, "runs": count} for reason, count in evaluated.broken]
    expectations: list[Json] = [_counted_json(counted) for counted in evaluated.expectations]
    return {
        "file": evaluated.file,
        "name": evaluated.name,
        "fine": verdict.is_fine,
        "runs": evaluated.runs,
        "passed": _rate_json(evaluated.passed),
        "broken": broken,
        "expectations": expectations,
        "worse": None if verdict.worse is None else [_worse_json(one) for one in verdict.worse],
        "model": _spent_json(evaluated.spent),
        "judge": _spent_json(evaluated.judge_spent),
        "seconds": round(evaluated.seconds, 3),
    }


def _bill_json(bill: Bill) -> JsonObject:
    price = bill.price
    return {
        "model": bill.model,
        **_spent_json(bill.spent),
        "cost": None if bill.cost is None else round(bill.cost, 6),
        "currency": None if price is None else price.currency,
    }


def as_json(report: Report) -> JsonObject:
    """All that is known, for programs."""
    fine = sum(verdict.is_fine for verdict in report.verdicts)
    return {
        "interrupted": report.is_interrupted,
        "stopped": report.stopped,
        "passed": fine,
        "failed": len(report.verdicts) - fine,
        "seconds": round(report.seconds, 3),
        "model": _bill_json(report.bill),
        "judge": None if report.judge_bill is None else _bill_json(report.judge_bill),
        "conversations": [_verdict_json(verdict) for verdict in report.verdicts],
        "problems": [],
    }


# --- for build servers


def _no_place(kind: str, message: str) -> Failure:
    return Failure(kind=kind, pointer="", line=0, column=0, message=message)


def _failures(verdict: Verdict) -> Iterator[Failure]:
    evaluated, worse = verdict.evaluated, _worse_by(verdict)
    for reason, count in evaluated.broken:
        yield _no_place("broken", f"{count} of {evaluated.runs} runs: {reason}")
    if None in worse:
        yield _no_place("passed", f"in {evaluated.passed.text}{_was(worse[None])}")
    for counted in evaluated.expectations:
        if counted.example is not None and (verdict.worse is None or counted in worse):
            message = f"held in {counted.rate.text}{_was(worse.get(counted))}: {counted.example.message}"
            yield replace(counted.example, message=message)


def outcomes_of(verdicts: Sequence[Verdict]) -> tuple[Outcome, ...]:
    """Each conversation that was played as if it had been once; it has failed where it did not do well enough."""
    return tuple(
        Outcome(
            file=one.evaluated.file,
            name=one.evaluated.name,
            failures=() if one.is_fine else tuple(_failures(one)),
            seconds=one.evaluated.seconds,
        )
        for one in verdicts
        if one.evaluated.runs
    )
