"""A conversation's facts in the journal: nothing is kept that was decided on less than is known."""

from __future__ import annotations

import pytest

from orchestrator.errors import JournalConflict
from orchestrator.events import AnswerReceived, TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal
from orchestrator.turn.ledger import Ledger

STARTED = TurnStarted(text="hello", person="ada", documents={})


async def test_facts_that_were_decided_on_less_than_is_known_are_refused_though_the_ledger_has_caught_up() -> None:
    """Issue 7, 3: whoever decides something and then waits must not overlook what came in the meantime."""
    journal = MemoryJournal()
    mine, theirs = Ledger("c", journal), Ledger("c", journal)
    await mine.append(STARTED)
    decided_on = mine.history.sequence
    await theirs.refresh()
    await theirs.append(AnswerReceived(text="theirs"))
    await mine.refresh()
    with pytest.raises(JournalConflict):
        await mine.append(AnswerReceived(text="mine"), on=decided_on)
    assert await mine.facts() == (STARTED, AnswerReceived(text="theirs"))
    await mine.append(TurnEnded(reason="answered"), on=mine.history.sequence)
    assert mine.history.turn is None


async def test_what_came_of_something_is_kept_whatever_others_have_appended() -> None:
    journal = MemoryJournal()
    mine, theirs = Ledger("c", journal), Ledger("c", journal)
    await mine.append(STARTED)
    await theirs.refresh()
    await theirs.append(AnswerReceived(text="theirs"))
    await mine.record(TurnEnded(reason="answered"))
    assert mine.history.sequence == 3
