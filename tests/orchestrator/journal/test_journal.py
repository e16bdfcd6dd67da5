"""What every journal keeps to; to bring one under the contract, add it to `JOURNALS`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from hashlib import sha256
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import ConversationHeld, JournalConflict, LeaseLost
from orchestrator.events import CallDecided, TurnEnded, TurnStarted, TurnUndone
from orchestrator.journal.base import AT_ONCE, LEASE_SECONDS, MAX_TITLE, Journal, Lease
from orchestrator.turn.ledger import Ledger
from tests.orchestrator.journal.stores import JOURNALS, Opening

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "1", "mail": "2"})
ENDED = TurnEnded(reason="answered")
PLUGINS = ("mail", "todo")
BRIEF = 0.2
"""Seconds of a lease that is waited for."""

MOMENT = 0.05
"""Seconds between two looks."""


@pytest.fixture(params=list(JOURNALS.values()), ids=list(JOURNALS))
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Journal]:
    opening: Opening = request.param
    async with opening(tmp_path, LEASE_SECONDS) as opened:
        yield opened


@pytest.fixture(params=list(JOURNALS.values()), ids=list(JOURNALS))
async def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Journal]:
    """A journal whose leases end almost at once."""
    opening: Opening = request.param
    async with opening(tmp_path, BRIEF) as opened:
        yield opened


async def taken(journal: Journal) -> Lease:
    """What can be taken, as soon as something can."""
    with anyio.fail_after(5):
        while (lease := await journal.take(PLUGINS)) is None:  # noqa: ASYNC110 - the end of a lease tells nobody
            await anyio.sleep(MOMENT)
    return lease


async def test_facts_are_read_back_in_order(journal: Journal) -> None:
    assert await journal.append("c", 0, [STARTED, TurnUndone()]) == 2
    assert await journal.append("c", 2, [STARTED]) == 3
    assert list(await journal.read("c")) == [STARTED, TurnUndone(), STARTED]
    assert list(await journal.read("c", after=2)) == [STARTED]
    assert list(await journal.read("c", after=3)) == []


async def test_large_facts_are_read_back(journal: Journal) -> None:
    facts = [TurnEnded(reason="error", detail="ä\0 " * 20_000), TurnEnded(reason="error", partial="ä\0 " * 20_000)]
    await journal.append("c", 0, [*facts, STARTED])
    assert list(await journal.read("c")) == [*facts, STARTED]
    assert list(await journal.read("c", after=1)) == [facts[1], STARTED]


async def test_conversations_are_kept_apart(journal: Journal) -> None:
    await journal.append("one", 0, [STARTED])
    assert list(await journal.read("two")) == []


async def test_who_comes_second_appends_nothing(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED])
    for expected in (0, 2):
        with pytest.raises(JournalConflict):
            await journal.append("c", expected, [TurnUndone()])
    with pytest.raises(JournalConflict):
        await journal.append("another", 1, [TurnUndone()])
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


async def test_many_conversations_grow_at_once(journal: Journal) -> None:
    async def grow(conversation: str) -> None:
        for number in range(5):
            await journal.append(conversation, number, [STARTED])
            assert len(await journal.read(conversation)) == number + 1

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(grow, str(number))
    assert [one.facts for one in await journal.kept()] == [5] * 20


# --- leases


async def test_a_conversation_has_one_driver(journal: Journal) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    assert (lease.conversation, lease.seconds) == ("c", LEASE_SECONDS)
    with pytest.raises(ConversationHeld):
        await journal.claim("c", 1, [STARTED], wake=AT_ONCE)
    assert list(await journal.read("c")) == [STARTED]


async def test_a_claim_on_what_has_grown_is_a_conflict(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED])
    with pytest.raises(JournalConflict):
        await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    with pytest.raises(JournalConflict):
        await journal.claim("another", 1, wake=AT_ONCE)
    assert list(await journal.read("c")) == [STARTED]


async def test_of_many_claims_one_wins(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED])
    won: list[Lease] = []

    async def claim() -> None:
        try:
            won.append(await journal.claim("c", 1, wake=AT_ONCE))
        except (ConversationHeld, JournalConflict):
            return

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(claim)
    assert len(won) == 1


async def test_a_lease_that_was_given_back_can_be_claimed_at_once(journal: Journal) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    await journal.release(lease)
    assert (await journal.claim("c", 1, wake=AT_ONCE)).epoch == lease.epoch + 1
    await journal.release(lease)
    with pytest.raises(ConversationHeld):
        await journal.claim("c", 1, wake=AT_ONCE)


async def test_a_driver_whose_turn_was_taken_over_writes_nothing_more(journal: Journal) -> None:
    first = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    await journal.release(first)
    second = await journal.claim("c", 1, wake=AT_ONCE)
    for expected in (0, 1):
        with pytest.raises(LeaseLost):
            await journal.append("c", expected, [ENDED], lease=first)
    with pytest.raises(LeaseLost):
        await journal.renew(first)
    assert await journal.append("c", 1, [ENDED], lease=second) == 2


async def test_what_somebody_else_adds_leaves_the_lease_as_it_is(journal: Journal) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    await journal.append("c", 1, [TurnUndone()], wake=AT_ONCE)
    with pytest.raises(ConversationHeld):
        await journal.claim("c", 2, wake=AT_ONCE)
    assert await journal.append("c", 2, [ENDED], wake=AT_ONCE, lease=lease) == 3


@pytest.mark.parametrize("wake", [None, 4_000_000_000.0])
async def test_a_turn_that_rests_needs_no_driver(journal: Journal, wake: float | None) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    await journal.append("c", 1, [ENDED], wake=wake, lease=lease)
    assert await journal.append("c", 2, [TurnUndone()], wake=wake, lease=lease) == 3
    await journal.renew(lease)
    second = await journal.claim("c", 3, [STARTED], wake=wake)
    assert second.epoch == lease.epoch + 1
    assert (await journal.claim("c", 4, wake=AT_ONCE)).epoch == lease.epoch + 2


async def test_a_lease_that_is_not_renewed_ends_by_itself(hasty: Journal) -> None:
    lease = await hasty.claim("c", 0, [STARTED], wake=AT_ONCE)
    assert (await taken(hasty)).epoch == lease.epoch + 1
    with pytest.raises(LeaseLost):
        await hasty.append("c", 1, [ENDED], lease=lease)


async def test_a_lease_that_ended_still_appends_while_nobody_has_claimed(hasty: Journal) -> None:
    lease = await hasty.claim("c", 0, [STARTED], wake=AT_ONCE)
    await anyio.sleep(BRIEF + MOMENT)
    assert await hasty.append("c", 1, [TurnUndone()], wake=AT_ONCE, lease=lease) == 2


async def test_renewing_and_appending_keep_the_lease(journal: Journal, tmp_path: Path) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    long = Lease(conversation="c", epoch=lease.epoch, seconds=LEASE_SECONDS)
    await journal.append("c", 1, [TurnUndone()], wake=AT_ONCE, lease=long)
    await journal.renew(long)
    with pytest.raises(ConversationHeld):
        await journal.claim("c", 2, wake=AT_ONCE)
    assert await journal.take(PLUGINS) is None


async def test_a_lease_on_nothing_is_lost(journal: Journal) -> None:
    lease = Lease(conversation="c", epoch=1, seconds=1.0)
    with pytest.raises(LeaseLost):
        await journal.renew(lease)
    with pytest.raises(LeaseLost):
        await journal.append("c", 0, [STARTED], lease=lease)
    await journal.release(lease)


# --- taking what was left


async def test_what_was_woken_can_be_taken_once(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED], wake=AT_ONCE)
    lease = await journal.take(PLUGINS)
    assert lease is not None
    assert (lease.conversation, lease.seconds) == ("c", LEASE_SECONDS)
    assert await journal.take(PLUGINS) is None
    await journal.release(lease)
    again = Lease(conversation="c", epoch=lease.epoch + 1, seconds=LEASE_SECONDS)
    assert await journal.take(list(reversed(PLUGINS))) == again


async def test_of_several_who_take_at_once_each_gets_another(journal: Journal) -> None:
    for number in range(6):
        await journal.append(str(number), 0, [STARTED], wake=AT_ONCE)
    got: list[str | None] = []

    async def take() -> None:
        lease = await journal.take(PLUGINS)
        got.append(lease.conversation if lease is not None else None)

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(take)
    assert sorted(name for name in got if name is not None) == [str(number) for number in range(6)]


@pytest.mark.parametrize("plugins", [(), ("todo",), ("mail", "todo", "zoo"), ("mail\ntodo",)])
async def test_a_turn_of_other_plugins_is_not_taken(journal: Journal, plugins: tuple[str, ...]) -> None:
    await journal.append("c", 0, [STARTED], wake=AT_ONCE)
    if plugins != ("mail\ntodo",):
        assert await journal.take(plugins) is None
    other = TurnStarted(text="hello", person="ada", documents={})
    await journal.append("c", 1, [other], wake=AT_ONCE)
    assert await journal.take(PLUGINS) is None
    assert await journal.take(()) is not None


async def test_what_is_at_rest_or_waits_for_later_is_not_taken(journal: Journal) -> None:
    await journal.append("rests", 0, [STARTED])
    await journal.append("later", 0, [STARTED], wake=time.time() + 3600)
    assert await journal.take(PLUGINS) is None
    await journal.append("passed", 0, [STARTED], wake=time.time() - 3600)
    lease = await journal.take(PLUGINS)
    assert lease is not None
    assert lease.conversation == "passed"
    with pytest.raises(ConversationHeld):
        await journal.claim("passed", 1, wake=AT_ONCE)


async def test_who_waits_for_work_hears_of_it(journal: Journal) -> None:
    await journal.has_work(0)
    with anyio.move_on_after(1.0):
        await journal.has_work(0.5)  # what went before the first wait is not known
    heard = anyio.Event()

    async def wait() -> None:
        await journal.has_work(30)
        heard.set()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            for number in range(20):
                await journal.append(str(number), 0, [STARTED], wake=AT_ONCE)
                if heard.is_set():
                    break
                await anyio.sleep(MOMENT)
    assert heard.is_set()


async def test_who_waits_for_work_in_vain_comes_back(journal: Journal) -> None:
    await journal.has_work(0.1)
    with anyio.fail_after(5):
        await journal.has_work(0.1)
        await journal.has_work(0.1)


# --- files


async def test_files_are_kept_with_their_conversation(journal: Journal) -> None:
    small, large = b"%PDF", b"a line of a file\n" * 50_000
    for data in (small, large, small):
        await journal.keep_file("c", sha256(data).hexdigest(), data)
    assert await journal.file("c", sha256(small).hexdigest()) == small
    assert await journal.file("c", sha256(large).hexdigest()) == large
    assert await journal.file("another", sha256(small).hexdigest()) is None
    assert await journal.file("c", "0" * 64) is None
    assert await journal.append("c", 0, [STARTED]) == 1


# --- what is kept


async def test_conversations_are_listed_with_their_standing(journal: Journal) -> None:
    start = time.time() - 1
    await journal.append("rests", 0, [STARTED, ENDED, STARTED, ENDED])
    await anyio.sleep(0.002)  # two facts within a millisecond are of one time
    await journal.append("waits", 0, [STARTED], wake=4_000_000_000.0)
    await anyio.sleep(0.002)
    await journal.append("left", 0, [STARTED], wake=AT_ONCE)
    await anyio.sleep(0.002)
    await journal.claim("runs", 0, [STARTED], wake=AT_ONCE)
    await anyio.sleep(0.002)
    await journal.append("rests", 4, [TurnUndone()])
    kept = await journal.kept()
    assert [(one.conversation, one.standing, one.turns, one.facts) for one in kept] == [
        ("rests", "at rest", 2, 5),
        ("runs", "running", 1, 1),
        ("left", "left", 1, 1),
        ("waits", "waiting", 1, 1),
    ]
    assert all(start < one.created <= one.updated < start + 60 for one in kept)


async def test_a_conversation_is_listed_by_its_first_words_and_its_person(journal: Journal) -> None:
    first = TurnStarted(text=f" what\n is\0 {'x' * 100}", person="ada", documents={})
    await journal.append("one", 0, [first])
    await journal.append("one", 1, [TurnStarted(text="and then", person="bob", documents={})])
    await journal.append("two", 0, [TurnStarted(text="hi", person="bob", documents={})])
    await journal.keep_file("empty", "00", b"")
    assert [one.conversation for one in await journal.kept("ada")] == ["one"]
    assert [one.conversation for one in await journal.kept("bob")] == ["two"]
    assert await journal.kept("eve") == []
    title = (await journal.kept("ada"))[0].title
    assert title.startswith("what is")
    assert len(title) == MAX_TITLE


async def test_the_last_sign_of_life_of_a_lease_is_no_growth(journal: Journal) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    [before] = await journal.kept()
    await anyio.sleep(0.005)
    await journal.renew(lease)
    await journal.release(lease)
    await journal.keep_file("c", "00", b"data")
    [after] = await journal.kept()
    assert after.updated == before.updated


async def test_a_conversation_that_is_forgotten_is_gone(journal: Journal) -> None:
    await journal.append("c", 0, [STARTED])
    await journal.append("d", 0, [STARTED])
    await journal.keep_file("c", "00", b"data")
    assert await journal.forget("c")
    assert not await journal.forget("c")
    assert (list(await journal.read("c")), await journal.file("c", "00")) == ([], None)
    assert [one.conversation for one in await journal.kept()] == ["d"]
    assert await journal.append("c", 0, [STARTED]) == 1
    assert await journal.file("c", "00") is None


async def test_a_conversation_that_is_driven_is_not_forgotten(journal: Journal) -> None:
    lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    with pytest.raises(ConversationHeld):
        await journal.forget("c")
    assert list(await journal.read("c")) == [STARTED]
    await journal.release(lease)
    assert await journal.forget("c")


async def test_only_what_is_old_and_at_rest_is_forgotten(journal: Journal) -> None:
    for number in range(3):
        await journal.append(f"rests{number}", 0, [STARTED])
    await journal.append("waits", 0, [STARTED], wake=4_000_000_000.0)
    assert await journal.forget_before(time.time() - 3600) == 0
    assert await journal.forget_before(time.time() + 3600) == 3
    assert [one.conversation for one in await journal.kept()] == ["waits"]


# --- ledgers over it


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
