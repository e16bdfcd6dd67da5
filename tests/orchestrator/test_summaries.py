"""A conversation that outgrows the window, through the whole host and the real client (issue 8, 6)."""

from __future__ import annotations

import pytest

from orchestrator import Limits, Orchestrator, load_plugin
from orchestrator.events import TurnsSummarised
from orchestrator.model.base import Usage
from orchestrator.model.chat_completions import ChatCompletionsModel
from tests.servers.openai_server import Failure, Received, Reply, ScriptedAnswer, openai_server

ANSWER = "x" * 1_200
TURNS = 15


def is_for_a_summary(request: Received) -> bool:
    return "summary of the oldest turns" in request.system


@pytest.mark.parametrize("fails", [False, True])
async def test_older_turns_are_summarised_and_the_conversation_goes_on(fails: bool) -> None:
    def script(request: Received) -> ScriptedAnswer:
        if is_for_a_summary(request):
            return Failure(status=400) if fails else Reply(text="- Ada said hello", usage=(500, 20))
        return Reply(text=ANSWER, usage=(10, 1))

    plugin = await load_plugin("examples/contoso_real_estate/plugin.json")
    async with openai_server(script) as server:
        model = ChatCompletionsModel("fake", base_url=server.url, api_key="test", environ={})
        async with Orchestrator(plugins=[plugin], model=model, limits=Limits(history_tokens=4_000)) as host:
            chat = host.conversation()
            replies = [await chat.ask(f"question {number}") for number in range(TURNS)]
            made = [fact for fact in await chat.facts() if isinstance(fact, TurnsSummarised)]
    assert all(reply.text == ANSWER for reply in replies)
    asked = [request for request in server.requests if is_for_a_summary(request)]
    first = str(server.requests[-1].messages[1]["content"])
    if fails:
        assert (made, len(asked)) == ([], 2)
        assert first.startswith("[2 earlier turns of this conversation are not shown.]\n\nquestion 2")
        return
    assert [(fact.turns, fact.text) for fact in made] == [(7, "- Ada said hello")]
    assert len(asked) == 1
    assert "\n- Ada said hello\n" in first
    assert first.endswith("\n\nquestion 7")
    assert chat.usage == Usage(input_tokens=TURNS * 10 + 500, output_tokens=TURNS + 20)
