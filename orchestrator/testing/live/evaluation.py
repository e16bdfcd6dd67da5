"""How often conversations, and each of their expectations, held with a live model. Pure.

A run that a model's server kept from its end is *broken*: it is counted apart, and says nothing of the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.testing.format.places import Placed, Where
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.live.rates import Rate
from orchestrator.testing.live.spending import NOTHING, Spent
from runtimes.positions import pointer_to

END = "end"
"""The kind of the expectation that each turn has: that it ends as it should."""

JUDGE = "judge"
"""The kind of a question to a judge; each of them is an expectation of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One play of a conversation."""

    turns: tuple[tuple[Failure, ...], ...] = ()
    """What failed in each turn that was played."""
    is_whole: bool = True
    """False where the last of them could not be played to its end: what else it expects was not looked at."""
    broken: str = ""
    """Why the run could not be counted; empty for one that is."""
    spent: Spent = NOTHING
    judge_spent: Spent = NOTHING
    """What the judge was asked for."""
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        """True where everything was as expected."""
        return not self.broken and not any(self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing that a turn is expected to come to."""

    turn: int
    """The index of the turn."""
    kind: str
    """A member of `expect`, or what else can fail: `end`, `decide`, `say`."""
    pointer: str
    """From the turn to it."""
    line: int = 0
    column: int = 0

    @property
    def at(self) -> str:
        """From the conversation to it; what it is known by from one evaluation to the next."""
        return pointer_to("turns", self.turn) + self.pointer

    def covers(self, failure: Failure, start: str) -> bool:
        """True where this is what has failed, in a turn that starts at a pointer."""
        return failure.kind == self.kind and (self.kind != JUDGE or failure.pointer == start + self.pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often one expectation held, in the runs that reached its turn."""

    expected: Expected
    rate: Rate
    example: Failure | None = None
    """One of the failures that came most often."""
    example_runs: int = 0
    """In how many runs that one came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """How a conversation did."""

    file: str
    name: str
    passed: Rate
    """Of the runs that are not broken, those in which everything was as expected."""
    broken: tuple[tuple[str, int], ...] = ()
    """Why runs are broken, and how many of them for each reason; the most frequent first."""
    expectations: tuple[Counted, ...] = ()
    """In the order of the file."""
    spent: Spent = NOTHING
    judge_spent: Spent = NOTHING
    seconds: float = 0.0
    """Of all its runs together."""
    runs: int = 0
    """How many there were, broken ones among them."""

    @property
    def broken_runs(self) -> int:
        """How many runs are broken."""
        return sum(count for _, count in self.broken)

    @property
    def is_passed(self) -> bool:
        """True where it was played, and everything was as expected in every run."""
        return self.passed.is_full and not self.broken


def _declared(placed: Placed, index: int) -> Iterator[tuple[str, str]]:
    """Kinds and pointers of what a turn expects: what it says, and that it ends."""
    turn = placed.conversation.turns[index]
    if turn.decide:
        yield "decide", "/decide"
    if turn.expect.end is None:
        yield END, pointer_to("expect", END)
    for kind in turn.expect.model_fields_set:
        if kind != JUDGE:
            yield kind, pointer_to("expect", kind)
    for number in range(len(turn.expect.judge)):
        yield JUDGE, pointer_to("expect", JUDGE, number)


def expected_of(placed: Placed) -> tuple[Expected, ...]:
    """All that a conversation expects, in the order of the file."""
    found: list[Expected] = []
    for index in range(len(placed.conversation.turns)):
        where = placed.turn(index)
        places = [(where.place(pointer), kind, pointer) for kind, pointer in _declared(placed, index)]
        found += [
            Expected(turn=index, kind=kind, pointer=pointer, line=place.line, column=place.column)
            for place, kind, pointer in sorted(places, key=lambda one: (one[0].line, one[0].column, one[2]))
        ]
    return tuple(found)


@dataclass(slots=True)
class _Tally:
    """An expectation while it is counted."""

    expected: Expected
    failed: int = 0
    alone: int = 0
    """In how many runs it was all that was looked at in its turn."""
    examples: dict[tuple[str, str], Failure] = field(default_factory=dict[tuple[str, str], Failure])
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def count(self, failures: Sequence[Failure]) -> None:
        """Counts a run in which it failed."""
        self.failed += 1
        kinds = dict.fromkeys((failure.pointer, failure.message) for failure in failures)
        self.counts.update(kinds.keys())
        for failure in failures:
            self.examples.setdefault((failure.pointer, failure.message), failure)

    def counted(self, reached: int) -> Counted:
        """What has come of it, where the turn was looked at so often as a whole."""
        of = reached + self.alone
        rate = Rate(held=of - self.failed, of=of)
        if not self.counts:
            return Counted(expected=self.expected, rate=rate)
        [(key, often)] = self.counts.most_common(1)
        return Counted(expected=self.expected, rate=rate, example=self.examples[key], example_runs=often)


def _undeclared(index: int, failure: Failure) -> Expected:
    """What a failure is about that stands nowhere in the turn: that words can be said, or that nothing is asked."""
    return Expected(
        turn=index, kind=failure.kind, pointer=pointer_to(failure.kind), line=failure.line, column=failure.column
    )


def _take(tallies: list[_Tally], index: int, failures: Sequence[Failure], where: Where) -> Iterator[_Tally]:
    """Counts what failed in one turn of a run; yields each expectation that did."""
    left = list(failures)
    while left:
        known = (one for one in tallies if one.expected.turn == index and one.expected.covers(left[0], where.pointer))
        tally = next(known, None)
        if tally is None:
            tally = _Tally(_undeclared(index, left[0]))
            tallies.append(tally)
        mine = [failure for failure in left if tally.expected.covers(failure, where.pointer)]
        tally.count(mine)
        left = [failure for failure in left if failure not in mine]
        yield tally


def evaluated(placed: Placed, file: str, runs: Sequence[Run]) -> Evaluated:
    """Counts the runs of a conversation. Of a broken run, the turns before the one that broke count."""
    tallies = [_Tally(expected) for expected in expected_of(placed)]
    reached: Counter[int] = Counter()
    for run in runs:
        for index, failures in enumerate(run.turns):
            is_whole = run.is_whole or index < len(run.turns) - 1
            reached[index] += is_whole
            for tally in _take(tallies, index, failures, placed.turn(index)):
                tally.alone += not is_whole
    whole = [run for run in runs if not run.broken]
    in_order = sorted(tallies, key=lambda tally: tally.expected.turn)
    return Evaluated(
        file=file,
        name=placed.conversation.name,
        passed=Rate(held=sum(run.is_passed for run in whole), of=len(whole)),
        broken=tuple(Counter(run.broken for run in runs if run.broken).most_common()),
        expectations=tuple(tally.counted(reached[tally.expected.turn]) for tally in in_order),
        spent=sum((run.spent for run in runs), start=NOTHING),
        judge_spent=sum((run.judge_spent for run in runs), start=NOTHING),
        seconds=sum(run.seconds for run in runs),
        runs=len(runs),
    )
