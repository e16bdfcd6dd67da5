"""Going on with turns that were left: whoever does it is told of each, and of what goes wrong as it is. Issue 8."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from orchestrator.errors import StoreDamaged, StoreError
from orchestrator.events import Fact
from orchestrator.host import Orchestrator
from orchestrator.journal.base import ConversationId
from orchestrator.journal.memory import MemoryJournal
from orchestrator.manifest.load import load_plugin
from orchestrator.model.base import ModelDelta, ReasoningRequest
from orchestrator.reply import Reply
from tests.servers.asking import ObedientModel, manifest
from tests.servers.loopback import Request, Response, json_response, serve


class BrokenModel(ObedientModel):
    """A model of the caller's own, with a mistake in it."""

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        del request
        raise ZeroDivisionError("a mistake")
        yield


async def _answer(request: Request) -> Response:
    del request
    return json_response({"ok": True})


@asynccontextmanager
async def left_turns(
    model: ObedientModel, journal: MemoryJournal | None = None
) -> AsyncGenerator[tuple[Orchestrator, list[ConversationId]]]:
    """A worker with that model, and conversations whose questions were answered after their host was closed."""
    journal = journal or MemoryJournal()
    async with serve(_answer) as server:
        plugin = await load_plugin(manifest(server.url), allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model=ObedientModel(), store=journal) as host:
            chats = [host.conversation() for _ in range(2)]
            for chat in chats:
                await chat.ask('order {"item": "tea"}')
                await chat.decide(chat.pending[0].call_id, approve=True)
        async with Orchestrator(plugins=[plugin], model=model, store=journal) as worker:
            yield worker, [chat.id for chat in chats]


@pytest.mark.parametrize("at_once", [1, 2])
async def test_a_worker_is_told_of_each_turn_and_how_it_ended(at_once: int) -> None:
    told: dict[ConversationId, Reply | StoreError] = {}
    async with left_turns(ObedientModel()) as (worker, ids):
        assert await worker.run_pending(at_once=at_once, told=told.__setitem__) == 2
    assert sorted(told) == sorted(ids)
    replies = [reply for reply in told.values() if isinstance(reply, Reply)]
    assert [(reply.end, reply.text) for reply in replies] == [("answered", "DONE WITH 1")] * 2


async def test_what_cannot_be_read_keeps_nothing_else_from_going_on() -> None:
    """Otherwise one conversation of a newer version would end one worker after the other."""

    class Damaged(MemoryJournal):
        async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
            if conversation == damaged:
                raise StoreDamaged("fact 3 cannot be read")
            return await super().read(conversation, after)

    damaged, journal = "", Damaged()
    told: dict[ConversationId, Reply | StoreError] = {}
    async with left_turns(ObedientModel(), journal) as (worker, ids):
        damaged = ids[0]
        assert await worker.run_pending(told=told.__setitem__) == 2
        assert isinstance(told[ids[0]], StoreDamaged)
        assert isinstance(told[ids[1]], Reply)


async def test_an_error_of_the_callers_own_model_comes_as_it_is() -> None:
    async with left_turns(BrokenModel()) as (worker, _):
        with pytest.raises(ZeroDivisionError):
            await worker.run_pending()


async def test_a_stream_that_nobody_reads_on_keeps_no_other_turn_waiting() -> None:
    journal = MemoryJournal()
    async with serve(_answer) as server:
        plugin = await load_plugin(manifest(server.url), allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model=ObedientModel(), store=journal) as host:
            read, other = host.conversation(), host.conversation()
            reading = read.send('order {"item": "tea"}')
            while not read.pending:
                await anext(reading)
            await other.ask('order {"item": "tea"}')
            for chat in (read, other):
                await chat.decide(chat.pending[0].call_id, approve=True)
            assert await host.run_pending() == 1
            assert {one.conversation: one.standing for one in await journal.kept()} == {
                read.id: "left",
                other.id: "at rest",
            }
            await reading.aclose()
