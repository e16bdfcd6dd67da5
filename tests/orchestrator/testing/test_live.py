"""Conversations with a live model: counted, several at once, whatever becomes of its server (issue 6)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import anyio
import pytest

from orchestrator.model.base import ModelDelta, PhraseRequest, ReasoningRequest, ReplyEnd, RespondingRequest, TextPart
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.model.completion_limits import RequestLimits
from orchestrator.testing.live.evaluation import Evaluated, Run, evaluated
from orchestrator.testing.live.rates import Rate
from orchestrator.testing.live.runs import LiveModels, LiveRun, play_live
from orchestrator.testing.live.spending import NOTHING
from orchestrator.testing.playing.collect import Choice, collect
from tests.orchestrator.testing.playing import DROP, FIND, play, write_conversation, write_plugin
from tests.servers.openai_server import Events, Failure, Received, Reply, ScriptedAnswer, call, openai_server

PATIENCE = 10
"""Seconds until a test that waits for something has failed."""

ASKS_NOBODY = "plugins: []\nturns: [{say: Hi, expect: {text: Hello}}]\n"
FOUND = Reply(calls=(call("homes-getHome", {"id": "1"}),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path)
    return tmp_path


def openai_model(url: str) -> ChatCompletionsModel:
    limits = RequestLimits(attempts=1)
    return ChatCompletionsModel("small", base_url=url, api_key="key", limits=limits, environ={})


async def played(path: Path, script: Callable[[Received], ScriptedAnswer], *, runs: int = 1) -> Evaluated:
    """How a conversation did with a model behind a server that follows a script."""
    [(file, placed)] = collect([path], Choice()).conversations
    done: list[Run] = []
    with anyio.fail_after(PATIENCE):
        async with openai_server(script) as server, openai_model(server.url) as model:
            models = LiveModels(model=model, judge=model)
            await play_live([(file, placed)], models, runs=runs, parallel=1, told=lambda one: done.append(one.run))
    return evaluated(placed, file, done)


def rates(found: Evaluated) -> dict[str, str]:
    return {one.expected.at: f"{one.rate.held}/{one.rate.of}" for one in found.expectations}


def failures(found: Evaluated) -> list[str]:
    return [one.example.text for one in found.expectations if one.example is not None]


def is_after_a_call(request: Received) -> bool:
    return request.messages[-1]["role"] == "tool"


async def test_the_steps_of_the_file_are_not_played(folder: Path) -> None:
    path = write_conversation(folder, f"{FIND}    expect: {{calls: getHome, text: Elm, model_requests: 2}}\n")
    found = await played(path, lambda one: Reply(text="In Elm Road.") if is_after_a_call(one) else FOUND)
    assert found.is_passed
    assert (found.spent.usage.input_tokens, found.spent.usage.output_tokens) == (22, 14)


async def test_three_of_ten_runs_fail_and_each_expectation_is_counted(folder: Path) -> None:
    path = write_conversation(folder, f"{FIND}    expect: {{calls: getHome, text: Oak}}\n  - {{say: Bye}}\n")
    asked = 0

    def script(request: Received) -> ScriptedAnswer:
        nonlocal asked
        if not is_after_a_call(request):
            return Reply(text="Bye.") if request.messages[-1]["content"] == "Bye" else FOUND
        asked += 1
        return Reply(text="Somewhere." if asked in (2, 5, 9) else "In Oak Street.")

    found = await played(path, script, runs=10)
    assert found.passed == Rate(held=7, of=10)
    assert rates(found) == {
        "/turns/0/expect/end": "10/10",
        "/turns/0/expect/calls": "10/10",
        "/turns/0/expect/text": "7/10",
        "/turns/1/expect/end": "10/10",
    }
    [told] = failures(found)
    assert told.startswith("8:36: text: the answer does not contain what it should")


async def test_a_question_that_was_not_expected_is_counted_and_the_run_goes_on(folder: Path) -> None:
    path = write_conversation(folder, "turns: [{say: Hi, expect: {text: Hi}}, {say: Bye, expect: {text: Bye}}]\n")

    def script(request: Received) -> ScriptedAnswer:
        last = request.messages[-1]
        if request.tool_names is None:
            return Reply(text="Shall I?")
        return Reply(calls=(call("homes-dropHome", {"id": "1"}),)) if last["content"] == "Hi" else Reply(text="Bye.")

    found = await played(path, script)
    assert rates(found)["/turns/0/decide"] == "0/1"
    assert rates(found)["/turns/1/expect/text"] == "1/1"


async def test_an_answer_to_a_question_that_was_not_asked_is_a_failure_of_the_model(folder: Path) -> None:
    path = write_conversation(folder, f"{DROP}    decide: approve\n    expect: {{questions: dropHome}}\n")
    found = await played(path, lambda _: Reply(text="I will not."))
    assert rates(found)["/turns/0/expect/questions"] == "0/1"
    path = write_conversation(folder, f"{DROP}    decide: [approve]\n")
    found = await played(path, lambda _: Reply(text="I will not."))
    assert rates(found)["/turns/0/decide"] == "0/1"


async def test_a_turn_that_cannot_be_said_ends_the_run_and_counts(folder: Path) -> None:
    path = write_conversation(folder, "turns: [{say: Hi}, {say: {choose: Rename it}, expect: {text: x}}, {say: Bye}]\n")
    found = await played(path, lambda _: Reply(text="Hello."))
    assert (found.passed, found.broken) == (Rate(held=0, of=1), ())
    assert rates(found) == {
        "/turns/0/expect/end": "1/1",
        "/turns/1/expect/end": "0/0",
        "/turns/1/expect/text": "0/0",
        "/turns/1/say": "0/1",
        "/turns/2/expect/end": "0/0",
    }


async def test_a_refused_request_breaks_the_run_and_says_nothing_of_the_model(folder: Path) -> None:
    path = write_conversation(folder, ASKS_NOBODY)
    greeting = Reply(text="Hello.")
    answers = iter(list[ScriptedAnswer]([greeting, Failure(status=400, message="too long"), greeting]))
    found = await played(path, lambda _: next(answers), runs=3)
    assert (found.passed, found.broken_runs, found.is_passed) == (Rate(held=2, of=2), 1, False)
    assert "too long" in found.broken[0][0]


async def test_a_plugin_that_cannot_be_loaded_breaks_the_run(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: nowhere.json\nturns: [{say: Hi}]\n")
    found = await played(path, lambda _: Reply(text="Hello."))
    [(reason, _)] = found.broken
    assert reason.startswith("plugins: ")


async def test_a_server_that_is_killed_breaks_the_runs_that_follow(folder: Path) -> None:
    path = write_conversation(folder, ASKS_NOBODY)
    [conversation] = collect([path], Choice()).conversations
    runs: list[Run] = []
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            served = anyio.CancelScope()
            urls, url = anyio.create_memory_object_stream[str](1)

            def script(request: Received) -> ScriptedAnswer:
                if len(runs) == 2:
                    served.cancel()
                    return Events(events=(), cut=True)
                return Reply(text="Hello.")

            async def serve() -> None:
                with served:
                    async with openai_server(script) as server:
                        await urls.send(server.url)
                        await anyio.sleep_forever()

            tasks.start_soon(serve)
            async with urls, url, openai_model(await url.receive()) as model:
                models = LiveModels(model=model, judge=model)
                await play_live([conversation], models, runs=4, parallel=1, told=lambda one: runs.append(one.run))
    assert [bool(run.broken) for run in runs] == [False, False, True, True]
    assert [run.is_passed for run in runs] == [True, True, False, False]


async def test_a_server_that_counts_no_tokens_is_told_of_and_nothing_is_guessed(folder: Path) -> None:
    found = await played(write_conversation(folder, ASKS_NOBODY), lambda _: Reply(text="Hello.", usage=None))
    assert (found.spent.usage, found.spent.uncounted) == (NOTHING.usage, 1)


# --- a judge


JUDGED = "plugins: []\nturns: [{say: Hi, expect: {judge: [Is it polite?]}}, {say: Bye, expect: {text: Bye}}]\n"


def judging(verdict: str) -> Callable[[Received], ScriptedAnswer]:
    return lambda request: Reply(text=verdict if "You judge" in request.system else "Bye.", usage=(5, 1))


async def test_a_judge_is_asked_and_its_tokens_are_counted_apart(folder: Path) -> None:
    found = await played(write_conversation(folder, JUDGED), judging("yes\nIt is."))
    assert found.is_passed
    assert found.spent.usage.input_tokens == 10
    assert found.judge_spent.usage.input_tokens == 5


async def test_what_a_judge_denies_is_a_failed_expectation(folder: Path) -> None:
    found = await played(write_conversation(folder, JUDGED), judging("no\nIt is rude."))
    assert rates(found)["/turns/0/expect/judge/0"] == "0/1"
    assert rates(found)["/turns/1/expect/text"] == "1/1"
    assert failures(found) == ["2:36: judge: the judge says no to 'Is it polite?'\n    reason: It is rude."]


async def test_a_judge_that_cannot_be_asked_breaks_the_run(folder: Path) -> None:
    def script(request: Received) -> ScriptedAnswer:
        return Failure(status=400, message="no judge") if "You judge" in request.system else Reply(text="Bye.")

    found = await played(write_conversation(folder, JUDGED), script)
    assert found.passed == Rate(held=0, of=0)
    assert "the judge 'openai:small': " in found.broken[0][0]


async def test_without_a_live_model_nobody_is_asked(folder: Path) -> None:
    path = write_conversation(folder, "plugins: []\nturns: [{say: Hi, model: Hm, expect: {judge: Is it polite?}}]\n")
    [outcome] = await play(path)
    assert outcome.is_passed


# --- what a file says of the model and of the API


async def test_what_is_not_recorded_of_an_api_is_not_asked_of_the_api_itself(folder: Path) -> None:
    (folder / "nothing.cassette.yaml").write_text("cassette: 1\nconversations: [{name: one}]\n", encoding="utf-8")
    path = write_conversation(folder, f"api: {{recorded: nothing.cassette.yaml}}\n{FIND}    expect: {{text: Oak}}\n")
    found = await played(path, lambda one: Reply(text="Nowhere.") if is_after_a_call(one) else FOUND)
    assert found.passed == Rate(held=0, of=1)
    assert any("GET https://homes.example/v1/homes/1 was not recorded" in told for told in failures(found))


# --- several at once


class Together:
    """A model that answers only once so many requests wait for it together, and notes how many there were."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._waiting = 0
        self._released = anyio.Event()
        self.most = 0

    @property
    def name(self) -> str:
        return "together"

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        raise NotImplementedError

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        self._waiting += 1
        self.most = max(self.most, self._waiting)
        released = self._released
        if self._waiting == self._number:
            self._waiting, self._released = 0, anyio.Event()
            released.set()
        await released.wait()
        yield TextPart(text="Hello.")
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise NotImplementedError


