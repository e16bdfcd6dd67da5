"""What a person sees of each event, in a pipe and on a terminal."""

from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

import pytest

from orchestrator.content import Card, Citation, Shown
from orchestrator.events import (
    AnswerReceived,
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
    Event,
    QuestionExpired,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
)
from orchestrator.model.base import ModelCall, Usage
from orchestrator.render.calls import MAX_INPUT_WIDTH, MAX_OUTPUT_WIDTH, CallLabel
from orchestrator.render.console import console_for
from orchestrator.render.terminal import MAX_CITATIONS, TerminalView
from orchestrator.signals import CallProgress, RetryScheduled, StateEntered, TextDelta

JUDGED = CallJudged(
    call_id="c1", plugin="contoso", function="getListings", arguments={"city": "Seattle"}, verdict="allow", reasons=()
)
DISPATCHED = CallDispatched(call_id="c1", attempt=1, request_hash="")
RETURNED = CallReturned(call_id="c1", text='{"homes":3}', shown=Shown())


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def view_on(
    file: StringIO, *, style: str = "ShowUsage", is_live: bool = False, clock: Clock | None = None
) -> TerminalView:
    labels = {
        ("contoso", "getListings"): CallLabel(
            plugin="Contoso Real Estate", function="getListings", progress_style=style
        )
    }
    return TerminalView(console_for(file, is_live=is_live, width=60), labels, is_live=is_live, clock=clock or Clock())


def shown(*events: Event, style: str = "ShowUsage") -> str:
    """What these events look like in a pipe."""
    file = StringIO()
    view = view_on(file, style=style)
    with view.following():
        for event in events:
            view.show(event)
    return file.getvalue()


def deltas(*texts: str) -> list[Event]:
    return [StateEntered(state="responding"), *(TextDelta(state="responding", text=text) for text in texts)]


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("None", ""),
        ("ShowUsage", "✓ Contoso Real Estate · getListings\n"),
        ("anything else", "✓ Contoso Real Estate · getListings\n"),
        ("ShowUsageWithInput", '✓ Contoso Real Estate · getListings(city="Seattle")\n'),
        ("ShowUsageWithInputAndOutput", '✓ Contoso Real Estate · getListings(city="Seattle")\n  {"homes":3}\n'),
    ],
)
def test_a_call_is_shown_as_its_progress_style_asks(style: str, lines: str) -> None:
    """spec 11.3.2.3."""
    assert shown(JUDGED, DISPATCHED, RETURNED, style=style) == lines


@pytest.mark.parametrize(("style", "lines"), [("None", 0), ("ShowUsage", 1), ("ShowUsageWithInput", 1)])
def test_a_wait_is_shown_unless_the_progress_style_asks_for_nothing(style: str, lines: int) -> None:
    clock = Clock()
    view = view_on(StringIO(), style=style, clock=clock)
    with view.following():
        view.show(JUDGED)
        view.show(DISPATCHED)
        clock.now += 5
        waiting = view.waiting()
    assert len(waiting) == lines
    assert all("getListings" in line and line.endswith("(5 s)") for line in waiting)


def test_long_arguments_and_results_are_cut() -> None:
    judged = CallJudged(
        call_id="c1", plugin="contoso", function="getListings", arguments={"x": "y" * 999}, verdict="allow", reasons=()
    )
    returned = CallReturned(call_id="c1", text="z" * 999, shown=Shown())
    call, result = shown(judged, DISPATCHED, returned, style="ShowUsageWithInputAndOutput").splitlines()
    assert len(call) < MAX_INPUT_WIDTH + 50
    assert len(result) == MAX_OUTPUT_WIDTH + 2
    assert result.endswith("…")


