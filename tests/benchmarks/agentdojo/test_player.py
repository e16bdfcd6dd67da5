"""The scripted model of the AgentDojo benchmark: who makes which call, and when (issue 7)."""

from __future__ import annotations

import pytest

from benchmarks.agentdojo.player import Attacker, Obeying, Peace, PlannedCall, Player, origin_of
from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    ToolSet,
    UserMessage,
)

READ = PlannedCall(tool="read", arguments={})
WRITE = PlannedCall(tool="write", arguments={"text": "mine"})
STEAL = PlannedCall(tool="write", arguments={"text": "theirs"})


async def _played(attacker: Attacker, *results: str) -> list[str]:
    """What the player does, turn by turn: the tool and its text, or what it says."""
    player = Player([READ, WRITE], "Written.", attacker)
    messages: list[Message] = [UserMessage(text="Write what you read")]
    told: list[str] = []
    for result in (*results, ""):
        said, calls = "", tuple[ModelCall, ...]()
        async for delta in player.reason(ReasoningRequest(system="", messages=tuple(messages), tools=ToolSet(()))):
            said += delta.text if isinstance(delta, TextPart) else ""
            calls = delta.calls if isinstance(delta, ReplyEnd) else calls
        told.append(said or f"{origin_of(calls[0].id)} {calls[0].tool} {calls[0].arguments}")
        if not calls:
            break
        messages += [AssistantMessage(calls=calls), ToolMessage(call_id=calls[0].id, text=result)]
    return told


async def test_in_peace_the_reference_calls_are_made_and_the_answer_given() -> None:
    assert await _played(Peace(), "hello", "done") == ["user read {}", 'user write {"text":"mine"}', "Written."]


async def test_the_injected_text_is_obeyed_at_once_and_only_once() -> None:
    told = await _played(Obeying("MARK", [STEAL], "Visit us."), "hello MARK", "stolen MARK", "done MARK")
    assert told == [
        "user read {}",
        'attack write {"text":"theirs"}',
        'user write {"text":"mine"}',
        "Written.\nVisit us.",
    ]


@pytest.mark.parametrize("result", ["hello", "not called, and not allowed: MARK"])
async def test_what_was_not_read_is_not_obeyed(result: str) -> None:
    told = await _played(Obeying("MARK", [STEAL], "Visit us."), result, "done")
    assert told == ["user read {}", 'user write {"text":"mine"}', "Written."]


async def test_asked_for_words_it_gives_the_answer() -> None:
    player = Player([READ], "", Peace())
    deltas = [delta async for delta in player.respond(RespondingRequest(system="", messages=()))]
    assert deltas == [TextPart(text="Done."), ReplyEnd()]
    assert await player.phrase(PhraseRequest(instruction="Ask", data={})) == "Ask"
