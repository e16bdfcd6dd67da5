"""A conversation's facts in the journal: nothing is kept that was decided on less than is known."""

from __future__ import annotations

import pytest

from auth import Secret, SecretsInUse
from orchestrator.errors import JournalConflict
from orchestrator.events import AnswerReceived, TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal
from orchestrator.turn.ahead import Ahead
from orchestrator.turn.history import History, advanced
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


async def test_what_was_foreseen_with_a_word_that_has_become_a_secret_is_not_what_is_kept() -> None:
    """Issue 11: a history that is made in advance counts only for exactly the facts that are kept."""
    journal, secrets = MemoryJournal(), SecretsInUse()
    ledger = Ledger("c", journal, secrets=secrets)
    await ledger.append(STARTED)
    said = AnswerReceived(text="the word is canary-12345678")
    ahead = Ahead.of(ledger.history).with_facts([said])
    secrets.learn("key", Secret("canary-12345678"))
    (kept,) = await ledger.append(said, ahead=ahead)
    assert kept == AnswerReceived(text="the word is [secret key]")
    assert ledger.history == advanced(History(), await journal.read("c"))
    assert ledger.history != ahead.history


async def test_what_was_foreseen_is_taken_over_only_on_the_history_that_it_was_made_of() -> None:
    ledger = Ledger("c", MemoryJournal())
    await ledger.append(STARTED)
    said = AnswerReceived(text="hello")
    ahead = Ahead.of(ledger.history).with_facts([said])
    await ledger.append(AnswerReceived(text="before"))
    await ledger.append(said, ahead=ahead)
    assert ledger.history == advanced(History(), await ledger.facts())
    after = Ahead.of(ledger.history).with_facts([TurnEnded(reason="answered")])
    await ledger.append(*after.facts, ahead=after)
    assert ledger.history is after.history
