"""A conversation of a fault run as its calls went, and who wrote each fact: read from the facts and the logs alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.event_json import encode
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    Fact,
    QuestionExpired,
)
from tests.faults.records import Accepted, Offered, Record, Took

Outcome = CallReturned | CallFailed | CallUnknown
OUTCOMES = (CallReturned, CallFailed, CallUnknown)
BACK = (CallInterrupted, CallNotExecuted)
"""What may be followed by another dispatch."""

_OF_CALLS = (
    CallJudged,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallRefused,
    CallWithdrawn,
    QuestionExpired,
    *OUTCOMES,
    *BACK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An append of some process."""

    worker: int
    offered: Offered
    accepted: Accepted | None
    """None where the process was not told that it is kept."""

    @property
    def epoch(self) -> int | None:
        """Of its lease, as far as is known."""
        return self.accepted.epoch if self.accepted is not None else self.offered.epoch


@dataclass(slots=True, kw_only=True)
class CallTrace:
    """One call: the facts about it, each with its place."""

    call_id: str
    operation: str = ""
    token: str = ""
    facts: list[tuple[int, Fact]] = field(default_factory=list[tuple[int, Fact]])

    def of(self, *kinds: type[Fact]) -> list[int]:
        """The places of the facts of these kinds."""
        return [place for place, fact in self.facts if isinstance(fact, kinds)]

    @property
    def outcomes(self) -> list[tuple[int, Fact]]:
        """What came of it; there is at most one."""
        return [(place, fact) for place, fact in self.facts if isinstance(fact, OUTCOMES)]


def calls_in(facts: Sequence[Fact]) -> Mapping[str, CallTrace]:
    """By call id."""
    calls: dict[str, CallTrace] = {}
    for place, fact in enumerate(facts):
        if not isinstance(fact, _OF_CALLS):
            continue
        call = calls.setdefault(fact.call_id, CallTrace(call_id=fact.call_id))
        call.facts.append((place, fact))
        if isinstance(fact, CallJudged):
            call.operation, call.token = fact.function, str(fact.arguments["token"])
    return calls


def written_by(told: Mapping[int, Sequence[Record]]) -> Iterator[Written]:
    """Everything that was offered, with what its process was told of it."""
    for worker, records in told.items():
        accepted = {one.number: one for one in records if isinstance(one, Accepted)}
        for one in records:
            if isinstance(one, Offered):
                yield Written(worker=worker, offered=one, accepted=accepted.get(one.number))


def takings(told: Mapping[int, Sequence[Record]]) -> Iterator[tuple[str, int, float]]:
    """Every lease whose beginning was told: the conversation, the epoch, and when it was known."""
    for records in told.values():
        offers = {one.number: one.conversation for one in records if isinstance(one, Offered) and one.epoch is None}
        for one in records:
            if isinstance(one, Took):
                yield one.conversation, one.epoch, one.time
            if isinstance(one, Accepted) and one.epoch is not None and one.number in offers:
                yield offers[one.number], one.epoch, one.time


def writers(facts: Sequence[Fact], appends: Sequence[Written]) -> list[list[Written]]:
    """For each fact who may have written it; more than one where two offered the same in its place, and one won."""
    lines = [encode(fact).decode() for fact in facts]
    found: list[list[Written]] = [[] for _ in lines]
    for one in appends:
        begin, count = one.offered.expected, len(one.offered.facts)
        if count and lines[begin : begin + count] == list(one.offered.facts):
            for place in range(begin, begin + count):
                found[place].append(one)
    return [sure if (sure := [one for one in some if one.accepted is not None]) else some for some in found]
