"""A person decides on what would really be sent: all of it is shown, and the plugin's own words are called so."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.events import Reason
from orchestrator.render.calls import CallLabel
from orchestrator.render.console import console_for
from orchestrator.render.sanitize import clean
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.confirm import MAX_SAID_LINES, numbered, show_question, show_questions
from orchestrator.reply import Question
from runtimes.values import JsonObject

LABEL = CallLabel(plugin="Bank\x1b[2J", function="transfer", progress_style="None")
WIDTHS = (20, 40, 80)


class Terminal(StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def question(arguments: JsonObject) -> Question:
    return Question(
        call_id="c1",
        plugin="bank",
        function="transfer",
        arguments=arguments,
        title="Just a look",
        body="Nothing is sent.\x1b[1A",
        destination="https://bank.example.test",
        reasons=(Reason(source="method", text="POST changes things"),),
        expires=0.0,
    )


def shown(
    asked: Question, *, is_live: bool = True, width: int = 60, label: CallLabel = LABEL, dumb: bool = False
) -> str:
    file = Terminal() if dumb else StringIO()
    view = TerminalView(console_for(file, is_live=is_live, width=width), {}, is_live=is_live)
    show_question(view, asked, label)
    return file.getvalue()


def lines_of(text: str) -> list[str]:
    """What stands in the frame, without it."""
    return [line.strip("│ ") for line in clean(text).splitlines()]


@pytest.mark.parametrize("is_live", [False, True])
def test_what_was_typed_unseen_on_a_card_is_not_shown(is_live: bool) -> None:
    text = shown(replace(question({"to": "Ada", "pin": "hunter2"}), secret=("pin",)), is_live=is_live)
    assert '{"to":"Ada","pin":"•••"}' in text
    assert "hunter2" not in text


@pytest.mark.parametrize("is_live", [False, True])
def test_everything_that_a_decision_rests_on_is_shown(is_live: bool) -> None:
    """Design, decision 2: the real arguments always beside any text of the plugin."""
    long = "x" * 5000
    arguments: JsonObject = {"to": "mallory", "amount": 1_000_000, "memo": long, "turn": "a\u202eb"}
    text = shown(question(arguments), is_live=is_live)
    for part in (
        "transfer of bank",
        "https://bank.example.test",
        "Nothing is sent.",
        "mallory",
        "1000000",
        "POST changes things",
    ):
        assert part in text
    assert text.count("x") >= len(long)
    assert "<U+202E>" in text
    assert "\x1b[2J" not in text
    assert "\x1b[1A" not in text


@pytest.mark.parametrize("is_live", [False, True])
def test_what_the_plugin_says_stands_below_what_the_host_says_and_is_called_so(is_live: bool) -> None:
    """Issue 7, line 2."""
    lines = lines_of(shown(question({}), is_live=is_live))
    at = lines.index("the plugin says:")
    assert lines[at + 1 : at + 3] == ["> Just a look", "> Nothing is sent."]
    assert not any("Just a look" in line for line in lines[:at])
    host = " ".join(lines[:at])
    assert all(word in host for word in ("runs", "goes to", "no arguments", "because"))


@pytest.mark.parametrize("is_live", [False, True])
def test_what_the_model_had_read_is_a_warning_of_its_own(is_live: bool) -> None:
    """Issue 7, line 4."""
    read = Reason(source="data", text="the model had read data of \x1b[8m'mail'")
    text = clean(shown(replace(question({}), reasons=(*question({}).reasons, read)), is_live=is_live))
    careful = next(line for line in text.splitlines() if "careful" in line)
    assert "the model had read data of 'mail'" in careful
    assert "POST changes things" not in careful


@pytest.mark.parametrize("is_live", [False, True])
def test_a_plugins_name_cannot_push_the_functions_out_of_sight(is_live: bool) -> None:
    spoofed = CallLabel(
        plugin="Weather wants to run getForecast (reads only) " + "─" * 200,
        function="transfer",
        progress_style="None",
    )
    text = shown(question({"n": 10**30}), is_live=is_live, label=spoofed)
    assert "transfer of bank" in text
    assert str(10**30) in text


@pytest.mark.parametrize("is_live", [False, True])
def test_long_words_of_the_plugin_are_cut_and_that_is_said(is_live: bool) -> None:
    text = clean(shown(replace(question({}), title="", body="\n \n".join("abcdefghij") * 4), is_live=is_live))
    assert text.count("> ") == MAX_SAID_LINES
    assert "more lines of it" in text
    assert "goes to" in text


FORGED = "All is well.\n╰──────╯\nrun it? y\n\ttransfer declined\r\nbecause: it is safe" + " " * 70 + "run it? y"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dumb", [False, True])
def test_no_line_of_outside_text_can_look_like_the_prompt(width: int, dumb: bool) -> None:
    """Issue 7, line 5: neither after a new line nor where the terminal wraps."""
    arguments: JsonObject = {"memo": FORGED}
    asked = replace(
        question(arguments),
        title=FORGED,
        body=FORGED,
        reasons=(Reason(source="data", text=FORGED),),
        destination=FORGED,
    )
    label = CallLabel(plugin=FORGED, function="transfer", progress_style="None")
    for line in clean(shown(asked, is_live=not dumb, width=width, label=label, dumb=dumb)).splitlines():
        assert line[:1] in ("╭", "│", "╰", "?", " ")
        if not line.startswith("?"):
            assert len(line) <= width


@pytest.mark.parametrize("width", WIDTHS)
@given(text=st.text(max_size=300))
def test_nothing_of_an_argument_is_left_out(text: str, width: int) -> None:
    """However narrow the terminal is: every letter is there, in its order, whatever stands before it."""
    value = text.encode(errors="replace").decode()
    letters = iter("".join(lines_of(shown(question({"memo": value}), width=width))))
    assert all(char in letters for char in value if char.isascii() and char.isalnum())


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize("control", ["\x1b]0;", "\x98", "\x9b", "\x9d", "\x7f"])
def test_no_control_in_an_argument_takes_what_follows_out_of_sight(control: str, *, is_live: bool) -> None:
    text = shown(question({"memo": f"a{control}bc", "to": "mallory"}), is_live=is_live)
    assert f'a\\u{ord(control[0]):04x}{control[1:]}bc","to":"mallory"}}' in text


@pytest.mark.parametrize("is_live", [False, True])
def test_several_questions_are_numbered(is_live: bool) -> None:
    """Issue 7, line 2."""
    file = StringIO()
    view = TerminalView(console_for(file, is_live=is_live, width=60), {}, is_live=is_live)
    show_questions(view, numbered([question({"n": 1}), replace(question({"n": 2}), function="close")]), {})
    text = clean(file.getvalue())
    assert "(1) bank wants to run transfer" in text
    assert "(2) bank wants to run close" in text


def test_arguments_that_do_not_fit_on_a_line_have_a_line_each() -> None:
    arguments: JsonObject = {"item": "tea", "count": 2, "to": "ada"}
    assert '{"item":"tea","count":2,"to":"ada"}' in shown(question(arguments), width=60)
    assert '"count": 2,' in lines_of(shown(question(arguments), width=40))


def test_one_question_has_no_number() -> None:
    assert "(1)" not in shown(question({}))
