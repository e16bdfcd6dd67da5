"""What stands on cards can be chosen in a chat, and its fields filled in, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest

from orchestrator.content import Card, Shown
from orchestrator.events import CallReturned, TurnEnded
from orchestrator.render.card_view import Offer
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.cards import BY_COMMAND, BY_NUMBER, MAX_LISTED, NOT_HERE, UNSEEN_NOTICE, fill_in, list_offers
from orchestrator.repl.dialogue import Dialogue, labels_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.session import converse, run_message
from orchestrator.response.card_forms import Choice
from orchestrator.response.card_inputs import Input, InputChoice
from runtimes.values import Json
from tests.servers.carding import carding_host
from tests.servers.person import WrittenPerson

ASK = "a table please"
EVERYTHING = ("Ada", "", "2", "")
"""Answers to all fields of the first card."""


async def said(person: WrittenPerson, *, end: str = "Here is a table.") -> str:
    file = StringIO()
    async with await carding_host(end) as host:
        view = TerminalView(console_for(file, is_live=False, width=80), labels_of(host), is_live=False)
        interrupts = Interrupts()
        assert await converse(Dialogue(host, view, person, interrupts), person, interrupts) == 0
    return file.getvalue()


async def at_desk(messages: Sequence[str], answers: Sequence[str | None] = ()) -> str:
    return await said(WrittenPerson(messages, answers=answers))


def told(text: str) -> str:
    """What the model was told last."""
    return text.rpartition("TOLD ")[2]


async def test_the_choices_of_a_turn_are_listed_with_numbers_that_go_on_from_card_to_card() -> None:
    """Issue 5, line 6."""
    text = await at_desk([ASK])
    assert "| (1) Reserve   (2) No, thanks\n\n| (3) Search again\n" in text
    assert "(1) Reserve  (2) No, thanks  (3) Search again\npick one by its number, or later with /choose N\n" in text


async def test_a_bare_number_right_after_the_turn_asks_for_the_fields_and_sends_them() -> None:
    """Issue 5, line 6: inputs that can be answered, a choice that sends its data as the next message."""
    person = WrittenPerson([ASK, "1"], answers=EVERYTHING)
    text = await said(person)
    assert person.asked == [
        "Name (required): ",
        "Guests (number) [2]: ",
        "Room (a number) [Inside]: ",
        "PIN [as it is]: ",
    ]
    assert "  1  Inside\n  2  Garden\n" in text
    for part in ('"kind":"reserve"', '"name":"Ada"', '"guests":"2"', '"room":"g"', '"pin":"•••"', '"token":"t-1"'):
        assert part in told(text).replace('": ', '":')
    assert "Reserve" in told(text)


async def test_a_choice_without_fields_is_sent_at_once() -> None:
    person = WrittenPerson([ASK, "2"])
    text = await said(person)
    assert person.asked == []
    assert "No, thanks" in told(text)
    assert '"none"' in told(text)


async def test_a_number_is_a_message_unless_cards_came_with_the_turn_before() -> None:
    text = await at_desk([ASK, "hello", "2", "/choose 2"])
    assert "TOLD 2\n" in text
    assert '"none"' in told(text)


async def test_a_number_answers_a_question_that_the_answer_asks() -> None:
    person = WrittenPerson([ASK, "2", "/choose 2"])
    text = await said(person, end="For how **many?**")
    assert "TOLD 2\n" in text
    assert f"{BY_COMMAND}\n" in text
    assert BY_NUMBER not in text
    assert '"none"' in told(text)


async def test_a_number_that_no_choice_has_is_a_message() -> None:
    assert told(await at_desk([ASK, "4"])).strip() == "4"


async def test_choose_says_what_there_is_to_choose() -> None:
    text = await at_desk(["/choose", ASK, "/choose 9", "/choose x", "/choose"])
    assert "there is nothing to choose" in text
    assert "there is no choice '9'; they go from 1 to 3" in text
    assert "there is no choice 'x'" in text
    assert text.count("pick one by its number") == 2


async def test_an_answer_that_does_not_fit_is_asked_for_again() -> None:
    text = await at_desk([ASK, "1"], ["", "Ada", "9", "-", "3", "Attic", "Garden", "1234"])
    for part in ("an answer is needed here", "at most 8", "one of: Inside, Garden"):
        assert part in text
    assert '"pin":"•••"' in told(text).replace('": ', '":')
    assert "1234" not in text
    assert UNSEEN_NOTICE in text.replace("\n", " ")


async def test_ctrl_c_leaves_the_fields_and_nothing_is_sent() -> None:
    text = await at_desk([ASK, "1", "2"], ["Ada", None])
    assert "nothing is sent" in text
    assert text.count("TOLD") == 1
    assert '"none"' in told(text)


async def test_choices_go_with_the_conversation_that_they_belong_to() -> None:
    for command in ("/clear", "/undo"):
        text = await at_desk([ASK, command, "/choose 2"])
        assert "there is nothing to choose" in text
        assert "TOLD" not in text


async def test_a_choice_that_is_sent_again_is_the_same_choice() -> None:
    text = await at_desk([ASK, "2", "/retry"])
    assert text.count("TOLD No, thanks") == 2
    assert '"none"' in told(text)


async def test_in_a_pipe_choices_are_listed_and_cannot_be_taken() -> None:
    """Issue 5, line 6."""
    text = await said(WrittenPerson([ASK, "2", "/choose 2"], is_interactive=False))
    assert "| [Reserve]   [No, thanks]\n" in text
    assert f"{NOT_HERE}\n" in text
    assert "TOLD 2\n" in text
    assert '"none"' not in text


async def test_with_one_message_choices_are_listed_and_cannot_be_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Issue 5, line 6: `chat -m` the same."""
    async with await carding_host() as host:
        assert await run_message(host, ASK) == 0
    out = capsys.readouterr().out
    assert "| [Reserve]   [No, thanks]\n" in out
    assert out.endswith(f"\n{NOT_HERE}\n")


