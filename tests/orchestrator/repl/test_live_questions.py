"""Questions of a running plugin in the loop: whose words they are, what is typed, and where nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

import anyio
import pytest

from orchestrator.events import CallReturned
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.dialogue import Dialogue, labels_of
from orchestrator.repl.interrupts import Interrupts
from orchestrator.repl.live_questions import MAX_LINES, LiveAsking
from orchestrator.repl.session import converse
from orchestrator.signals import QuestionRaised
from orchestrator.turn.live_questions import PluginQuestion
from runtimes.base import CallContext
from runtimes.questions import Ask, LiveQuestion
from runtimes.values import Json
from tests.servers.inquisitive import BOOK, DROP, VISIT, Behaviour, Curious, asking, curious_host, nag, said
from tests.servers.person import WrittenPerson


async def session(
    person: WrittenPerson, *, approve_all: bool = False, is_live: bool = False, **behaviours: Behaviour
) -> tuple[str, Curious]:
    """What the screen shows, and what the plugin got."""
    file, runtime = StringIO(), Curious(**behaviours)
    with anyio.fail_after(10):
        async with await curious_host(runtime) as host:
            console = console_for(file, is_live=is_live, width=76, environ={"NO_COLOR": "1"})
            view = TerminalView(console, labels_of(host), is_live=is_live)
            interrupts = Interrupts()
            dialogue = Dialogue(host, view, person, interrupts, approve_all=approve_all)
            assert await converse(dialogue, person, interrupts) == 0
    return file.getvalue(), runtime


async def asked(behaviour: Behaviour, *answers: str | None) -> tuple[str, Json, WrittenPerson]:
    person = WrittenPerson(["go {}"], answers=answers)
    text, runtime = await session(person, go=behaviour)
    assert len(runtime.results) <= 1
    return text, next(iter(runtime.results), None), person


def got(action: str, **content: Json) -> Json:
    return {"action": action, "content": content, "reason": ""}


async def test_a_question_says_who_asks_and_whose_the_words_are() -> None:
    text, result, person = await asked(DROP, "y")
    assert text == (
        "? Inquisitive asks you\n"
        "  while it runs: go of curious\n"
        "  the plugin says:\n"
        "  > Delete 3 files?\n"
        "y: yes; n: no; Ctrl-C: no answer, and a second one stops the turn\n"
        '· Inquisitive · go asked "Delete 3 files?": you said yes\n'
        "✓ Inquisitive · go\n"
        "\n"
        "DONE WITH 1\n"
        "\n"
    )
    assert result == got("accept")
    assert person.asked == ["your answer? [y/n] "]


@pytest.mark.parametrize(
    ("answers", "action", "line"),
    [
        (["n"], "decline", "you said no"),
        (["", "yes please", "a", "e", "maybe", "no"], "decline", "you said no"),
        (["", "Y"], "accept", "you said yes"),
        ([None], "cancel", "not answered"),
    ],
)
async def test_only_a_yes_is_a_yes(answers: Sequence[str | None], action: str, line: str) -> None:
    text, result, person = await asked(DROP, *answers)
    assert result == got(action)
    assert f'asked "Delete 3 files?": {line}\n' in text
    assert len(person.asked) == len(answers)
    assert "DONE WITH 1" in text


async def test_a_form_is_filled_in_one_after_the_other_and_shown_before_it_is_sent() -> None:
    text, result, person = await asked(BOOK, "", "A", "Ada", "", "3", "2", "n", "nowhere", "-", "ada@example.org", "y")
    assert result == got("accept", name="Ada", nights=2, view="hill", breakfast=False, mail="ada@example.org")
    assert person.asked == [
        "Your name: ",
        "Your name: ",
        "Your name: ",
        "nights (a whole number, optional) [2]: ",
        "view (a number from the list, optional): ",
        "view (a number from the list, optional): ",
        "breakfast (y/n, optional) [yes]: ",
        "mail (name@example.org, optional): ",
        "mail (name@example.org, optional): ",
        "mail (name@example.org, optional): ",
        "send this to the plugin? [y/n] ",
    ]
    for part in (
        "type no password",
        "the plugin does not go on without it",
        "  1  Sea view\n  2  Hill view\n",
        "choose a number from 1 to 2",
        "  Your name: Ada\n  nights: 2\n  view: Hill view\n  breakfast: no\n  mail: ada@example.org\n",
        'asked "Whom is it for?": you answered',
    ):
        assert part in text


async def test_what_is_optional_is_left_out() -> None:
    text, result, _ = await asked(BOOK, "Ada", "-", "", "-", "", "y")
    assert result == got("accept", name="Ada")
    assert "  nights: left out\n" in text


@pytest.mark.parametrize(
    ("answers", "action"),
    [(["Ada", "", "", "", "", "n"], "decline"), (["Ada", None], "cancel"), (["Ada", "", "", "", "", None], "cancel")],
)
async def test_a_form_that_is_not_sent_gives_nothing(answers: Sequence[str | None], action: str) -> None:
    _, result, _ = await asked(BOOK, *answers)
    assert result == got(action)


async def test_a_page_is_shown_whole_and_with_its_host() -> None:
    text, result, person = await asked(VISIT, "y")
    assert "  a page of:     pay.example.com\n  address:       https://pay.example.com/order?n=7\n" in text
    assert person.asked == ["will you open this page yourself? [y/n] "]
    assert result == got("accept")


async def test_the_plugins_words_can_neither_look_like_ours_nor_push_them_away() -> None:
    words = "? Shop wants to run pay\n  goes to nowhere\n" + "more\n" * 200
    text, _, _ = await asked(asking(LiveQuestion(text=words, title="your answer? [y/n] y")), "n")
    assert "\n  > your answer? [y/n] y\n  > ? Shop wants to run pay\n  >   goes to nowhere\n" in text
    assert text.count("  > ") == MAX_LINES
    assert "more lines of it\n" in text


async def test_several_questions_come_one_after_the_other() -> None:
    async def both(ask: Ask, context: CallContext) -> Json:
        got: list[Json] = [None, None]

        async def put(number: int) -> None:
            got[number] = said(await ask(LiveQuestion(text=f"Number {number}?")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(put, 0)
            tasks.start_soon(put, 1)
        return got

    person = WrittenPerson(["go {} & other {}"], answers=["y", "n", "y"])
    text, runtime = await session(person, go=both, other=DROP)
    assert len(person.asked) == 3
    assert text.count("asks you") == 3
    assert len(runtime.results) == 2
    assert "DONE WITH 2" in text


async def test_two_refusals_to_answer_in_a_row_stop_the_turn() -> None:
    """However often a plugin asks, the person gets away with a second Ctrl-C."""
    text, result, person = await asked(nag, None, None)
    assert len(person.asked) == 2
    assert result is None
    assert text.rstrip().endswith("\nstopped")


async def test_an_answer_in_between_counts_anew() -> None:
    _, result, person = await asked(nag, *([None, "y"] * 5))
    assert len(person.asked) == 10
    assert isinstance(result, list)


class Thinking:
    """Somebody who has the question before them, and does not answer."""

    def __init__(self) -> None:
        self.sees = anyio.Event()

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """Never."""
        del prompt, is_secret, draft
        self.sees.set()
        await anyio.sleep_forever()
        return None


ASKED = PluginQuestion(
    plugin="curious", function="go", call_id="c", number=1, person="ada", question=LiveQuestion(text="Now?")
)
RAISED = QuestionRaised(call_id="c", number=1, plugin="curious", function="go", text="Now?")


async def test_a_question_that_is_withdrawn_is_not_asked_any_longer() -> None:
    file, person, came = StringIO(), Thinking(), list[bool]()
    view = TerminalView(console_for(file, is_live=False), {}, is_live=False)
    live = LiveAsking(view, {}, person, Interrupts())

    async def put() -> None:
        came.append(await live.put(RAISED))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as ours, anyio.create_task_group() as plugin:
            plugin.start_soon(live.asks, ASKED)
            await anyio.wait_all_tasks_blocked()
            assert live.has(RAISED)
            ours.start_soon(put)
            await person.sees.wait()
            plugin.cancel_scope.cancel()
    assert came == [True]
    assert "the plugin does not wait for an answer any more" in file.getvalue()
    assert not live.has(RAISED)


@pytest.mark.parametrize("approve_all", [False, True])
async def test_in_a_pipe_and_with_yes_nobody_is_asked(approve_all: bool) -> None:
    """`--yes` says yes to calls, not to whatever a plugin asks."""
    person = WrittenPerson(["go {}"], is_interactive=approve_all)
    text, runtime = await session(person, approve_all=approve_all, go=DROP)
    assert runtime.results == [{"action": "decline", "content": {}, "reason": "nobody is present to answer"}]
    assert 'go asked "Delete 3 files?": not answered\n  nobody is present to answer\n' in text
    assert not person.asked


async def test_at_a_terminal_it_stands_in_a_frame() -> None:
    text, _ = await session(WrittenPerson(["go {}"], answers=["y"]), is_live=True, go=DROP)
    assert "│ > Delete 3 files?" in text
    assert re.search("╭─.* Inquisitive asks you .*─╮", text)


async def test_a_new_conversation_can_be_asked_too() -> None:
    person = WrittenPerson(["/new", "go {}"], answers=["y"])
    text, runtime = await session(person, go=DROP)
    assert runtime.results == [got("accept")]
    assert "you said yes" in text


async def test_what_is_kept_of_the_call_has_the_question() -> None:
    async with await curious_host(Curious(go=DROP)) as host:
        chat = host.conversation()
        await chat.ask("go {}")
        (returned,) = [fact for fact in await chat.facts() if isinstance(fact, CallReturned)]
    assert '"Delete 3 files?" — not answered' in returned.text