def test_a_call_that_took_long_says_how_long() -> None:
    file, clock = StringIO(), Clock()
    view = view_on(file, clock=clock)
    view.show(JUDGED)
    view.show(DISPATCHED)
    clock.now += 3.25
    view.show(RETURNED)
    assert file.getvalue() == "✓ Contoso Real Estate · getListings  3.2 s\n"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            CallReturned(call_id="c1", text="", shown=Shown(), is_error=True, status=404),
            "answered with an error (HTTP 404)",
        ),
        (CallDecided(call_id="c1", decision="decline", by="me", note="too dear"), "declined\n  too dear"),
        (QuestionExpired(call_id="c1"), "not run: nobody answered in time"),
        (CallFailed(call_id="c1", message="the service is down"), "failed\n  the service is down"),
        (CallNotExecuted(call_id="c1", cause="connect", message="refused"), "not carried out\n  refused"),
        (
            CallUnknown(call_id="c1", message="the connection broke"),
            'sent, but whether it was carried out is unknown\n  the connection broke; it went with city="Seattle". '
            "It is not sent again by itself: look there first, before you ask for it again",
        ),
        (CallInterrupted(call_id="c1"), "broke off before an answer came, and is sent once more: that does no harm"),
        (CallWithdrawn(call_id="c1"), "dropped"),
        (
            CallRefused(call_id="c1", code="repeated", message="it was made", plugin="contoso", function="getListings"),
            "refused (repeated)\n  it was made",
        ),
    ],
)
def test_what_became_of_a_call_is_said_in_a_word(event: Event, line: str) -> None:
    assert shown(JUDGED, event)[2:] == f"Contoso Real Estate · getListings {line}\n"


def test_a_call_that_is_forbidden_says_why() -> None:
    denied = CallJudged(
        call_id="c1",
        plugin="contoso",
        function="getListings",
        arguments={},
        verdict="deny",
        reasons=(Reason(source="host", text="not from here"),),
    )
    assert shown(denied) == "✗ Contoso Real Estate · getListings not allowed\n  not from here\n"


def test_a_call_of_an_unknown_function_is_named_as_the_model_wrote_it() -> None:
    call = RequestedCall(call_id="c9", request=ModelCall(id="m1", tool="getListing\x1b[2Js", arguments="{}"))
    refused = CallRefused(call_id="c9", code="unknown", message="there is no such function")
    assert shown(ReplyReceived(text="", calls=(call,)), refused) == (
        "· getListings refused (unknown)\n  there is no such function\n"
    )


def test_the_failure_of_a_silent_function_is_shown_all_the_same() -> None:
    assert "unknown" in shown(JUDGED, CallUnknown(call_id="c1", message=""), style="None")


def test_in_a_pipe_text_is_passed_on_as_it_comes_and_ends_in_one_newline() -> None:
    file = StringIO()
    view = view_on(file)
    with view.following():
        for event in deltas("\n\nThree **ho", "mes**", "\n"):
            view.show(event)
        assert file.getvalue() == "Three **homes**"
    assert file.getvalue() == "Three **homes**\n"


def test_an_answer_that_was_streamed_is_not_shown_twice() -> None:
    assert shown(*deltas("three homes"), AnswerReceived(text="three homes")) == "three homes\n"


def test_an_answer_that_was_not_streamed_is_shown_whole() -> None:
    assert shown(StateEntered(state="responding"), AnswerReceived(text="three homes")) == "three homes\n"


def test_a_reply_that_was_not_streamed_is_not_for_the_person() -> None:
    assert shown(StateEntered(state="reasoning"), ReplyReceived(text="to be replaced")) == ""


def test_an_escape_sequence_split_over_two_pieces_is_not_written() -> None:
    assert shown(*deltas("safe\x1b", "[2", "Jtext")) == "safetext\n"


def test_citations_are_numbered_once_each_at_the_end() -> None:
    one = Citation(title="24 Rainier Ave", subtitle="Seattle", url="https://example.test/24")
    two = Citation(title="A\x1b[31m house", information_protection_label="Internal")
    returned = CallReturned(call_id="c1", text="", shown=Shown(citations=(one, two, one)))
    text = shown(JUDGED, returned, *deltas("Two homes."), TurnEnded(reason="answered"), style="None")
    assert text == ("Two homes.\n\n[1] 24 Rainier Ave · Seattle · https://example.test/24\n[2] A house · (Internal)\n")


