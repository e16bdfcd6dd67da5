"""Conversations are told in Python, in the words of a conversation file (issue 6)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import is_typeddict

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel

import orchestrator.testing
from orchestrator.errors import UsageError
from orchestrator.testing import Backend, Story, call, hosted
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.format.expectations import Expect
from orchestrator.testing.format.settings import Settings, Stub
from orchestrator.testing.playing.stage import Unplayable
from orchestrator.testing.python.fixtures import ModelFactory
from orchestrator.testing.python.written import WrittenExpect, WrittenSettings, WrittenStub, WrittenTurn, plain
from tests.orchestrator.testing.playing import write_plugin


def _holding_itself() -> list[object]:
    holding: list[object] = []
    holding.append(holding)
    return holding


FIND = [call("getHome", id="1"), "It is in Oak Street."]


@pytest.fixture(autouse=True)
def homes(tmp_path: Path) -> None:
    write_plugin(tmp_path)


async def test_a_story_reads_like_the_file(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json", person="grace") as chat:
        turn = await chat.say("Find home 1", model=FIND)
        turn.expect(
            calls=[call("getHome", id="1")],
            requests="GET /homes/1",
            citations="Oak Street",
            text={"contains": "Oak Street", "not": "Elm"},
            prompts={"request": 2, "contains": "Oak Street"},
            events=[{"kind": "turn_started", "person": "grace"}, "turn_ended"],
            model_requests=2,
            end="answered",
        )


async def test_a_turn_has_what_came_of_it(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins=tmp_path / "plugin.json") as chat:
        turn = await chat.say("Find home 1", model=FIND)
    assert turn.reply.text == "It is in Oak Street."
    assert [(one.function, one.arguments) for one in turn.calls] == [("getHome", {"id": "1"})]
    assert [one.url for one in turn.requests] == ["http://mock.invalid/homes/1"]
    assert [one.state for one in turn.model_requests] == ["reasoning", "reasoning"]
    assert turn.events[-1].kind == "turn_ended"


async def test_an_expectation_that_is_not_met_is_told_as_for_a_file(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        turn = await chat.say("Find home 1", model=FIND)
        with pytest.raises(AssertionError) as caught:
            turn.expect(calls=call("getHome", id="2"), text="Elm Road")
    assert str(caught.value) == (
        "calls: the call of 'getHome' has other arguments\n"
        "    at:       $.id\n"
        '    expected: "2"\n'
        '    came:     "1"\n'
        "text: the answer does not contain what it should\n"
        "    expected: Elm Road\n"
        "    came:     It is in Oak Street."
    )


async def test_a_question_is_answered_at_once_or_in_a_turn_of_its_own(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        keep = call("putHome", name="Elm Road")
        turn = await chat.say("Keep it", model=[keep, "Done.", "It is kept."], decide="approve")
        turn.expect(calls="putHome", questions={"call": "putHome", "answer": "approve"}, text="kept")
        waiting = await chat.say("Keep it again", model=keep)
        waiting.expect(end="waiting")
        declined = await chat.decide(
            {"answer": "decline", "note": "not now"}, model=["Nothing is kept.", "As you like."]
        )
        declined.expect(calls={"call": "putHome", "status": "declined"}, prompts="not now", requests=[])


async def test_a_card_of_the_turn_before_is_acted_on(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        await chat.say("Find home 1", model=FIND)
        turn = await chat.say({"choose": "Rename it"}, decide="approve", model=["Done.", "It is renamed."])
        turn.expect(requests={"method": "POST", "json": {"name": "Elm Road"}})


async def test_the_clock_is_set_for_a_story_and_for_a_turn(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json", clock=datetime(2026, 11, 21, 9, tzinfo=UTC)) as chat:
        keep = call("putHome", name="Elm Road")
        early = await chat.say("Keep it", model=keep)
        early.expect(end="waiting")
        late = await chat.say("Keep it", clock="2026-11-22T09:00:00Z", model=keep)
        late.expect(end="waiting")
    [first], [second] = early.reply.pending, late.reply.pending
    assert second.expires - first.expires == 24 * 60 * 60


async def test_a_turn_of_which_nothing_is_expected_must_have_used_its_steps(tmp_path: Path) -> None:
    said = "turn 1, of which nothing is expected:\nmodel: step 2 was not asked for"
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        await chat.say("Hello", model=["Hello.", "Hello again."])
        with pytest.raises(AssertionError, match=said):
            await chat.say("Bye", model="Bye.")


async def test_the_last_turn_is_looked_at_when_the_story_ends(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="a question about putHome is open"):
        async with Story(folder=tmp_path, plugins="plugin.json") as chat:
            await chat.say("Keep it", model=call("putHome", name="Elm Road"))


async def _broken_off(story: Story) -> None:
    async with story as chat:
        await chat.say("Hello", model=["Hello.", "Hello again."])
        raise ZeroDivisionError


async def test_a_story_that_breaks_off_says_why_and_nothing_else(tmp_path: Path) -> None:
    story = Story(folder=tmp_path, plugins="plugin.json")
    with pytest.raises(ZeroDivisionError):
        await _broken_off(story)
    assert "step 2 was not asked for" in story.settle()


async def test_a_turn_that_cannot_be_played_fails_where_it_is_said(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        with pytest.raises(AssertionError, match=r"^say: .*plan\.pdf"):
            await chat.say({"text": "Read it", "attachments": "plan.pdf"}, model="Done.")


async def test_all_mistakes_of_what_is_written_are_named(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        turn = await chat.say("Find home 1", model=FIND)
        with pytest.raises(UsageError) as caught:
            turn.expect(txet="Oak", calls={"call": "getHome", "staus": "any"})  # type: ignore[call-arg]  # a mistake  # pyright: ignore[reportCallIssue]
    assert str(caught.value).splitlines() == [
        "there is no member 'txet' here; did you mean 'text'?",
        "there is no member 'staus' here; did you mean 'status'? (at /calls/staus)",
    ]


async def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unplayable, match=r"there is no file .*nope\.json"):
        async with Story(folder=tmp_path, plugins="nope.json"):
            raise NotImplementedError
    with pytest.raises(UsageError, match=r"only a conversation file has a recording|recorded answers are not"):
        Story(folder=tmp_path, plugins="plugin.json", api="recorded")


async def test_a_story_is_told_while_it_is_open(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="while it is open"):
        await Story(folder=tmp_path, plugins="plugin.json").say("Hello", model="Hello.")


async def test_stubs_of_a_backend_come_after_those_of_the_story_and_may_come_later(tmp_path: Path) -> None:
    backend = Backend()
    backend.stub(operation="getHome", times=1, answer={"json": {"name": "Second"}})
    first = {"operation": "getHome", "times": 1, "answer": {"json": {"name": "First"}}}
    async with Story(folder=tmp_path, backend=backend, plugins="plugin.json", api={"stubs": [first]}) as chat:
        for name in ("First", "Second", "Oak Street"):
            (await chat.say("Find home 1", model=FIND)).expect(citations=name)
        backend.stub(path="/homes/{id}", answer=404)
        (await chat.say("Find home 1", model=FIND)).expect(calls={"call": "getHome", "status": "error"})
    assert [request.url for request in backend.requests] == ["http://mock.invalid/homes/1"] * 4
    with pytest.raises(UsageError, match="'answer' is missing"):
        backend.stub(path="/homes")


async def test_a_host_has_the_settings_of_a_file_and_a_model_that_replies_from_a_list(tmp_path: Path) -> None:
    backend, models = Backend(), ModelFactory()
    model = models(call("getHome", id="1"), "It is in Oak Street.")
    async with hosted(folder=tmp_path, backend=backend, model=model, plugins="plugin.json") as host:
        reply = await host.conversation().ask("Find home 1")
        outcome = await host.call("getHome", {"id": "2"})
    assert (reply.text, outcome.payload) == ("It is in Oak Street.", {"name": "Oak Street"})
    assert [request.url[-8:] for request in backend.requests] == ["/homes/1", "/homes/2"]
    assert "Find home 1" in model.requests[0].prompt
    assert models.settle() == ""


async def test_a_reply_that_nobody_asks_for_is_told_and_so_is_one_too_few(tmp_path: Path) -> None:
    surplus, short = ModelFactory(), ModelFactory()
    for models, replies in ((surplus, ("Hello.", "Bye.")), (short, ())):
        async with hosted(folder=tmp_path, model=models(*replies), plugins="plugin.json") as host:
            await host.conversation().ask("Hello")
    assert surplus.settle() == "reply 2 of the model was not asked for"
    assert short.settle() == "request 1 to the model finds no reply; there are 0"


@pytest.mark.parametrize(
    ("written", "model", "apart"),
    [
        (WrittenSettings, Settings, {"tags"}),
        (WrittenTurn, Turn, {"say", "expect"}),
        (WrittenExpect, Expect, {"judge"}),
        (WrittenStub, Stub, set[str]()),
    ],
)
def test_python_has_the_members_of_the_file(written: type, model: type[BaseModel], apart: set[str]) -> None:
    assert is_typeddict(written)
    members = {field.alias or name for name, field in model.model_fields.items()}
    assert set(written.__annotations__) | apart == members


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "nan is no number"),
        ([float("-inf")], "-inf is no number"),
        ("half \ud800", "half a character"),
        ({"\udfff": 1}, "half a character"),
        (_holding_itself(), "holds itself"),
        (SteppedModel(), "hosted"),
    ],
)
def test_what_json_cannot_say_is_refused(value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plain(value)


async def test_a_judge_and_a_decision_without_a_turn_are_refused(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat:
        with pytest.raises(UsageError, match="no turn to go on with"):
            await chat.decide("approve")
        turn = await chat.say("Find home 1", model=FIND)
        judged: WrittenExpect = {"judge": "Is it kind?"}  # type: ignore[typeddict-unknown-key]
        with pytest.raises(UsageError, match="only with --live"):
            turn.expect(**judged)
        with pytest.raises(UsageError, match="a time with its offset, such as 2026-"):
            await chat.say("Find home 1", clock=datetime(2026, 11, 21))


async def test_a_file_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(Unplayable) as raised:
        await Story(folder=tmp_path, plugins="nope.json").open()
    assert str(raised.value) == f"there is no file {str(tmp_path / 'nope.json')!r}"


def test_what_no_file_could_say_is_refused() -> None:
    assert plain({"at": Path("a"), "many": (1, None)}) == {"at": "a", "many": [1, None]}
    with pytest.raises(UsageError, match="a set cannot stand in a conversation"):
        plain({"a": {1}})


@pytest.mark.parametrize("name", orchestrator.testing.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(orchestrator.testing, name).__doc__


async def test_a_story_has_one_turn_at_a_time(tmp_path: Path) -> None:
    async with Story(folder=tmp_path, plugins="plugin.json") as chat, anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: chat.say("Find home 1", model=FIND))
        await anyio.lowlevel.checkpoint()
        with pytest.raises(UsageError, match="one turn at a time"):
            await chat.say("Bye", model="Bye.")
