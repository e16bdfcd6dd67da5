"""A file of conversations may claim anything: whatever its facts are, what is told of them ends, and raises nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.content import Shown
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallJudged,
    CallReturned,
    DataSetAside,
    Fact,
    ReplyReceived,
    RequestedCall,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnsSummarised,
    TurnStarted,
    TurnTakenUp,
    TurnUndone,
)
from orchestrator.labels import Label
from orchestrator.model.base import ModelCall, ToolMessage
from orchestrator.render.transcript import as_markdown
from orchestrator.reply import reply_of
from orchestrator.turn.explain import explain
from orchestrator.turn.history import History, advanced
from orchestrator.turn.importing import MAX_HISTORY_TOKENS, at_rest
from orchestrator.turn.prompts import turn_messages
from orchestrator.turn.reading import label_before, label_of, latest_of, original_of
from orchestrator.turn.state import Status, TurnState
from tests.orchestrator.any_event import FACTS
from tests.pace import soon
from tests.rounds import rounds

NAMES = ("a", "b", "c", "d")
SECONDS = 20.0
"""How long anything here may take; it takes milliseconds."""
STARTED = TurnStarted(text="pay", person="ada", documents={})
ENDED = TurnEnded(reason="answered")
NO_LIMIT = 10**400


def request(name: str) -> RequestedCall:
    return RequestedCall(call_id=name, request=ModelCall(id=name, tool="bank-pay", arguments=f'{{"of": "{name}"}}'))


def edit(name: str, other: str) -> tuple[Fact, ...]:
    """The person is asked about a call, and another one runs in its place."""
    return (
        CallJudged(call_id=name, plugin="bank", function="pay", arguments={}, verdict="ask", reasons=()),
        CallAsked(call_id=name, fingerprint="f", title="Pay?", body="", destination="bank", expires=4e9),
        CallDecided(call_id=name, decision="approve", by="ada", edited=request(other)),
    )


def about(fact: Fact, names: tuple[str, str]) -> tuple[Fact, ...]:
    """A fact about one of few calls, so that facts meet."""
    first, second = names
    match fact:
        case ReplyReceived():
            return (replace(fact, calls=(request(first), request(second))),)
        case CallDecided():
            return (replace(fact, call_id=first, edited=request(second) if fact.edited is not None else None),)
        case DataSetAside():
            return (replace(fact, call_ids=names),)
        case SignInAsked():
            return (replace(fact, call_id=first, name=second),)
        case SignInDone():
            return (replace(fact, name=second),)
        case TurnStarted() | TurnEnded() | TurnTakenUp() | TurnUndone() | TurnsSummarised() | AnswerReceived():
            return (fact,)
        case _:
            return (replace(fact, call_id=first),)


PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))
STEPS = st.builds(about, FACTS, PAIRS) | PAIRS.map(lambda names: edit(*names))


def within_seconds(work: Callable[[], None]) -> None:
    """Fails where it raises, and where it does not end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised again below
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), "it does not end"
    for error in raised:
        raise error


def tell(turn: TurnState) -> None:
    """All that anybody is told of a turn."""
    turn_messages(turn)
    explain(turn)
    reply_of(turn)
    label_of(turn)
    for call in turn.calls.values():
        assert latest_of(turn, call).replaced_by is None
        assert original_of(turn, call).edit_of is None
        label_before(turn, call)


def use(facts: Sequence[Fact]) -> None:
    """What becomes of the facts of a conversation, kept as they are or imported."""
    for kept in (facts, at_rest(facts)):
        history = advanced(History(), kept)
        for turn in history.turns:
            tell(turn)
        history.earlier_messages()
        as_markdown(kept, {})


@settings(max_examples=rounds(3), deadline=None)
@given(st.lists(STEPS, max_size=16))
def test_whatever_the_facts_are_what_is_told_of_them_ends(steps: list[tuple[Fact, ...]]) -> None:
    facts = [STARTED, *(fact for step in steps for fact in step)]
    within_seconds(partial(use, facts))


def test_an_edit_under_an_id_that_is_known_changes_nothing() -> None:
    calls = ReplyReceived(text="", calls=(request("a"), request("b")))
    for facts in (edit("a", "a"), edit("a", "b")):
        within_seconds(partial(use, [STARTED, calls, *facts, ENDED]))
        turn = advanced(History(), [STARTED, calls, *facts]).turn
        assert turn is not None
        assert turn.calls["a"].status is Status.ASKED
        assert list(turn.calls) == ["a", "b"]


def test_a_long_row_of_edits_is_told_of_to_its_end() -> None:
    length = 990
    edits = [fact for number in range(length) for fact in edit(f"c{number}", f"c{number + 1}")]
    returned = CallReturned(call_id=f"c{length}", text="paid", shown=Shown())
    facts = [STARTED, ReplyReceived(text="", calls=(request("c0"),)), *edits, returned, ENDED]
    within_seconds(partial(use, facts))
    [past] = advanced(History(), facts).past
    [told] = [message.text for message in past.messages if isinstance(message, ToolMessage)]
    assert told.count("run with changed arguments") == length
    assert told.endswith('run with changed arguments {"of": "c990"} by the person; result: paid')


def test_many_plugins_in_a_window_without_end_cost_little() -> None:
    """Each turn has data of one more: all that was said so far is in the label of each."""
    turns, facts = 600, list[Fact]()
    for number in range(turns):
        name = f"p{number}"
        facts += [
            replace(STARTED, history_tokens=NO_LIMIT),
            ReplyReceived(text="", calls=(request(name),)),
            CallJudged(
                call_id=name,
                plugin=name,
                function="f",
                arguments={},
                verdict="allow",
                reasons=(),
                label=Label(seen=(name,)),
            ),
            CallReturned(call_id=name, text="", shown=Shown()),
            ENDED,
        ]
    with soon(2):  # it was 15 seconds
        history = advanced(History(), facts)
    assert len(history.past[-1].label.seen) == turns


def test_no_window_is_larger_than_any_model_has() -> None:
    came = at_rest((replace(STARTED, history_tokens=NO_LIMIT), ENDED))
    assert came == (replace(STARTED, history_tokens=MAX_HISTORY_TOKENS), ENDED)
