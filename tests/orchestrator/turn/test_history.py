"""A conversation from its facts: what the model is still told of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Shown
from orchestrator.events import (
    AnswerReceived,
    CallReturned,
    CallWithdrawn,
    EndReason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.model.base import AssistantMessage, ModelCall, UserMessage
from orchestrator.turn.history import History, advance


def talk(*turns: tuple[str, str]) -> History:
    history = History()
    for said, answer in turns:
        history = advance(history, TurnStarted(text=said, person="ada", documents={}))
        history = advance(history, AnswerReceived(text=answer))
        history = advance(history, TurnEnded(reason="answered"))
    return history


def test_the_oldest_turns_are_cut_first_and_only_whole_ones() -> None:
    """Issue 2, 10: history is cut at a budget in characters."""
    history = talk(("aaaa", "bbbb"), ("cccc", "dddd"), ("eeee", "ffff"))
    assert [message.text for message in history.earlier_messages(16)] == ["cccc", "dddd", "eeee", "ffff"]
    assert [message.text for message in history.earlier_messages(15)] == ["eeee", "ffff"]
    assert history.earlier_messages(7) == ()


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=6), st.integers(0, 60))
def test_the_budget_holds_and_the_newest_are_kept(turns: list[tuple[str, str]], budget: int) -> None:
    kept = talk(*turns).earlier_messages(budget)
    everything = talk(*turns).earlier_messages(10**9)
    assert sum(len(message.text) for message in kept) <= budget
    assert kept == everything[len(everything) - len(kept) :]
    assert all(isinstance(message, UserMessage) for message in kept[::2])
    assert all(isinstance(message, AssistantMessage) for message in kept[1::2])


def test_a_turn_taken_back_is_no_longer_told() -> None:
    history = advance(talk(("one", "1"), ("two", "2")), TurnUndone())
    assert [message.text for message in history.earlier_messages()] == ["one", "1"]
    assert history.sequence == 7


def test_a_disengaged_conversation_has_ended() -> None:
    """Also when the last words could not be had, or were cut short."""
    call = RequestedCall(call_id="c", request=ModelCall(id="m", tool="withdraw", arguments="{}"))
    history = advance(History(), TurnStarted(text="x", person="ada", documents={}))
    history = advance(history, ReplyReceived(text="", calls=(call,)))
    history = advance(history, CallWithdrawn(call_id="c", disengages=True))
    assert not history.is_ended
    reasons: tuple[EndReason, ...] = ("disengaged", "error", "cancelled")
    assert all(advance(history, TurnEnded(reason=reason)).is_ended for reason in reasons)


def test_of_a_newest_turn_that_does_not_fit_the_words_are_kept() -> None:
    call = RequestedCall(call_id="c", request=ModelCall(id="m", tool="look", arguments="{}"))
    history = talk(("old", "older"))
    for fact in (
        TurnStarted(text="hi", person="ada", documents={}),
        ReplyReceived(text="", calls=(call,)),
        CallReturned(call_id="c", text="x" * 500, shown=Shown()),
        AnswerReceived(text="ok"),
        TurnEnded(reason="answered"),
    ):
        history = advance(history, fact)
    assert [message.text for message in history.earlier_messages(100)] == ["hi", "ok"]
    assert history.earlier_messages(3) == ()
