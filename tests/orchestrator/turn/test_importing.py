"""A conversation from a file has nothing left to do, whatever the file claims (issue 8, lines 2 and 3)."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallDispatched,
    CallInterrupted,
    CallJudged,
    CallNotExecuted,
    CallUnknown,
    CallWithdrawn,
    Fact,
    ReplyReceived,
    RequestedCall,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnStarted,
)
from orchestrator.model.base import ModelCall
from orchestrator.turn.history import History, advance
from orchestrator.turn.importing import IMPORTED, at_rest
from orchestrator.turn.state import Status
from tests.orchestrator.any_event import FACTS
from tests.rounds import rounds

STARTED = TurnStarted(text="pay", person="ada", documents={"bank": "ab"})
REQUEST = ModelCall(id="call_1", tool="bank-pay", arguments="{}")
REPLY = ReplyReceived(text="", calls=(RequestedCall(call_id="c1", request=REQUEST),))
WANTED = CallJudged(call_id="c1", plugin="bank", function="pay", arguments={}, verdict="ask", reasons=())
ALLOWED = replace(WANTED, verdict="allow", repeatable=True)
ASKED = CallAsked(call_id="c1", fingerprint="f", title="Pay?", body="", destination="bank", expires=4e9)
APPROVED = CallDecided(call_id="c1", decision="approve", by="ada")
EDITED = replace(APPROVED, edited=RequestedCall(call_id="c2", request=REQUEST))
UNSIGNED = SignInAsked(call_id="c1", name="bank", sign_in="login", reason="it has expired", expires=4e9)
SIGNED = SignInDone(name="bank", by="ada")
SENT = CallDispatched(call_id="c1", attempt=1, request_hash="h")
ENDED = TurnEnded(reason="answered")


def history_of(facts: tuple[Fact, ...]) -> History:
    return reduce(advance, facts, History())


def test_what_is_over_stays_as_it_is() -> None:
    facts = (STARTED, REPLY, WANTED, ASKED, APPROVED, SENT, CallUnknown(call_id="c1", message=""), ENDED)
    assert at_rest(facts) == facts
    assert at_rest(()) == ()


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ((REPLY,), Status.WITHDRAWN),
        ((REPLY, WANTED), Status.WITHDRAWN),
        ((REPLY, WANTED, ASKED), Status.DECLINED),
        ((REPLY, WANTED, ASKED, APPROVED), Status.WITHDRAWN),
        ((REPLY, ALLOWED), Status.WITHDRAWN),
        ((REPLY, ALLOWED, UNSIGNED), Status.DECLINED),
        ((REPLY, WANTED, ASKED, APPROVED, UNSIGNED), Status.DECLINED),
        ((REPLY, ALLOWED, UNSIGNED, SIGNED), Status.WITHDRAWN),
        ((REPLY, WANTED, ASKED, APPROVED, SENT), Status.UNKNOWN),
        ((REPLY, ALLOWED, SENT), Status.UNKNOWN),
        ((REPLY, ALLOWED, SENT, CallNotExecuted(call_id="c1", cause="rate", message="")), Status.WITHDRAWN),
        ((REPLY, ALLOWED, SENT, CallInterrupted(call_id="c1")), Status.WITHDRAWN),
        ((REPLY, ALLOWED, SENT, CallUnknown(call_id="c1", message="")), Status.UNKNOWN),
    ],
)
def test_a_call_that_is_open_is_not_carried_out(facts: tuple[Fact, ...], status: Status) -> None:
    """An approval in a file is nobody's here, and neither is the word that a call may be repeated."""
    came = at_rest((STARTED, *facts))
    assert came[: len(facts) + 1] == (STARTED, *facts)
    assert came[-1] == TurnEnded(reason="cancelled", detail=IMPORTED)
    history = history_of(came)
    assert history.turn is None
    assert history.past[-1].state.calls["c1"].status is status


def test_the_call_in_the_place_of_another_is_not_carried_out() -> None:
    came = at_rest((STARTED, REPLY, WANTED, ASKED, EDITED))
    assert CallWithdrawn(call_id="c2") in came
    calls = history_of(came).past[-1].state.calls
    assert [call.status for call in calls.values()] == [Status.EDITED, Status.WITHDRAWN]


def test_a_question_is_told_as_left_open_and_not_as_a_no() -> None:
    came = at_rest((STARTED, REPLY, WANTED, ASKED))
    assert came[4] == CallDecided(call_id="c1", decision="decline", by="ada", note=IMPORTED, left_open=True)


def test_only_the_turn_that_is_open_is_ended() -> None:
    came = at_rest((STARTED, ENDED, STARTED))
    assert came == (STARTED, ENDED, STARTED, TurnEnded(reason="cancelled", detail=IMPORTED))


def test_no_call_of_a_turn_that_is_over_stays_open() -> None:
    """A question that outlives its turn could be answered, and the answer be remembered."""
    came = at_rest((STARTED, REPLY, WANTED, ASKED, ENDED, STARTED, REPLY, ALLOWED, STARTED, ENDED))
    declined = CallDecided(call_id="c1", decision="decline", by="ada", note=IMPORTED, left_open=True)
    cancelled = TurnEnded(reason="cancelled", detail=IMPORTED)
    assert came[:6] == (STARTED, REPLY, WANTED, ASKED, declined, ENDED)
    assert came[6:] == (STARTED, REPLY, ALLOWED, CallWithdrawn(call_id="c1"), cancelled, STARTED, ENDED)


def test_no_plugin_is_read_from_where_a_file_says() -> None:
    elsewhere = replace(STARTED, sources=("https://evil.example/plugin.json",))
    assert at_rest((elsewhere, ENDED, elsewhere, ENDED)) == (STARTED, ENDED, STARTED, ENDED)


NAMES = ("a", "b", "c")


def _named(fact: Fact, names: tuple[str, str]) -> Fact:
    """About one of few calls, so that facts meet."""
    first, second = names
    match fact:
        case ReplyReceived():
            return replace(fact, calls=tuple(RequestedCall(call_id=name, request=REQUEST) for name in {first, second}))
        case CallDecided():
            edited = fact.edited and replace(fact.edited, call_id=second)
            return replace(fact, call_id=first, edited=edited)
        case CallJudged() | CallAsked() | CallDispatched() | CallNotExecuted() | CallInterrupted():
            return replace(fact, call_id=first)
        case _:
            return fact


FEW_CALLS = st.builds(_named, FACTS, st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)))


@settings(max_examples=rounds(3))
@given(st.lists(FEW_CALLS, max_size=12))
def test_whatever_the_facts_are_they_end_at_rest(facts: list[Fact]) -> None:
    came = at_rest((STARTED, *facts))
    history = history_of(came)
    assert history.turn is None
    assert all(call.is_settled for turn in history.turns for call in turn.calls.values())
    assert at_rest(came) == came
