"""All open questions are shown together and answered one by one; whatever is no answer leaves them open."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest

from orchestrator.answers_file import FileAnswers
from orchestrator.conversation import Conversation
from orchestrator.events import CallDecided
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.policy.answers import Answers
from orchestrator.render.console import console_for
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answering import Beforehand
from orchestrator.repl.asking import Asking, choices_for
from orchestrator.repl.confirm import numbered
from orchestrator.repl.dialogue import labels_of
from orchestrator.repl.editing import MAX_EDITED
from orchestrator.turn.questions import QUESTION_LIFETIME
from tests.servers.asking import ObedientModel, manifest
from tests.servers.loopback import LoopbackServer, Request, Response, json_response, serve
from tests.servers.person import WrittenPerson

THREE = 'order {"item": "tea"} & cancel {"id": "7"} & find {"id": "9"}'


async def _fine(request: Request) -> Response:
    del request
    return json_response({"ok": True})


@dataclass(kw_only=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(kw_only=True)
class Shop:
    """A chat with open questions, and what reaches the API."""

    host: Orchestrator
    chat: Conversation
    server: LoopbackServer
    clock: Clock
    screen: StringIO
    view: TerminalView

    async def answered(self, *answers: str | None, is_kept: bool = False) -> bool:
        """Lets the person say that, and has whatever may run run."""
        person = WrittenPerson([], answers=answers)
        is_done = await Asking(self.view, labels_of(self.host), person, is_kept=is_kept)(self.chat)
        if is_done:
            await self.chat.resume()
        return is_done

    @property
    def sent(self) -> list[str]:
        return sorted(
            f"{request.method} {request.target} {request.body.decode()}".rstrip() for request in self.server.requests
        )

    @property
    def text(self) -> str:
        return self.screen.getvalue()


@asynccontextmanager
async def shop(message: str, answers: Answers | None = None) -> AsyncGenerator[Shop]:
    clock = Clock()
    async with serve(_fine) as server:
        plugin = await load_plugin(manifest(server.url), allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model=ObedientModel(), clock=clock, answers=answers) as host:
            chat = host.conversation(person="ada")
            screen = StringIO()
            view = TerminalView(console_for(screen, is_live=False, width=100), labels_of(host), is_live=False)
            async for event in chat.send(message):
                view.show(event)
            yield Shop(host=host, chat=chat, server=server, clock=clock, screen=screen, view=view)


async def test_each_call_is_answered_by_its_number() -> None:
    """Issue 7: all pending calls are shown together and can be answered one by one."""
    async with shop(THREE) as it:
        assert await it.answered("2 n not that one", "1 y", "3 y")
        assert it.sent == ["GET /orders/9", 'POST /orders {"item":"tea"}']
        assert it.text.index("(1) Tea Shop wants to run order") < it.text.index("(3) Tea Shop wants to run find")
        assert "cancel declined\n  not that one" in it.text
        assert "(1) order of shop\n(3) find of shop\n" in it.text


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        (["all y"], ["DELETE /orders/7", "GET /orders/9", 'POST /orders {"item":"tea"}']),
        (["all n"], []),
        (["3 y", "all n too much"], ["GET /orders/9"]),
        (["1 n", "2 n", "y"], ["GET /orders/9"]),
    ],
)
async def test_the_rest_is_answered_at_once(answers: Sequence[str], sent: list[str]) -> None:
    async with shop(THREE) as it:
        assert await it.answered(*answers)
        assert it.sent == sent


@pytest.mark.parametrize(
    "typed", ["", "y", "yes please", "hm", "4 y", "0 y", "1", "all", "1 yes please", "all a", "1 a"]
)
async def test_what_is_no_answer_settles_nothing(typed: str) -> None:
    """Issue 7: never a default, and `yes please` is no yes."""
    async with shop(THREE) as it:
        assert not await it.answered(typed, None)
        assert len(it.chat.pending) == 3
        assert it.sent == []


async def test_a_bare_yes_to_several_is_asked_for_which() -> None:
    async with shop(THREE) as it:
        await it.answered("y", "all n")
        assert "nothing runs without an answer: say which one (1, 2, 3), or all\n" in it.text


async def test_a_number_alone_shows_its_question_again() -> None:
    async with shop(THREE) as it:
        await it.answered("2", "all n")
        assert it.text.count("wants to run cancel") == 2
        assert it.text.count("wants to run order") == 1


async def test_leaving_runs_nothing_of_what_was_answered() -> None:
    async with shop(THREE) as it:
        assert not await it.answered("1 y", None)
        assert it.sent == []
        assert [question.function for question in it.chat.pending] == ["cancel", "find"]


async def test_arguments_are_edited_and_run_in_the_place_of_the_models() -> None:
    async with shop('order {"item": "tea"}') as it:
        assert await it.answered("e", '{"item": "coffee", "count": 2}')
        assert it.sent == ['POST /orders {"item":"coffee","count":2}']


async def test_an_edit_that_changes_nothing_is_a_yes() -> None:
    async with shop('order {"item": "tea"}') as it:
        assert await it.answered("e", ' {"item" : "tea"} ')
        assert it.sent == ['POST /orders {"item":"tea"}']


async def test_a_mistake_in_edited_arguments_is_told_and_asked_again() -> None:
    async with shop('order {"item": "tea"}') as it:
        wrong = '{"item": "tea", "count": 99}'
        person = WrittenPerson([], answers=["e", "{", '{"itm": "tea"}', wrong, "[]", '{"item": "coffee"}'])
        assert await Asking(it.view, {}, person, is_kept=False)(it.chat)
        assert person.drafts == ["", '{"item":"tea"}', "{", '{"itm": "tea"}', wrong, "[]"]
        for words in ("this is not JSON", "did you mean 'item'?", "99 is greater than the maximum of 9", "in braces"):
            assert words in it.text


async def test_where_a_draft_cannot_stand_in_the_line_it_is_shown_above() -> None:
    async with shop('order {"item": "tea"}') as it:
        assert await it.answered("e", None, "n")
        assert 'Ctrl-C goes back\n{"item":"tea"}\n' in it.text


async def test_arguments_that_are_too_long_to_be_edited_are_not() -> None:
    async with shop(f'order {{"item": "{"x" * MAX_EDITED}"}}') as it:
        assert await it.answered("e", "n shorter, please")
        assert "too long to be edited here; say what to change with n WHY" in it.text
        assert it.sent == []


async def test_leaving_an_edit_leaves_the_question_open() -> None:
    async with shop('order {"item": "tea"}') as it:
        assert await it.answered("e", None, "n")
        assert "nothing was changed, and the question is still open" in it.text
        assert it.sent == []


async def test_one_of_several_is_edited() -> None:
    async with shop(THREE) as it:
        assert await it.answered("2 e", '{"id": "8"}', "all n")
        assert it.sent == ["DELETE /orders/8"]


async def test_always_is_confirmed_and_asked_no_more() -> None:
    """Issue 7, line 2."""
    async with shop('find {"id": "9"}') as it:
        assert it.chat.pending[0].may_always
        assert await it.answered("a")
        assert "find of shop runs without asking from now on, for as long as this program runs\n" in it.text
        reply = await it.chat.ask('find {"id": "10"}')
        assert not reply.pending
        assert it.sent == ["GET /orders/10", "GET /orders/9"]


async def test_how_an_always_that_is_kept_is_taken_back_is_said(tmp_path: Path) -> None:
    async with shop('find {"id": "9"}', FileAnswers(tmp_path / "answers.json")) as it:
        assert await it.answered("a", is_kept=True)
        words = "find of shop runs without asking from now on; `orchestrator policy --forget shop.find` takes it back\n"
        assert words in it.text


async def test_an_always_that_cannot_be_kept_runs_this_once_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    async with shop('find {"id": "9"}', FileAnswers(path)) as it:
        path.write_text("{", encoding="utf-8")
        assert await it.answered("a", is_kept=True)
        assert it.sent == ["GET /orders/9"]
        assert "cannot read the remembered answers" in it.text
        assert "from now on" not in it.text
        decided = [fact for fact in await it.chat.facts() if isinstance(fact, CallDecided)]
        assert [(fact.decision, fact.always) for fact in decided] == [("approve", False)]
        assert "for always" not in it.chat.explain()


async def test_always_is_not_to_be_had_for_what_changes_something() -> None:
    async with shop('order {"item": "tea"}') as it:
        assert "never ask again" not in " ".join(choices_for(numbered(it.chat.pending)))
        assert await it.answered("a", "n")
        assert "'order' is asked about each time; y runs it this once" in it.text


async def test_what_is_said_of_one_of_several_begins_with_its_number() -> None:
    async with shop(THREE) as it:
        assert await it.answered("1 a", "all n")
        assert "'order' is asked about each time; 1 y runs it this once" in it.text
        assert it.sent == []


async def test_what_can_be_typed_is_said() -> None:
    """Issue 7, line 2: always is offered with the numbers that it goes with."""
    async with shop(THREE) as it:
        order, _, find = it.chat.pending
        assert choices_for({"1": order}) == ("y: run it", "n or n WHY: do not", "e: edit it")
        assert choices_for({"3": find})[-1] == "a: never ask again"
        assert choices_for({"1": order, "3": find, "4": replace(find, call_id="x")}) == (
            "1 y: run it",
            "1 n or 1 n WHY: do not",
            "1 e: edit it",
            "3 a, 4 a: never ask again",
            "all y, all n: for all that are left",
            "1: show it again",
        )


class Overtaken(WrittenPerson):
    """Somebody before whose answer something else happens."""

    def __init__(self, answers: Sequence[str | None], before: Callable[[], Awaitable[object]]) -> None:
        super().__init__([], answers=answers)
        self._before = before

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """The next answer, too late."""
        if not self.asked:
            await self._before()
        return await super().answer(prompt, is_secret=is_secret, draft=draft)


async def test_the_second_of_two_answers_is_told_of_the_first() -> None:
    """Issue 7, line 3."""
    async with shop('order {"item": "tea"}') as it:
        call_id = it.chat.pending[0].call_id
        person = Overtaken(["y"], lambda: it.chat.decide(call_id, approve=False))
        assert await Asking(it.view, {}, person, is_kept=False)(it.chat)
        await it.chat.resume()
        assert "too late, your answer does not count: you declined it" in it.text
        assert it.sent == []


async def test_what_was_answered_elsewhere_meanwhile_is_not_asked_again() -> None:
    async with shop(THREE) as it:
        call_id = it.chat.pending[1].call_id
        person = Overtaken(["1 n", "3 n"], lambda: it.chat.decide(call_id, approve=True))
        assert await Asking(it.view, {}, person, is_kept=False)(it.chat)
        await it.chat.resume()
        assert "(2) was answered elsewhere meanwhile" in it.text
        assert it.sent == ["DELETE /orders/7"]


async def test_an_answer_that_comes_too_late_is_told_so() -> None:
    async with shop('order {"item": "tea"}') as it:
        it.clock.now += QUESTION_LIFETIME + 1
        assert await it.answered("y")
        assert "nobody answered in time: this question does not count any more, and nothing runs" in it.text
        assert it.sent == []


async def test_a_yes_beforehand_answers_all_and_says_so() -> None:
    """Issue 7: `--yes` approves, and never for always."""
    async with shop(THREE) as it:
        assert await Beforehand(it.view, labels_of(it.host), it.view.show)(it.chat)
        await it.chat.resume()
        assert len(it.sent) == 3
        assert "all 3 approved by --yes\n" in it.text
        assert (await it.chat.ask('find {"id": "9"}')).pending