async def test_as_many_runs_as_asked_for_go_on_at_once_and_no_more(folder: Path) -> None:
    conversations = collect([write_conversation(folder, ASKS_NOBODY)], Choice()).conversations
    model, done = Together(3), list[LiveRun]()
    with anyio.fail_after(PATIENCE):
        await play_live(conversations, LiveModels(model=model, judge=model), runs=6, parallel=3, told=done.append)
    assert model.most == 3
    assert [one.run.is_passed for one in done] == [True] * 6


async def test_all_conversations_are_played_before_one_is_played_again(folder: Path) -> None:
    paths = [write_conversation(folder, ASKS_NOBODY, name) for name in ("a", "b")]
    model, done = Together(1), list[LiveRun]()
    await play_live(
        collect(paths, Choice()).conversations,
        LiveModels(model=model, judge=model),
        runs=2,
        parallel=1,
        told=done.append,
    )
    assert [one.conversation for one in done] == [0, 1, 0, 1]


async def test_runs_that_are_cancelled_end_and_are_not_counted(folder: Path) -> None:
    conversations = collect([write_conversation(folder, ASKS_NOBODY)], Choice()).conversations
    model, done = Together(2), list[LiveRun]()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:

            def told(one: LiveRun) -> None:
                done.append(one)
                if len(done) == 2:
                    tasks.cancel_scope.cancel()

            models = LiveModels(model=model, judge=model)

            async def play() -> None:
                await play_live(conversations, models, runs=9, parallel=2, told=told)

            tasks.start_soon(play)
    assert len(done) == 2
