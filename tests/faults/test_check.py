"""The check of fault runs finds each kind of broken promise: a run that it passes says something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from signal import SIGKILL

import pytest

from orchestrator.content import Shown
from orchestrator.event_json import encode
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallJudged,
    CallReturned,
    CallUnknown,
    Fact,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
)
from tests.faults.check import violations
from tests.faults.evidence import DRIVERS, Evidence
from tests.faults.processes import Worker
from tests.faults.records import Accepted, Decided, Errand, Offered, Record, Took
from tests.faults.service import Effect
from tests.faults.shop import PAY, PERSON

TOKEN = "c0.0.0"
FIRST, SECOND = 1, 2
"""Two workers: the first is killed, the second ends the turn."""

STARTED = TurnStarted(text=f"c0: {PAY}", person=PERSON, documents={})
JUDGED = CallJudged(call_id="a", plugin="shop", function=PAY, arguments={"token": TOKEN}, verdict="ask", reasons=())
ASKED = CallAsked(call_id="a", fingerprint="", title="", body="", destination="", expires=0.0)
DECIDED = CallDecided(call_id="a", decision="approve", by=PERSON)
DISPATCHED = CallDispatched(call_id="a", attempt=1, request_hash="")
RETURNED = CallReturned(call_id="a", text="done", shown=Shown())
UNKNOWN = CallUnknown(call_id="a", message="who knows")
ENDED = TurnEnded(reason="answered")
EFFECT = Effect(operation=PAY, token=TOKEN, key=None, is_new=True, was_dispatched=True)


def said(told: str) -> ReplyReceived:
    return ReplyReceived(text=f"{TOKEN} -> {told}")


KEPT: tuple[tuple[int, int, Fact], ...] = (
    (FIRST, 1, STARTED),
    (FIRST, 1, JUDGED),
    (FIRST, 1, ASKED),
    (DRIVERS[0], 0, DECIDED),
    (FIRST, 2, DISPATCHED),
    (SECOND, 3, UNKNOWN),
    (SECOND, 3, said("it may or may not have happened")),
    (SECOND, 3, ENDED),
)
"""Who wrote what, under which epoch: a worker died when it had sent the call, and another one says so."""


def evidence(kept: Sequence[tuple[int, int, Fact]] = KEPT, effects: Sequence[Effect] = (EFFECT,)) -> Evidence:
    """What such a run leaves."""
    told: dict[int, list[Record]] = {FIRST: [], SECOND: [], DRIVERS[0]: []}
    for place, (writer, epoch, fact) in enumerate(kept):
        told[writer].append(
            Offered(
                number=place,
                conversation="c0",
                expected=place,
                facts=(encode(fact).decode(),),
                epoch=epoch or None,
                time=float(place),
            )
        )
        told[writer].append(Accepted(number=place, epoch=epoch or None, time=float(place)))
    told[DRIVERS[0]].append(Decided(conversation="c0", call_id="a", is_approved=True, result="accepted"))
    errands = {number: Errand(worker=number, store="", api="", log="") for number in (FIRST, SECOND)}
    workers = {number: Worker(errand=errand) for number, errand in errands.items()}
    workers[FIRST].status = -SIGKILL
    return Evidence(
        facts={"c0": [fact for _, _, fact in kept]},
        rows={"c0": [*range(len(kept)), len(kept)]},
        asked={"c0": STARTED.text},
        effects=list(effects),
        told=told,
        workers=workers,
    )


def instead(old: Fact, *new: tuple[int, int, Fact]) -> tuple[tuple[int, int, Fact], ...]:
    """The same run with other facts in the place of one."""
    place = next(index for index, (_, _, fact) in enumerate(KEPT) if fact == old)
    return (*KEPT[:place], *new, *KEPT[place + 1 :])


def test_a_run_that_keeps_every_promise_passes() -> None:
    assert violations(evidence()) == []
    returned = instead(UNKNOWN, (FIRST, 2, RETURNED))
    assert violations(evidence([one if one[2] != KEPT[6][2] else (SECOND, 3, said("done")) for one in returned])) == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (evidence(effects=[EFFECT, EFFECT]), "done 2 times"),
        (evidence(effects=[replace(EFFECT, was_dispatched=False)]), "before its dispatch was kept"),
        (evidence(effects=[replace(EFFECT, token="c0.9.9")]), "no call that is kept has this effect"),
        (evidence(KEPT[:-1]), "0 have ended"),
        (evidence(instead(ENDED, (SECOND, 3, TurnEnded(reason="error")))), "ended by 'error'"),
        (evidence(instead(DECIDED)), "ran without a yes"),
        (evidence(instead(DECIDED, (0, 0, replace(DECIDED, decision="decline")))), "ran without a yes"),
        (evidence(instead(DECIDED, (0, 0, DECIDED), (0, 0, DECIDED))), "decided 2 times, accepted 1 times"),
        (evidence(instead(DISPATCHED, (FIRST, 2, DISPATCHED), (SECOND, 3, DISPATCHED))), "dispatched at 4 and at 5"),
        (evidence(instead(DISPATCHED)), "not dispatched, and it has an outcome"),
        (evidence(instead(UNKNOWN)), "dispatched, and it has 0 outcomes"),
        (evidence(instead(UNKNOWN, (SECOND, 3, CallFailed(call_id="a", message="")))), "neither returned nor unknown"),
        (evidence(instead(UNKNOWN, (SECOND, 3, RETURNED)), effects=()), "returned without a request"),
        (evidence(instead(UNKNOWN, (SECOND, 3, RETURNED))), "was not kept by who dispatched it"),
        (evidence(instead(UNKNOWN, (FIRST, 2, UNKNOWN))), "of unknown outcome to who dispatched it"),
        (evidence(instead(KEPT[6][2], (SECOND, 3, said("done")))), "the model was told"),
        (evidence(instead(UNKNOWN, (SECOND, 1, UNKNOWN))), "under epoch 1, after one under 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_promise_that_is_broken_is_found(broken: Evidence, complaint: str) -> None:
    assert complaint in "\n".join(violations(broken))


def _lose_the_last(one: Evidence) -> None:
    one.facts["c0"].pop()
    one.rows["c0"] = [*range(7), 7]


def _skip_a_row(one: Evidence) -> None:
    one.rows["c0"][3] = 9


def _wake_up(one: Evidence) -> None:
    one.told[SECOND].append(Took(conversation="c0", epoch=9, time=5.5))


def _forge(one: Evidence) -> None:
    one.told[SECOND].clear()


def _befall_nobody(one: Evidence) -> None:
    one.workers[FIRST].status = 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_lose_the_last, "they are not there"),
        (_skip_a_row, "the rows are"),
        (_wake_up, "wrote under epoch 3, when epoch 9 had begun"),
        (_forge, "was written by nobody"),
        (_befall_nobody, "nothing has befallen who dispatched it"),
    ],
)
def test_what_does_not_fit_the_logs_is_found(change: Callable[[Evidence], None], complaint: str) -> None:
    one = evidence()
    change(one)
    assert complaint in "\n".join(violations(one))
