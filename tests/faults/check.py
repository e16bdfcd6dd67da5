"""Holds what is kept against what was done, by the facts, the logs of the processes and the service's own count.

It knows nothing of the turn machine: every rule here is one of the promises, said of facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    Fact,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
    TurnTakenUp,
)
from tests.faults.evidence import DRIVERS, Evidence
from tests.faults.records import LEASE_ALONE, Broke, Decided, Fell, Side
from tests.faults.service import Effect
from tests.faults.shop import LOOK, ORDER, PAY, UNSAFE, conversation_of
from tests.faults.trace import BACK, CallTrace, Written, calls_in, takings, writers, written_by

MAX_IN_VAIN = 5
"""Workers that die one after another, each before anything came of the turn: it is then given up."""

_UNKNOWN = "may or may not"
"""Of the words in which the model is told of an unknown outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One conversation, and all that is known of it."""

    tag: str
    facts: Sequence[Fact]
    calls: Mapping[str, CallTrace]
    writers: Sequence[Sequence[Written]]
    appends: Sequence[Written]
    effects: Sequence[Effect]
    evidence: Evidence

    def effects_of(self, call: CallTrace) -> list[Effect]:
        """The requests of a call."""
        return [one for one in self.effects if one.token == call.token]

    def writers_at(self, place: int) -> set[int]:
        """Who may have written the fact."""
        return {one.worker for one in self.writers[place]}

    def tenures_at(self, place: int) -> set[tuple[int, int | None]]:
        """Who, and under which epoch: a worker that slept may have taken over from itself."""
        return {(one.worker, one.epoch) for one in self.writers[place]}


def _lost(case: Case) -> Iterator[str]:
    """(a) No fact is lost, and none is there that nobody wrote."""
    rows = case.evidence.rows.get(case.tag, [])
    if rows != [*range(len(case.facts)), len(case.facts)]:
        yield f"the rows are {rows}, for {len(case.facts)} facts"
    for one in case.appends:
        if one.accepted is None or not one.offered.facts:
            continue
        begin, end = one.offered.expected, one.offered.expected + len(one.offered.facts)
        if any(one not in case.writers[place] for place in range(begin, min(end, len(case.facts)))) or end > len(
            case.facts
        ):
            yield f"worker {one.worker} was told that facts {begin} to {end} are kept, and they are not there"
    for place, some in enumerate(case.writers):
        if not some:
            yield f"fact {place} was written by nobody"


def _effects(case: Case) -> Iterator[str]:
    """(b) No effect is done twice, and none without its dispatch being kept."""
    for call in case.calls.values():
        done = case.effects_of(call)
        if sum(one.is_new for one in done) > 1:
            yield f"{call.token}: done {sum(one.is_new for one in done)} times"
        if call.operation == ORDER and {one.key for one in done} - {call.call_id}:
            yield f"{call.token}: sent under other keys than its own: {done}"
    for one in case.effects:
        if not one.was_dispatched:
            yield f"{one.token}: it arrived before its dispatch was kept"
        if all(call.token != one.token for call in case.calls.values()):
            yield f"{one.token}: no call that is kept has this effect"


def _taken_up_in_vain(facts: Sequence[Fact]) -> int:
    """How many workers have gone on with the turn since something came of it."""
    progress = (TurnStarted, ReplyReceived, AnswerReceived, CallJudged, CallAsked, CallDecided, CallReturned)
    last = max(place for place, fact in enumerate(facts) if isinstance(fact, progress))
    return sum(isinstance(fact, TurnTakenUp) for fact in facts[last:])


def _ended(case: Case) -> Iterator[str]:
    """(c) The turn ends, once, and its answer says what came of every call."""
    started = [fact for fact in case.facts if isinstance(fact, TurnStarted)]
    ended = [fact for fact in case.facts if isinstance(fact, TurnEnded)]
    if len(started) != 1 or len(ended) != 1 or case.facts[-1] is not ended[0]:
        yield f"{len(started)} turns were begun, {len(ended)} have ended"
        return
    if ended[0].reason != "answered":
        if ended[0].reason != "error" or _taken_up_in_vain(case.facts) < MAX_IN_VAIN:
            yield f"the turn ended by {ended[0].reason!r}: {ended[0].detail}"
        return
    said = [fact.text for fact in case.facts if isinstance(fact, (ReplyReceived, AnswerReceived))][-1]
    for call in case.calls.values():
        told = next((line for line in said.splitlines() if line.startswith(f"{call.token} -> ")), "")
        is_unknown = any(isinstance(fact, CallUnknown) for _, fact in call.outcomes)
        if not told or is_unknown != (_UNKNOWN in told):
            yield f"{call.token}: the model was told {told!r}"


def _outcomes(case: Case) -> Iterator[str]:
    """(d) An unknown outcome exactly where an effect may have happened and nobody knows; never for what is safe."""
    for call in case.calls.values():
        dispatched, outcomes, done = call.of(CallDispatched), call.outcomes, case.effects_of(call)
        is_dropped = call.operation == LOOK and bool(call.of(CallInterrupted)) and bool(call.of(CallWithdrawn))
        if len(outcomes) > 1 or (dispatched and not outcomes and not is_dropped):
            yield f"{call.token}: dispatched, and it has {len(outcomes)} outcomes"
        if outcomes and not dispatched:
            yield f"{call.token}: not dispatched, and it has an outcome"
            continue
        if any(one.is_new for one in done) and not (call.of(CallReturned) or call.of(CallUnknown)):
            yield f"{call.token}: its effect has happened, and it is neither returned nor unknown"
        if call.of(CallReturned) and not done:
            yield f"{call.token}: returned without a request"
        if call.of(CallUnknown):
            yield from _unknown(case, call)
        elif (
            call.operation in UNSAFE
            and outcomes
            and case.tenures_at(outcomes[0][0]).isdisjoint(case.tenures_at(dispatched[-1]))
        ):
            yield f"{call.token}: the outcome was not kept by who dispatched it"


def _unknown(case: Case, call: CallTrace) -> Iterator[str]:
    if call.operation == LOOK:
        yield f"{call.token}: of unknown outcome, and it is safe"
    dispatched = call.of(CallDispatched)[-1]
    if case.tenures_at(dispatched) & case.tenures_at(call.outcomes[0][0]):
        yield f"{call.token}: of unknown outcome to who dispatched it"
    dispatchers = case.writers_at(dispatched)
    if not any(case.evidence.workers[number].was_befallen for number in dispatchers):
        yield f"{call.token}: of unknown outcome, and nothing has befallen who dispatched it"


def _asked(case: Case) -> Iterator[str]:
    """(e) Nothing that is asked about runs without a yes, and a question is decided once."""
    results = [
        one
        for records in case.evidence.told.values()
        for one in records
        if isinstance(one, Decided) and one.conversation == case.tag
    ]
    for call in case.calls.values():
        decisions = [fact for _, fact in call.facts if isinstance(fact, CallDecided)]
        accepted = [one for one in results if one.call_id == call.call_id and one.result == "accepted"]
        if len(decisions) > 1 or len(accepted) != len(decisions):
            yield f"{call.token}: decided {len(decisions)} times, accepted {len(accepted)} times"
        elif accepted and accepted[0].is_approved != (decisions[0].decision == "approve"):
            yield f"{call.token}: another answer was kept than was accepted"
        if call.operation != PAY:
            continue
        first = [*call.of(CallDispatched), len(case.facts)][0]
        is_approved = any(
            isinstance(fact, CallDecided) and fact.decision == "approve" and place < first for place, fact in call.facts
        )
        if (call.of(CallDispatched) or case.effects_of(call)) and not (is_approved and call.of(CallAsked)):
            yield f"{call.token}: it ran without a yes"


def _repeated(case: Case) -> Iterator[str]:
    """(f) Between two dispatches of a call stands that the first was in vain; of an unsafe one, by who made it."""
    for call in case.calls.values():
        sent = call.of(CallDispatched)
        for first, second in pairwise(sent):
            between = [place for place in call.of(*BACK) if first < place < second]
            if len(between) != 1:
                yield f"{call.token}: dispatched at {first} and at {second}"
            elif call.operation in UNSAFE and case.tenures_at(between[0]).isdisjoint(case.tenures_at(first)):
                yield f"{call.token}: dispatched again, though nobody can know that it was not sent"
        if call.operation in UNSAFE and call.of(CallInterrupted) and case.effects_of(call) and len(sent) < 2:
            yield f"{call.token}: said not to have been sent, and it was"


def _fenced(case: Case) -> Iterator[str]:
    """(g) Who was taken for dead has written nothing since, under any lease of its own."""
    known = 0
    for place, some in enumerate(case.writers):
        epochs = {one.epoch for one in some if one.epoch is not None}
        if len(epochs) == 1:
            (epoch,) = epochs
            if epoch < known:
                yield f"fact {place} was written under epoch {epoch}, after one under {known}"
            known = epoch
    taken = [(epoch, time) for tag, epoch, time in takings(case.evidence.told) if tag == case.tag]
    for one in case.appends:
        if one.accepted is not None and one.epoch is not None:
            late = [epoch for epoch, time in taken if epoch > one.epoch and time < one.offered.time]
            if late:
                yield f"worker {one.worker} wrote under epoch {one.epoch}, when epoch {late[0]} had begun"


RULES = (_lost, _effects, _ended, _outcomes, _asked, _repeated, _fenced)


def cases(evidence: Evidence) -> Iterator[Case]:
    """Every conversation of a run."""
    appends = list(written_by(evidence.told))
    for tag, facts in evidence.facts.items():
        own = [one for one in appends if one.offered.conversation == tag]
        yield Case(
            tag=tag,
            facts=facts,
            calls=calls_in(facts),
            writers=writers(facts, own),
            appends=own,
            effects=[one for one in evidence.effects if conversation_of(one.token) == tag],
            evidence=evidence,
        )


def _shown(case: Case) -> str:
    """The facts and the service's log of a conversation, for whoever looks for the cause."""
    lines = [f"  {place:3} by {sorted(case.writers_at(place))} {fact}" for place, fact in enumerate(case.facts)]
    return "\n".join([*lines, *(f"  service: {one}" for one in case.effects)])


