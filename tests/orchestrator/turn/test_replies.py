"""Reading a reply: a model that has all of it at once holds nobody else up (issue 11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio.lowlevel
import pytest

from orchestrator.model.base import ModelDelta, ReplyEnd, TextPart
from orchestrator.turn.replies import DELTAS_AT_A_TIME, read_reply

PIECES = 20_000


class Hasty:
    """A model that never waits, and how far it is."""

    def __init__(self) -> None:
        self.given = 0

    async def deltas(self) -> AsyncIterator[ModelDelta]:
        for _ in range(PIECES):
            self.given += 1
            yield TextPart(text="word ")
        yield ReplyEnd()


async def test_others_have_their_turn_while_a_model_writes_that_never_waits() -> None:
    model = Hasty()
    seen: list[int] = []

    async def watch() -> None:
        while model.given < PIECES:
            seen.append(model.given)
            await anyio.lowlevel.checkpoint()

    watching = asyncio.create_task(watch())
    written = await read_reply(model.deltas(), "reasoning", None, None)
    await watching
    assert written.text == "word " * PIECES
    assert len(seen) >= PIECES // DELTAS_AT_A_TIME


async def test_a_model_that_never_waits_can_be_cancelled() -> None:
    model = Hasty()
    reading = asyncio.create_task(read_reply(model.deltas(), "reasoning", None, None))
    await anyio.lowlevel.checkpoint()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert model.given <= 2 * DELTAS_AT_A_TIME
