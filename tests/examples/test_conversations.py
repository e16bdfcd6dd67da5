"""Every scripted conversation of the examples plays to its end, over the real services (issue 2, item 11)."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from orchestrator.conversation import Conversation
from orchestrator.demo import running_examples
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.model.script_file import read_script
from orchestrator.model.scripted import Call, Calls, ScriptedModel, ScriptTurn
from orchestrator.reply import Reply
from tests.servers.example_service import EXAMPLES

SCRIPTS = sorted(
    path for path in EXAMPLES.glob("*/conversations/*.yaml") if not path.name.endswith(".conversation.yaml")
)


def _calls(turns: tuple[ScriptTurn, ...]) -> list[str]:
    steps = [step for turn in turns for step in turn.steps]
    calls = [call for step in steps for call in (step.calls if isinstance(step, Calls) else [step])]
    return [call.tool for call in calls if isinstance(call, Call)]


async def _approve_all(chat: Conversation, reply: Reply) -> Reply:
    while reply.pending:
        for question in reply.pending:
            assert question.title
            assert "{{" not in question.body
            await chat.decide(question.call_id, approve=True)
        reply = await chat.resume()
    return reply


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
async def test_a_conversation_plays_to_its_end_and_every_call_succeeds(path: Path) -> None:
    turns = read_script(str(path))
    model = ScriptedModel(turns=turns)
    replies: list[Reply] = []
    with anyio.fail_after(30):
        async with running_examples([path.parents[1].name]) as running:
            [source] = running.sources
            plugin = await load_plugin(source.source, allowed_hosts=source.allowed_hosts)
            async with Orchestrator(plugins=[plugin], model=model, local=running.local) as host:
                assert host.toolbox.skipped == ()
                chat = host.conversation(person="ada")
                for turn in turns:
                    replies.append(await _approve_all(chat, await chat.ask(turn.user)))
    assert model.unused() == ()
    assert {reply.end for reply in replies} <= {"answered", "disengaged"}
    calls = [call for reply in replies for call in reply.calls]
    assert [call.function for call in calls] == _calls(turns)
    assert all(call.status in {"returned", "withdrawn"} and not call.is_error for call in calls)
    assert all(reply.text for reply in replies)
