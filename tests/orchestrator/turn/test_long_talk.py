"""A long conversation with a model behind the real client: older turns are summarised, and it goes on (issue 8, 6)."""

from __future__ import annotations

from functools import reduce

import anyio
import pytest

from orchestrator.events import Fact, ReplyReceived, TurnEnded, TurnsSummarised, TurnStarted
from orchestrator.labels import Label
from orchestrator.model.base import ReplyEnd, TextPart, Usage
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.turn.history import History, advance
from orchestrator.turn.machine import Limits
from orchestrator.turn.requests import Requests
from orchestrator.turn.summarising import summarised
from tests.orchestrator.model.asking import model_at
from tests.orchestrator.turn.flows import owners_in, toolbox
from tests.orchestrator.turn.test_summarising import called
from tests.servers.openai_server import Failure, Received, Reply, ScriptedAnswer, openai_server

WINDOW = 4_000
TURNS = 22
REQUESTS = Requests(toolbox(), "", Limits())
ANSWER = "x" * 1_200
NOTES = "- Ada said question 0\n- nothing was done"
FENCE = "feed" * 4


def is_for_a_summary(request: Received) -> bool:
    return request.tool_names is None and "summary of the oldest turns" in request.system


def answering(request: Received) -> ScriptedAnswer:
    return Reply(text=NOTES, usage=(500, 20)) if is_for_a_summary(request) else Reply(text=ANSWER, usage=(10, 1))


def failing(request: Received) -> ScriptedAnswer:
    return Failure(status=400) if is_for_a_summary(request) else Reply(text=ANSWER, usage=(10, 1))


async def say(history: History, model: ChatCompletionsModel, text: str, *set_aside: str) -> tuple[History, list[Fact]]:
    """A turn that the model answers at once, as a driver would have it."""
    facts: list[Fact] = [
        TurnStarted(text=text, person="ada", documents={}, fence=FENCE, set_aside=set_aside, history_tokens=WINDOW)
    ]
    history = advance(history, facts[0])
    if (fact := await summarised(history, model)) is not None:
        facts.append(fact)
        history = advance(history, fact)
    parts = [delta async for delta in model.reason(REQUESTS.reasoning(history))]
    said = "".join(part.text for part in parts if isinstance(part, TextPart))
    (usage,) = [part.usage for part in parts if isinstance(part, ReplyEnd)]
    rest: list[Fact] = [ReplyReceived(text=said, usage=usage), TurnEnded(reason="answered")]
    return reduce(advance, rest, history), [*facts, *rest]


async def test_a_long_conversation_is_summarised_now_and_then_and_goes_on() -> None:
    history, facts = History(), list[Fact]()
    async with openai_server(answering) as server, model_at(server) as model:
        with anyio.fail_after(20):
            for number in range(TURNS):
                history, more = await say(history, model, f"question {number}")
                facts += more
    made = [fact for fact in facts if isinstance(fact, TurnsSummarised)]
    assert [(fact.turns, fact.text, fact.usage) for fact in made] == [
        (7, NOTES, Usage(input_tokens=500, output_tokens=20)),
        (14, NOTES, Usage(input_tokens=500, output_tokens=20)),
    ]
    asked = [request for request in server.requests if is_for_a_summary(request)]
    assert len(server.requests) == TURNS + len(asked) == TURNS + 2
    assert '"question 0"' in str(asked[0].messages[1]["content"])
    assert NOTES.splitlines()[0] in str(asked[1].messages[1]["content"])
    assert '"question 0"' not in str(asked[1].messages[1]["content"])
    last = server.requests[-1].messages
    first = str(last[1]["content"])
    assert f"\n\ndata-{FENCE}\n{NOTES}\ndata-{FENCE}\n\nquestion 14" in first
    assert [message["role"] for message in last] == ["system", *["user", "assistant"] * 7, "user"]
    spent = [turn.usage for turn in history.turns if turn.usage is not None]
    assert sum(spent, Usage()) == Usage(input_tokens=TURNS * 10 + 1_000, output_tokens=TURNS + 40)
    assert reduce(advance, facts, History()) == history


async def test_a_summary_that_fails_leaves_every_turn_working() -> None:
    history = History()
    async with openai_server(failing) as server, model_at(server) as model:
        with anyio.fail_after(20):
            for number in range(15):
                history, _ = await say(history, model, f"question {number}")
    assert history.summaries == ()
    first = str(server.requests[-1].messages[1]["content"])
    assert first == "[2 earlier turns of this conversation are not shown.]\n\nquestion 2"


@pytest.mark.parametrize("set_aside", ["mail", "web"])
async def test_data_that_is_set_aside_is_never_sent_to_be_summarised(set_aside: str) -> None:
    facts = [*called("mail", 0), *called("web", 1, set_aside=("mail",))]
    history, seen = reduce(advance, facts, History()), {"mail", "web"} - {set_aside}
    async with openai_server(answering) as server, model_at(server) as model:
        with anyio.fail_after(20):
            for number in range(2, 15):
                history, _ = await say(history, model, f"question {number}", set_aside)
    asked = [str(request.messages) for request in server.requests if is_for_a_summary(request)]
    assert len(asked) == 1
    assert owners_in(asked[0]) == seen
    assert history.summaries[-1].label == Label(seen=tuple(seen), isolated=tuple(seen))
    assert not any(set_aside in owners_in(str(request.messages)) for request in server.requests)
