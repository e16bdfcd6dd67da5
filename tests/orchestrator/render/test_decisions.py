"""A line for every decision, in transcripts and at the terminal (issue 7, line 6)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.content import Shown
from orchestrator.events import (
    CallAsked,
    CallDecided,
    CallJudged,
    CallRefused,
    CallReturned,
    DataSetAside,
    Fact,
    Judgement,
    QuestionExpired,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnStarted,
)
from orchestrator.model.base import ModelCall
from orchestrator.render.calls import CallLabel, CallLine, CallLog
from orchestrator.render.decisions import Decisions, data_shown, names_listed
from orchestrator.render.transcript import as_markdown

CALL = RequestedCall(call_id="c1", request=ModelCall(id="m1", tool="shop-buy", arguments="{}"))
LABELS = {
    ("shop", "buy"): CallLabel(plugin="Corner Shop", function="buy"),
    ("mail", "read"): CallLabel(plugin="Contoso Mail", function="read"),
}


def started(*set_aside: str) -> TurnStarted:
    return TurnStarted(text="buy two", person="ada", documents={}, set_aside=set_aside)


def judged(verdict: Judgement, *texts: str) -> CallJudged:
    reasons = tuple(Reason(source="method", text=text) for text in texts)
    return CallJudged(call_id="c1", plugin="shop", function="buy", arguments={}, verdict=verdict, reasons=reasons)


ASKED = CallAsked(call_id="c1", fingerprint="f", title="Buy?", body="", destination="here", expires=1.0)
YES = CallDecided(call_id="c1", decision="approve", by="ada")
ALWAYS = CallDecided(call_id="c1", decision="approve", by="ada", always=True)
NO = CallDecided(call_id="c1", decision="decline", by="ada", note="too dear")
EDITED = CallDecided(call_id="c1", decision="approve", by="ada", edited=CALL)
LEFT_OPEN = CallDecided(call_id="c1", decision="decline", by="ada", note="superseded by a new message", left_open=True)
FORBIDDEN = CallRefused(call_id="c1", code="forbidden", message="a rule of the host forbids it")


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ([], ""),
        ([judged("allow")], "allowed"),
        ([judged("ask"), ASKED, LEFT_OPEN], "asked; not answered: superseded by a new message"),
        ([judged("allow", "it is a GET request")], "allowed: it is a GET request"),
        ([judged("allow", "a"), FORBIDDEN], "allowed: a; stopped before it left"),
        ([judged("ask", "a", "b")], "asked: a; b; no answer yet"),
        ([judged("ask", "a"), ASKED, YES], "asked: a; you said yes"),
        ([judged("ask", "a"), ASKED, ALWAYS], "asked: a; you said yes, always"),
        ([judged("ask", "a"), ASKED, NO], "asked: a; you said no"),
        ([judged("ask", "a"), ASKED, EDITED], "asked: a; you gave other arguments"),
        ([judged("ask", "a"), ASKED, QuestionExpired(call_id="c1")], "asked: a; nobody answered in time"),
        ([judged("deny", "a\n\x1b[2Jb")], "not allowed: a b"),
        ([FORBIDDEN], ""),
        (
            [DataSetAside(plugins=("mail", "web"), call_ids=("c1",))],
            "not made: the model was asked again without earlier data of mail and web",
        ),
    ],
)
def test_a_decision_is_a_line(facts: Sequence[Fact], line: str) -> None:
    decisions = Decisions()
    for fact in (started(), *facts):
        decisions.read(fact)
    assert decisions.line("c1") == line


def test_names_are_a_phrase() -> None:
    assert [names_listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_what_comes_back_is_told_apart_from_what_is_set_aside() -> None:
    shown = data_shown(["mail"], ["web"], str.upper)
    assert shown == "with earlier data of MAIL, but not of WEB"
    assert data_shown(["mail"], []) == "with earlier data of mail"


def read(*facts: Fact) -> list[CallLine]:
    log = CallLog(LABELS, lambda: 0.0)
    return [line for fact in facts if (line := log.read(fact)) is not None]


def test_at_the_terminal_data_that_is_set_aside_is_a_quiet_line() -> None:
    reply = ReplyReceived(text="", calls=(CALL,))
    [again] = read(started(), reply, DataSetAside(plugins=("mail",), call_ids=("c1",)))
    assert again == CallLine(tone="note", text="asked again without earlier data of Contoso Mail")
    [on] = read(started(), reply, DataSetAside(plugins=("mail",)))
    assert on.text == "goes on without earlier data of Contoso Mail"


def test_at_the_terminal_what_is_plainly_allowed_is_no_line() -> None:
    assert read(started(), judged("allow", "a")) == []
    [denied] = read(started(), judged("deny", "a"))
    assert (denied.text, denied.detail) == ("Corner Shop · buy not allowed", "a")


def items(*facts: Fact, labels: dict[tuple[str, str], CallLabel] = LABELS) -> list[str]:
    """The lines of a saved transcript that are about calls."""
    text = as_markdown((started(), *facts), labels)
    return [line for line in text.splitlines() if line.lstrip().startswith("- ")]


def test_a_saved_transcript_has_a_decision_below_each_call() -> None:
    came = CallReturned(call_id="c1", text="SECRET", shown=Shown())
    assert items(judged("ask", "it *may* change"), ASKED, YES, came) == [
        "- Corner Shop · buy",
        "  - asked: it \\*may\\* change; you said yes",
    ]
    assert items(judged("ask", "a"), ASKED, NO) == [
        "- Corner Shop · buy declined: too dear",
        "  - asked: a; you said no",
    ]
    assert items(judged("deny", "a")) == ["- Corner Shop · buy not allowed: a"]
    assert items(DataSetAside(plugins=("mail",))) == ["- goes on without earlier data of Contoso Mail"]


def test_a_question_is_in_a_saved_transcript_whatever_the_author_wants_shown() -> None:
    hidden = {("shop", "buy"): CallLabel(plugin="Corner Shop", function="buy", progress_style="None")}
    came = CallReturned(call_id="c1", text="SECRET", shown=Shown())
    told = ["- Corner Shop · buy", "  - asked: a; you said yes"]
    assert items(judged("ask", "a"), ASKED, YES, came, labels=hidden) == told
    assert items(judged("ask", "a"), ASKED)[1] == "  - asked: a; no answer yet"
    assert items(judged("allow", "a"), came, labels=hidden) == []
