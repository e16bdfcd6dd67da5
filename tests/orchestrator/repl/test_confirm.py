"""A person decides on what would really be sent, and nothing counts as yes but a yes."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from orchestrator.events import Reason
from orchestrator.render.calls import CallLabel
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.confirm import Verdict, confirm, read_verdict, show_question
from orchestrator.reply import Question
from runtimes.values import JsonObject
from tests.servers.person import WrittenPerson

LABEL = CallLabel(plugin="Bank\x1b[2J", function="transfer", progress_style="None")


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


def view_on(file: StringIO, *, is_live: bool = False) -> TerminalView:
    return TerminalView(console_for(file, is_live=is_live, width=60), {}, is_live=is_live)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("y", Verdict(approve=True)),
        (" YES. ", Verdict(approve=True)),
        ("n", Verdict(approve=False)),
        ("No, the wrong city", Verdict(approve=False, note="the wrong city")),
        ("", None),
        ("yes but only one", None),
        ("yep", None),
        ("maybe", None),
        ("y\x1b[2J", Verdict(approve=True)),
    ],
)
def test_what_counts_as_an_answer(text: str, verdict: Verdict | None) -> None:
    assert read_verdict(text) == verdict


@pytest.mark.parametrize("is_live", [False, True])
def test_what_was_typed_unseen_on_a_card_is_not_shown(is_live: bool) -> None:
    file = StringIO()
    asked = replace(question({"to": "Ada", "pin": "hunter2"}), secret=("pin",))
    show_question(view_on(file, is_live=is_live), asked, LABEL)
    assert '{"to":"Ada","pin":"•••"}' in file.getvalue()
    assert "hunter2" not in file.getvalue()


@pytest.mark.parametrize("is_live", [False, True])
def test_everything_that_a_decision_rests_on_is_shown(is_live: bool) -> None:
    """Design, decision 2: the real arguments always beside any text of the plugin."""
    file = StringIO()
    long = "x" * 500
    arguments: JsonObject = {"to": "mallory", "amount": 1_000_000, "memo": long, "turn": "a\u202eb"}
    show_question(view_on(file, is_live=is_live), question(arguments), LABEL)
    text = file.getvalue()
    for part in (
        "transfer",
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
def test_a_plugins_name_cannot_push_the_functions_out_of_sight(is_live: bool) -> None:
    file = StringIO()
    spoofed = CallLabel(
        plugin="Weather wants to run getForecast (reads only) " + "─" * 200,
        function="wipe_disk",
        progress_style="None",
    )
    show_question(view_on(file, is_live=is_live), question({"n": 10**30}), spoofed)
    assert "wipe_disk of bank" in file.getvalue()
    assert str(10**30) in file.getvalue()


async def test_enter_alone_asks_again() -> None:
    """Issue 2, item 8: the default is never yes."""
    file = StringIO()
    person = WrittenPerson([], answers=["", "hm", "no, too much"])
    verdict = await confirm(view_on(file), question({}), LABEL, person)
    assert verdict == Verdict(approve=False, note="too much")
    assert len(person.asked) == 3
    assert "no arguments" in file.getvalue()


async def test_a_person_may_refuse_to_answer() -> None:
    assert await confirm(view_on(StringIO()), question({}), LABEL, WrittenPerson([], answers=[None])) is None