def _view(file: StringIO) -> TerminalView:
    return TerminalView(console_for(file, is_live=False, width=80), {}, is_live=False)


def _offer(number: int, *inputs: Input) -> Offer:
    choice = Choice(title=f"choice\x1b[2J {number}", inputs=inputs)
    return Offer(number=number, call_id="c1", result_id="r1", choice=choice)


async def test_what_is_hidden_is_not_asked_for_and_what_is_secret_is_not_shown() -> None:
    file = StringIO()
    person = WrittenPerson([], answers=["", "-", "y", "1, c"])
    fields = (
        Input(id="h", kind="Text", label="Hidden", value="x", is_hidden=True),
        Input(id="s", kind="Text", label="Secret", value="hunter2", is_secret=True),
        Input(id="n", kind="Text", label="Note\x1b[2J", value="to be emptied", placeholder="say something"),
        Input(id="t", kind="Toggle", label="Toggle"),
        Input(
            id="m",
            kind="ChoiceSet",
            label="Many",
            is_multiple=True,
            value="b",
            choices=tuple(InputChoice(title=name.upper(), value=name) for name in "abc"),
        ),
    )
    action = await fill_in(_view(file), person, _offer(1, *fields))
    assert action is not None
    assert action.data == {"h": "x", "s": "hunter2", "t": "true", "m": "a,c"}
    assert (action.call_id, action.result_id, action.secret) == ("c1", "r1", ("s",))
    assert person.asked == [
        "Secret [as it is]: ",
        "Note [to be emptied]: ",
        "Toggle (y/n) [n]: ",
        "Many (numbers, with commas) [B]: ",
    ]
    assert "hunter2" not in file.getvalue()
    assert "say something" in file.getvalue()


def test_many_choices_are_listed_in_part() -> None:
    file = StringIO()
    list_offers(_view(file), [_offer(number) for number in range(1, MAX_LISTED + 6)])
    assert f"({MAX_LISTED}) choice {MAX_LISTED}  and 5 more\n" in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_the_numbers_are_those_of_the_last_turn_that_was_shown() -> None:
    body: dict[str, Json] = {"actions": [{"type": "Action.Submit", "title": "Go"}]}
    view = _view(StringIO())
    view.show(CallReturned(call_id="c1", text="", shown=Shown(cards=(Card(body=body), Card(body=body)))))
    view.show(TurnEnded(reason="answered"))
    assert [(offer.number, offer.call_id) for offer in view.offers] == [(1, "c1"), (2, "c1")]
