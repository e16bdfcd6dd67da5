"""A question that two processes answer at once is decided once; one whose answerer dies is decided or still open."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from signal import SIGKILL

import anyio
import pytest

from orchestrator import Conversation, Orchestrator
from orchestrator.events import CallDecided
from orchestrator.journal.open import open_journal
from tests.faults.points import SIDES
from tests.faults.processes import Workers, workers
from tests.faults.records import Decided, Errand, records_in
from tests.faults.service import Service, Stage
from tests.faults.shop import PAY, PERSON
from tests.faults.worker import opened
from tests.orchestrator.journal.stores import store_url
from tests.servers.loopback import serve

QUESTIONS = 2

TOGETHER_SECONDS = 0.6
"""In how long the two answer: both have opened the store by then."""

LEASE_SECONDS = 5.0


async def _nothing(_stage: Stage) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A shop, a conversation host over a store, and processes that answer for the person."""

    store: str
    api: str
    folder: Path
    crew: Workers
    service: Service
    host: Orchestrator

    def errand(self, chat: Conversation, *, is_approved: bool, at: float = 0.0) -> Errand:
        """To answer the one question that is open."""
        number = len(self.crew.all) + 1 + is_approved
        return Errand(
            worker=number,
            store=self.store,
            api=self.api,
            log=str(self.folder / f"{number}.jsonl"),
            decide=(chat.id, chat.pending[0].call_id, is_approved),
            at=at,
        )

    async def answers(self, *errands: Errand) -> list[Decided]:
        """What came of each."""
        with anyio.fail_after(20):
            for worker in [await self.crew.start(errand) for errand in errands]:
                await worker.died.wait()
                assert worker.status == (-SIGKILL if worker.errand.dies_at else 0)
        return [one for errand in errands for one in records_in(Path(errand.log)) if isinstance(one, Decided)]


@asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncGenerator[Place]:
    async with AsyncExitStack() as stack:
        store = stack.enter_context(store_url(kind, folder))
        crew = await stack.enter_async_context(workers())
        service = Service(Random(0), await stack.enter_async_context(open_journal(store)), _nothing)
        server = await stack.enter_async_context(serve(service))
        host = await stack.enter_async_context(opened(store, server.url, lambda _: None, lease_seconds=LEASE_SECONDS))
        yield Place(store=store, api=server.url, folder=folder, crew=crew, service=service, host=host)


async def decisions(chat: Conversation) -> list[str]:
    return [fact.decision for fact in await chat.facts() if isinstance(fact, CallDecided)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_of_two_processes_that_answer_at_once_one_decides(kind: str, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as here:
        for number in range(QUESTIONS):
            chat = here.host.conversation(id=f"c{number}", person=PERSON)
            await chat.ask(f"c{number}: {PAY}")
            at = time.monotonic() + TOGETHER_SECONDS
            answers = await here.answers(
                *(here.errand(chat, is_approved=is_approved, at=at) for is_approved in (True, False))
            )
            assert sorted(one.result for one in answers) == ["accepted", "already_answered"]
            is_approved = next(one.is_approved for one in answers if one.result == "accepted")
            assert await decisions(chat) == ["approve" if is_approved else "decline"]
            assert (await chat.resume()).end == "answered"
            assert [one.token for one in here.service.effects] == ([f"c{number}.0.0"] if is_approved else [])
            here.service.effects.clear()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_question_whose_answerer_dies_is_open_until_the_answer_is_kept(kind: str, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as here:
        for side in SIDES:
            chat = here.host.conversation(id=side, person=PERSON)
            await chat.ask(f"{side}: {PAY}")
            call_id = chat.pending[0].call_id
            assert await here.answers(replace(here.errand(chat, is_approved=True), dies_at=1, dies=side)) == []
            assert await decisions(chat) == ([] if side == "before" else ["approve"])
            assert await chat.decide(call_id, True) == ("accepted" if side == "before" else "already_answered")
            assert (await chat.resume()).end == "answered"
        assert len(here.service.effects) == len(SIDES)
