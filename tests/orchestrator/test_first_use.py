"""The first use of a plugin that nobody named is asked about once (issue 7, 2), also by several calls of a reply."""

from __future__ import annotations

import pytest

from orchestrator import Conversation
from orchestrator.events import CallDecided
from orchestrator.turn.deciding import USE_AGREED
from tests.orchestrator.flowing import Api, World, world
from tests.servers.openai_server import Reply, call

SHOP = Api(name="shop", handling=["GetPublicData"])
MORE = Api(name="more", handling=["GetPublicData"])
ALL = Reply(
    calls=(
        call("shop-read", {"q": "one"}),
        call("shop-read", {"q": "two"}),
        call("shop-send", {"text": "three"}),
        call("more-read", {"q": "four"}),
    )
)


async def asked(here: World) -> tuple[Conversation, dict[str, str]]:
    """A conversation with all of the questions open, and their calls by the value of the argument."""
    chat = here.host.conversation()
    reply = await chat.ask("Look around")
    return chat, {str(next(iter(question.arguments.values()))): question.call_id for question in reply.pending}


async def test_one_yes_settles_the_questions_that_ask_for_nothing_else() -> None:
    async with world([ALL, Reply(text="Done.")], SHOP, MORE, discovered=["shop", "more"]) as here:
        chat, ids = await asked(here)
        assert [*ids] == ["one", "two", "three", "four"]
        await chat.decide(ids["two"], True)
        assert {question.call_id for question in chat.pending} == {ids["three"], ids["four"]}
        decided = [fact for fact in await chat.facts() if isinstance(fact, CallDecided)]
        assert [(one.call_id, one.decision, one.by, one.note) for one in decided] == [
            (ids["two"], "approve", "me", ""),
            (ids["one"], "approve", "me", USE_AGREED),
        ]
        assert await chat.decide(ids["one"], False) == "already_answered"
        reply = await chat.resume()
        assert [one.status for one in reply.calls] == ["returned", "returned", "asked", "asked"]
        assert chat.explain("1").endswith("It ran after you allowed it.")
        assert "Your yes to the use of this plugin, at another call, settled it." in chat.explain("1")


@pytest.mark.parametrize(("value", "approve"), [("one", False), ("three", True)])
async def test_a_no_and_a_yes_to_something_more_settle_nothing(value: str, approve: bool) -> None:
    async with world([ALL, Reply(text="Done.")], SHOP, MORE, discovered=["shop", "more"]) as here:
        chat, ids = await asked(here)
        await chat.decide(ids[value], approve)
        assert len(chat.pending) == 3
