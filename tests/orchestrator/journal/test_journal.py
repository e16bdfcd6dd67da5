"""What every journal keeps to; to bring one under the contract, add it to `JOURNALS`."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from orchestrator.errors import JournalConflict
from orchestrator.events import CallDecided, TurnStarted, TurnUndone
from orchestrator.journal.base import Journal
from orchestrator.journal.memory import MemoryJournal
from orchestrator.turn.ledger import Ledger
from tests.orchestrator.journal.slow import SlowJournal

JOURNALS: dict[str, Callable[[], Journal]] = {"memory": MemoryJournal, "slow": SlowJournal}
STARTED = TurnStarted(text="hello", person="ada", documents={})


@pytest.fixture(params=list(JOURNALS.values()), ids=list(JOURNALS))
def journal(request: pytest.FixtureRequest) -> Journal:
    make: Callable[[], Journal] = request.param
    return make()


async def test_facts_are_read_back_in_order(journal: Journal) -> None:
    assert await journal.append("c", 0, [STARTED, TurnUndone()]) == 2
    assert await journal.append("c", 2, [STARTED]) == 3
    assert list(await journal.read("c")) == [STARTED, TurnUndone(), STARTED]
    assert list(await journal.read("c", after=2)) == [STARTED]


async def test_conversations_are_kept_apart(journal: Journal) -> None:
    await journal.append("one", 0, [STARTED])
    assert list(await journal.read("two")) == []


async def test_who_comes_second_appends_nothing(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED])
    with pytest.raises(JournalConflict):
        await journal.append("c", 0, [TurnUndone()])
    assert list(await journal.read("c")) == [STARTED]


async def test_of_many_writers_one_wins(journal: Journal) -> None:
    lost: list[int] = []

    async def write(number: int) -> None:
        try:
            await journal.append("c", 0, [CallDecided(call_id=str(number), decision="approve", by="ada")])
        except JournalConflict:
            lost.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(write, number)
    assert (len(await journal.read("c")), len(lost)) == (1, 4)


async def test_a_ledger_that_several_use_counts_every_fact_once(journal: Journal) -> None:
    ledger = Ledger("c", journal)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ledger.record, STARTED)
            tasks.start_soon(ledger.refresh)
    assert ledger.history.sequence == len(await journal.read("c")) == 5


async def test_a_ledger_takes_in_what_others_wrote_and_keeps_outcomes_all_the_same(journal: Journal) -> None:
    mine, theirs = Ledger("c", journal), Ledger("c", journal)
    await theirs.append(STARTED)
    with pytest.raises(JournalConflict):
        await mine.append(STARTED)
    assert mine.history == theirs.history
    await theirs.append(TurnUndone())
    await mine.record(TurnUndone())
    assert mine.history.sequence == 3
