"""A conversation from its facts: what the model is still told of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import AttachedFile, Shown
from orchestrator.events import (
    HISTORY_TOKENS,
    AnswerReceived,
    CallJudged,
    CallReturned,
    CallWithdrawn,
    EndReason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.labels import Label, join
from orchestrator.model.base import AssistantMessage, EarlierMessage, Message, ModelCall, UserMessage
from orchestrator.turn.history import History, advance
from orchestrator.turn.machine import Limits
from orchestrator.turn.window import NOTICE_TOKENS, cost_of
from tests.orchestrator.turn.flows import mark, owners_in, text_of

START = TurnStarted(text="now", person="ada", documents={})


def talk(*turns: tuple[str, str]) -> History:
    history = History()
    for said, answer in turns:
        history = advance(history, TurnStarted(text=said, person="ada", documents={}))
        history = advance(history, AnswerReceived(text=answer))
        history = advance(history, TurnEnded(reason="answered"))
    return history


def told_of(history: History, window: int) -> tuple[Message, ...]:
    """What the model is told of it in a next turn with that window."""
    return advance(history, replace(START, history_tokens=window)).earlier_messages()


def texts(history: History, window: int) -> list[str]:
    return [message.text for message in told_of(history, window)]


def test_the_oldest_turns_are_cut_first_and_only_whole_ones() -> None:
    """Issue 2, 10: history is cut at a budget; issue 8, 6: in tokens, and what is cut is said."""
    history = talk(("aaaa", "bbbb"), ("cccc", "dddd"), ("eeee", "ffff"))
    turn = history.past[0].end
    assert texts(history, 3 * turn) == ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"]
    history = talk(("old", "x" * 4 * NOTICE_TOKENS), ("cccc", "dddd"), ("eeee", "ffff"))
    assert texts(history, NOTICE_TOKENS + 2 * turn)[1:] == ["cccc", "dddd", "eeee", "ffff"]
    assert texts(history, NOTICE_TOKENS + 2 * turn)[0] == "[1 earlier turn of this conversation is not shown.]"
    assert texts(history, NOTICE_TOKENS + 2 * turn - 1)[1:] == ["eeee", "ffff"]
    assert texts(history, NOTICE_TOKENS + turn - 1) == ["[3 earlier turns of this conversation are not shown.]"]
    assert texts(history, NOTICE_TOKENS - 1) == []


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=6), st.integers(0, 300))
def test_the_budget_holds_and_the_newest_are_kept(turns: list[tuple[str, str]], budget: int) -> None:
    told = told_of(talk(*turns), budget)
    everything = told_of(talk(*turns), 10**9)
    assert cost_of(told) <= budget
    kept = told[1:] if told and isinstance(told[0], EarlierMessage) else told
    assert kept == everything[len(everything) - len(kept) :]
    assert len(kept) == len(everything) or len(told) == len(kept) + 1 or budget < NOTICE_TOKENS
    assert all(isinstance(message, UserMessage) for message in kept[::2])
    assert all(isinstance(message, AssistantMessage) for message in kept[1::2])


def test_a_turn_keeps_the_window_that_it_began_with() -> None:
    """Another process rebuilds the requests, and the labels of what came of them, whatever its own limit is."""
    history = advance(talk(("aaaa", "bbbb"), ("cccc", "dddd")), replace(START, history_tokens=7))
    assert history.window == 7
    assert advance(history, TurnEnded(reason="answered")).window == 7
    assert History().window == HISTORY_TOKENS == Limits().history_tokens == START.history_tokens


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
        CallReturned(call_id="c", text="x" * 5_000, shown=Shown()),
        AnswerReceived(text="ok"),
        TurnEnded(reason="answered"),
    ):
        history = advance(history, fact)
    notice = "[1 earlier turn of this conversation is not shown.]"
    both = "[2 earlier turns of this conversation are not shown.]"
    assert texts(history, NOTICE_TOKENS + 100) == [notice, "hi", "ok"]
    assert texts(history, NOTICE_TOKENS + 3) == [both]


def using(*plugins: str, size: int = 10) -> History:
    """A turn with one call for each, in view of nothing else."""
    history = History()
    for index, plugin in enumerate(plugins):
        file = AttachedFile(id=str(index), name=f"{plugin}.pdf", media_type="", size=1, sha256="")
        call = RequestedCall(call_id=f"c{index}", request=ModelCall(id=f"m{index}", tool="read", arguments="{}"))
        label = Label(seen=(plugin,), isolated=(plugin,))
        others = tuple(sorted({one for one in plugins[:index] if one != plugin}))
        for fact in (
            TurnStarted(text="go", person="ada", documents={}, set_aside=others),
            ReplyReceived(text="", calls=(call,)),
            CallJudged(
                call_id=f"c{index}",
                plugin=plugin,
                function="read",
                arguments={},
                verdict="allow",
                reasons=(),
                label=label,
            ),
            CallReturned(
                call_id=f"c{index}", text=mark(plugin, index) + "x" * size, shown=Shown(), attachments=(file,)
            ),
            AnswerReceived(text=f"It says {mark(plugin, index)}"),
            TurnEnded(reason="answered"),
        ):
            history = advance(history, fact)
    return history


@given(
    st.lists(st.sampled_from(["mail", "web", "shop"]), max_size=5),
    st.sets(st.sampled_from(["mail", "web", "shop"])),
    st.integers(0, 700),
)
def test_the_label_of_earlier_turns_names_all_that_is_in_them_whatever_the_budget(
    plugins: list[str], set_aside: set[str], budget: int
) -> None:
    """Issue 7, 4: what is left out, by the budget or by being set aside, is in neither."""
    history = using(*plugins)
    started = replace(START, set_aside=tuple(set_aside), history_tokens=budget)
    history = advance(history, started)
    assert cost_of(history.earlier_messages()) <= budget
    told = owners_in(text_of(history.earlier_messages()))
    label = history.earlier_label(set_aside)
    assert told <= {*label.seen}
    assert not told & set_aside
    assert not {*label.seen} & set_aside


@given(
    st.lists(st.tuples(st.sampled_from(["mail", "web", "shop"]), st.booleans()), max_size=8),
    st.sets(st.sampled_from(["mail", "web", "shop"])),
    st.integers(-1, 900),
)
def test_what_is_kept_of_the_past_is_what_a_look_at_every_turn_finds(
    steps: list[tuple[str, bool]], set_aside: set[str], budget: int
) -> None:
    history = using(*(plugin for plugin, _ in steps))
    for _, is_undone in steps:
        if is_undone:
            history = advance(history, TurnUndone())
    history = advance(history, replace(START, history_tokens=budget))
    past, first = history.past, len(history.past)
    room = budget if past and past[-1].end <= budget else budget - NOTICE_TOKENS
    while first and (room := room - (past[first - 1].end - past[first - 1].start)) >= 0:
        first -= 1
    told = past[first:] or past[-1:]
    shown = tuple(turn for turn in told if not {*turn.label.seen} & set_aside)
    assert history.past_shown(set_aside) == shown
    assert history.earlier_label(set_aside) == join(turn.label for turn in shown)
    assert history.attachments == {file.id: file for turn in past for file in turn.state.attachments}


def calls_made(work: Callable[[], object]) -> int:
    """How many functions it calls, those in C among them."""
    made = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal made
        del frame, argument
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def test_a_turn_of_a_long_conversation_costs_no_more_than_one_of_a_short_one() -> None:
    """But for the messages that the model is sent, nothing looks at every turn again."""
    plugins = ("mail",)
    short, long = (advance(using(*plugins * turns), START) for turns in (4, 200))
    works: tuple[Callable[[History], object], ...] = (
        lambda history: history.earlier_label(()),
        lambda history: history.earlier_label({"mail"}),
        lambda history: history.attachments,
        lambda history: advance(history, TurnEnded(reason="answered")),
    )
    for work in works:
        assert calls_made(partial(work, long)) <= calls_made(partial(work, short)) + 20


def test_files_of_what_is_set_aside_are_not_told_of() -> None:
    """A refusal lists the files that a call may name: their names are data, too."""
    history = advance(using("mail", "web"), TurnStarted(text="x", person="ada", documents={}, set_aside=("mail",)))
    assert [file.name for file in history.attachments.values()] == ["mail.pdf", "web.pdf"]
    assert [file.name for file in history.attachments_told.values()] == ["web.pdf"]