def violations(evidence: Evidence) -> list[str]:
    """Every promise that was broken, with the conversation in which it was."""
    found = list(evidence.complaints)
    for number, records in evidence.told.items():
        found += [f"worker {number} broke: {one.trace}" for one in records if isinstance(one, Broke)]
    for case in cases(evidence):
        if broken := [f"{case.tag}: {complaint}" for rule in RULES for complaint in rule(case)]:
            found += [*broken, _shown(case)]
    if missing := set(evidence.asked) - set(evidence.facts):
        found.append(f"nothing is kept of {sorted(missing)}")
    return found


def figures(evidence: Evidence) -> Counter[str]:
    """What a run was, in numbers."""
    count: Counter[str] = Counter(kills=evidence.kills, pauses=evidence.pauses, conversations=len(evidence.facts))
    count["stops"] = sum(one.was_stopped for one in evidence.workers.values())
    count["requests"] = len(evidence.effects)
    count["sent late"] = sum(one.is_late for one in evidence.effects)
    count["effects"] = sum(one.is_new for one in evidence.effects)
    results = [one for number in DRIVERS for one in evidence.told.get(number, ()) if isinstance(one, Decided)]
    count["answers"] = len(results)
    count["answers too late"] = sum(one.result != "accepted" for one in results)
    for case in cases(evidence):
        count["facts"] += len(case.facts)
        count["turns given up"] += any(isinstance(fact, TurnEnded) and fact.reason == "error" for fact in case.facts)
        count["calls"] += len(case.calls)
        for call in case.calls.values():
            count["declined"] += sum(
                isinstance(fact, CallDecided) and fact.decision == "decline" for _, fact in call.facts
            )
            count["repeated"] += max(len(call.of(CallDispatched)) - 1, 0)
            count["given up"] += len(call.of(CallFailed))
            if call.of(CallUnknown):
                has_happened = bool(case.effects_of(call))
                count["unknown, and it had happened" if has_happened else "unknown, and it had not"] += 1
    return count


def fallen_at(evidence: Evidence) -> set[tuple[Side, str]]:
    """The commits at which workers have died, by what they keep."""
    fallen = [one for records in evidence.told.values() for one in records if isinstance(one, Fell)]
    return {(one.side, kind) for one in fallen for kind in one.wrote or (LEASE_ALONE,)}
