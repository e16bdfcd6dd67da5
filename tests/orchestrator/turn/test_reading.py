"""What the answers of a turn hold, as its facts tell it."""

from __future__ import annotations

import json

import pytest

from orchestrator.content import Shown
from orchestrator.event_json import decode, encode
from orchestrator.events import CallFailed, CallJudged, CallReturned, Fact, ReplyReceived, RequestedCall, TurnStarted
from orchestrator.labels import CLEAN, Label
from orchestrator.model.base import ModelCall
from orchestrator.turn.folding import fold
from orchestrator.turn.reading import label_of
from orchestrator.turn.state import TurnState

JUDGED = CallJudged(call_id="c", plugin="mail", function="read", arguments={}, verdict="allow", reasons=())
OUTCOMES: tuple[Fact, ...] = (
    CallReturned(call_id="c", text="a letter", shown=Shown()),
    CallFailed(call_id="c", message="HTTP 500"),
)


def of_before_labels(fact: Fact) -> Fact:
    """The fact as an older program wrote it."""
    data = json.loads(encode(fact))
    del data["label"]
    read = decode(json.dumps(data))
    assert isinstance(read, CallJudged)
    return read


def turn(*facts: Fact) -> TurnState:
    call = RequestedCall(call_id="c", request=ModelCall(id="m", tool="read", arguments="{}"))
    state = TurnState(started=TurnStarted(text="go", person="ada", documents={}))
    for fact in (ReplyReceived(text="", calls=(call,)), *facts):
        state = fold(state, fact)
    return state


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_answer_from_before_there_were_labels_counts_as_all_that_it_may_be(outcome: Fact) -> None:
    """Issue 7, 4: fail closed; a journal outlives the program that wrote it."""
    old = of_before_labels(JUDGED)
    assert label_of(turn(old, outcome)) == Label(seen=("mail",), private=("mail",), isolated=("mail",))
    assert label_of(turn(old)) == CLEAN


def test_an_answer_with_a_label_keeps_it() -> None:
    public = Label(seen=("mail", "web"), private=("web",))
    judged = CallJudged(
        call_id="c", plugin="mail", function="read", arguments={}, verdict="allow", reasons=(), label=public
    )
    assert label_of(turn(judged, OUTCOMES[0])) == public