def test_too_many_citations_are_counted() -> None:
    citations = tuple(Citation(title=str(number)) for number in range(MAX_CITATIONS + 2))
    returned = CallReturned(call_id="c1", text="", shown=Shown(citations=citations))
    assert shown(JUDGED, returned, TurnEnded(reason="answered"), style="None").endswith("\n… and 2 more\n")


def test_cards_follow_the_answer_as_text() -> None:
    card = Card(body={"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Dark mode is on"}]})
    returned = CallReturned(call_id="c1", text="", shown=Shown(cards=(card,)))
    text = shown(JUDGED, returned, *deltas("Done."), TurnEnded(reason="answered"))
    assert text == "✓ Contoso Real Estate · getListings\n\nDone.\n\n| Dark mode is on\n"


def test_the_tokens_of_all_replies_are_summed_at_the_end() -> None:
    text = shown(
        ReplyReceived(text="", usage=Usage(input_tokens=100, output_tokens=5)),
        AnswerReceived(text="hi", usage=Usage(input_tokens=20, output_tokens=3)),
        TurnEnded(reason="answered"),
    )
    assert text == "hi\n\n120 tokens in, 8 out\n"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            RetryScheduled(attempt=2, delay=0.5, reason="HTTP 503"),
            "the model gave no answer: HTTP 503; trying again in 0.5 s",
        ),
        (TurnEnded(reason="error", detail="the model is away"), "✗ the model is away"),
        (TurnEnded(reason="limit", detail="12 calls"), "stopped at a limit: 12 calls"),
        (TurnEnded(reason="cancelled"), "stopped"),
        (TurnEnded(reason="disengaged"), "the assistant has ended this conversation"),
    ],
)
def test_what_happens_to_a_turn_is_said(event: Event, line: str) -> None:
    assert shown(event) == f"{line}\n"


def test_a_long_wait_is_shown_while_it_lasts() -> None:
    clock = Clock()
    view = view_on(StringIO(), clock=clock)
    with view.following():
        assert view.waiting() == ()
        clock.now += 2
        [thinking] = view.waiting()
        assert thinking.endswith("thinking (2 s)")
        view.show(JUDGED)
        view.show(DISPATCHED)
        assert view.waiting() == ()
        clock.now += 3
        view.show(CallProgress(call_id="c1", text="page 2\x1b[2J"))
        [calling] = view.waiting()
        assert calling.endswith("Contoso Real Estate · getListings: page 2 (3 s)")
        view.show(RETURNED)
        assert view.waiting() == ()


def test_on_a_terminal_the_text_ends_up_as_rendered_markdown() -> None:
    file = StringIO()
    view = view_on(file, is_live=True)
    with view.following():
        for event in deltas("# Homes\n\nThere are\nthree **ho", "mes** in\x1b[2J Seattle"):
            view.show(event)
        assert view.answer is not None
        assert view.answer.pending == "There are\nthree **homes** in Seattle"
    assert file.getvalue().count("Homes") == 1
    assert file.getvalue().rpartition("three ")[2].startswith("\x1b[1mhomes\x1b[0m in Seattle")
    assert "\x1b[2J" not in file.getvalue()
    assert view.answer is None


@pytest.mark.parametrize(("environ", "is_coloured"), [({"NO_COLOR": "1"}, False), ({}, True)])
def test_no_color_is_honoured(environ: dict[str, str], is_coloured: bool) -> None:
    """https://no-color.org: the variable is the interface."""
    file = StringIO()
    console = console_for(file, is_live=True, environ=environ)
    TerminalView(console, {}, is_live=True).failure("broken")
    assert "broken" in file.getvalue()
    assert ("\x1b[31m" in file.getvalue()) is is_coloured


def test_a_stream_that_cannot_write_the_marks_gets_plain_ones() -> None:
    file = TextIOWrapper(BytesIO(), encoding="ascii")
    view = TerminalView(console_for(file, is_live=False), {}, is_live=False)
    view.show(CallFailed(call_id="c1", message=""))
    file.seek(0)
    assert file.read() == "x call failed\n"
