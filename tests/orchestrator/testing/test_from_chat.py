"""A chat that became a conversation file plays as it went (issue 6, item 7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.conversation import Conversation as Chat
from orchestrator.reply import Question
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.chats.chat_turns import first_words
from orchestrator.testing.format.places import Placed, Where
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.format.writing import as_json
from orchestrator.testing.playing.play import Play
from orchestrator.testing.playing.stage import Stage, staged, stub_body
from runtimes.values import JsonObject
from tests.orchestrator.testing.chatting import Improvising, Replies, failures_of, written
from tests.orchestrator.testing.playing import write_plugin
from tests.servers.example_service import EXAMPLES

SETTINGS: JsonObject = {"plugins": "plugin.json"}
OF_EXAMPLES = [
    (path, placed)
    for path in sorted(EXAMPLES.glob("*/conversations/*.conversation.yaml"))
    for placed in read_conversations(path.read_bytes(), str(path)).conversations
]

IDS = st.sampled_from(['{"id": "1"}', '{"id": "2"}'])
CALLS = st.one_of(
    st.tuples(st.just("getHome"), IDS),
    st.tuples(st.just("homes-getHome"), IDS),
    st.tuples(st.just("putHome"), st.sampled_from(['{"name": "Elm Road"}', "{}", "[1]", "not JSON"])),
    st.tuples(st.just("dropHome"), IDS),
    st.tuples(st.just("sellHome"), st.just("{}")),
)
CALLING = st.lists(CALLS, min_size=1, max_size=3).map(tuple)
ANSWERS = st.sampled_from(["approve", "decline", "not now", "edit", "leave"])


@dataclass(frozen=True, kw_only=True)
class Said:
    text: str
    replies: Replies
    answers: list[str]
    is_taken_back: bool


TEXTS = st.sampled_from(["Find a home", "- [x]: ¿no?\n\n# two", "…", "Elm Road is\nyours."])
SAID = st.builds(
    Said,
    text=TEXTS,
    replies=st.lists(st.one_of(CALLING, CALLING, TEXTS, st.just(""), st.none()), max_size=3),
    answers=st.lists(ANSWERS, min_size=1, max_size=3),
    is_taken_back=st.sampled_from([False, False, False, True]),
)


async def answer(chat: Chat, question: Question, word: str) -> None:
    arguments: JsonObject | None = {"id": "3"} if word == "edit" else None
    fits = arguments if question.function == "dropHome" else None
    note = word if word == "not now" else ""
    await chat.decide(question.call_id, word in ("approve", "edit"), fits, note)


async def say(chat: Chat, said: Said) -> bool:
    """A turn with its questions; one that is left open ends it here, and the next message declines it. True where the
    turn stays."""
    words = iter([*said.answers, *["approve"] * 20])
    reply = await chat.ask(said.text, supersede=True)
    while reply.pending:
        for question in reply.pending:
            if (word := next(words)) == "leave":
                return True
            await answer(chat, question, word)
        reply = await chat.resume()
    if said.is_taken_back:
        await chat.undo()
    return not said.is_taken_back


async def comes_out_the_same(folder: Path, conversation: list[Said]) -> None:
    opened = Settings.model_validate(SETTINGS)
    async with staged(opened, folder, Apis(opened.api, stub_body(folder))) as stage:
        chat = stage.host.conversation()
        stayed = 0
        for said in conversation:
            await stage.host.use_model(Improvising(said.replies))
            stayed += await say(chat, said)
        made = await written(chat, stage.host, SETTINGS)
    kept = len(made.conversation.turns) if made.conversation is not None else 0
    assert kept + len(made.left_out) == stayed
    if made.conversation is not None:
        assert await failures_of(made, folder) == []


@settings(max_examples=60, deadline=None)
@given(conversation=st.lists(SAID, min_size=1, max_size=4))
def test_whatever_was_said_comes_out_the_same(
    tmp_path_factory: pytest.TempPathFactory, conversation: list[Said]
) -> None:
    folder = tmp_path_factory.mktemp("chat")
    write_plugin(folder)
    anyio.run(partial(comes_out_the_same, folder, conversation))


async def chat_of(placed: Placed, stage: Stage, folder: Path) -> Chat:
    """The conversation of a file, held."""
    model = SteppedModel()
    await stage.host.use_model(model)
    stage.apis.restart(placed.conversation.api.stubs)
    stage.clock.set(placed.conversation.clock)
    chat = stage.host.conversation(person=placed.conversation.person)
    play = Play(chat, model, stage, folder, update=False)
    for turn in placed.conversation.turns:
        assert (await play.turn(turn, Where())).failures == ()
    return chat


@pytest.mark.parametrize(
    ("path", "placed"), OF_EXAMPLES, ids=[f"{path.stem}-{one.conversation.name}" for path, one in OF_EXAMPLES]
)
async def test_a_conversation_of_the_examples_that_is_kept_plays_again(path: Path, placed: Placed) -> None:
    folder = path.parent
    shared = {name: value for name, value in as_json(placed.conversation).items() if name not in ("name", "turns")}
    async with staged(placed.conversation, folder, Apis(placed.conversation.api, stub_body(folder))) as stage:
        chat = await chat_of(placed, stage, folder)
        made = await written(chat, stage.host, shared)
    assert made.left_out == ()
    assert await failures_of(made, folder) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I found one result:\n\n- **Oak** 1.5", "I found one result"),
        ("There are 2.5 million. Shall I go on?", "There are 2.5 million"),
        ("1. Oak Street", "1. Oak Street"),
        ("\n  Yes. Done!\nmore", "Yes. Done!"),
        ("Is it there?!", "Is it there"),
        ("a" * 90, "a" * 80),
    ],
)
def test_of_an_answer_its_first_sentence_is_expected(text: str, words: str) -> None:
    assert first_words(text) == words
    assert words in text
