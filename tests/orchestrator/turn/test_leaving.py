"""Who carries on a turn of somebody else's and is stopped leaves it as it is, at whatever moment."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.replies import Emit
from orchestrator.turn.streaming import stream
from orchestrator.turn.tenure import Tenure

STARTED = TurnStarted(text="Hello", person="ada", documents={"shop": "1"})


async def _drive(_emit: Emit | None) -> None:
    await anyio.sleep_forever()


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_turn_that_is_stopped_before_its_driver_has_begun_goes_on_elsewhere_where_it_is_left(
    leaves: bool,
) -> None:
    journal = MemoryJournal()
    ledger = Ledger("c", journal)
    tenure = await Tenure.begin(ledger, STARTED, on=0)
    events = stream(_drive, tenure, asyncio.create_task, [STARTED], leaves=leaves)
    assert await anext(events) is STARTED
    await events.aclose()
    kept = [type(fact) for fact in await journal.read("c")]
    assert kept == ([TurnStarted] if leaves else [TurnStarted, TurnEnded])
    assert (await journal.take({"shop"}) is not None) is leaves
