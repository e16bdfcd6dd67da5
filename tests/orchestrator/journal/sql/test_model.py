"""Whatever two processes do with a SQLite store, they get what the journal in memory gives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import ConversationError
from orchestrator.events import Fact, TurnEnded, TurnStarted
from orchestrator.journal.base import AT_ONCE, Journal, Lease
from orchestrator.journal.memory import MemoryJournal
from orchestrator.journal.sql.opening import opened

LEASE = 1000.0
NUMBERS = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one of two does."""

    who: int
    what: str
    conversation: str
    off: int
    """How far what it knows is behind."""
    turns: int
    wake: float | None
    under_lease: bool


STEPS = st.builds(
    Step,
    who=st.integers(0, 1),
    what=st.sampled_from(["append", "append", "append", "claim", "renew", "release", "take", "read", "forget"]),
    conversation=st.sampled_from(["a", "b"]),
    off=st.sampled_from([0, 0, 0, 1]),
    turns=st.integers(1, 2),
    wake=st.sampled_from([None, AT_ONCE, AT_ONCE, 4_000_000_000.0]),
    under_lease=st.booleans(),
)


class Player:
    """Two processes on one store, and the leases that they have."""

    def __init__(self, journals: tuple[Journal, Journal], example: int) -> None:
        self._journals = journals
        self._example = example
        self._leases: dict[tuple[int, str], Lease] = {}

    def _facts(self, step: Step) -> list[Fact]:
        told = f"{step.conversation} {step.turns}"
        started = TurnStarted(text=told, person=f"p{self._example}", documents={f"n{self._example}": "1"})
        return [*[started] * step.turns, TurnEnded(reason="answered", detail=told * (4000 * step.turns))]

    async def _do(self, step: Step) -> object:
        journal, name = self._journals[step.who], f"{step.conversation}{self._example}"
        lease = self._leases.get((step.who, name))
        expected = max(0, len(await journal.read(name)) - step.off)
        if step.what == "append":
            under = lease if step.under_lease else None
            return await journal.append(name, expected, self._facts(step), wake=step.wake, lease=under)
        if step.what == "claim":
            self._leases[step.who, name] = await journal.claim(name, expected, self._facts(step), wake=step.wake)
            return self._leases[step.who, name].conversation
        if step.what == "take":
            return await self._take(step.who, journal)
        if step.what == "forget":
            return await journal.forget(name)
        if lease is None or step.what == "read":
            return list(await journal.read(name, after=step.turns))
        await (journal.renew(lease) if step.what == "renew" else journal.release(lease))
        return None

    async def _take(self, who: int, journal: Journal) -> bool:
        lease = await journal.take([f"n{self._example}"])
        if lease is not None:
            self._leases[who, lease.conversation] = lease
        return lease is not None

    async def play(self, step: Step) -> object:
        """What comes of it, as one can compare it."""
        try:
            return await self._do(step)
        except ConversationError as error:
            return repr(error)

    async def listed(self) -> object:
        """What is kept in the end."""
        kept = await self._journals[0].kept(f"p{self._example}")
        return sorted((one.conversation, one.title, one.turns, one.facts, one.standing) for one in kept)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("store")
    return f"sqlite:///{folder}/chats.db"


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_two_processes_get_what_the_journal_in_memory_gives(store: str, steps: list[Step]) -> None:
    async def play() -> None:
        example, memory = next(NUMBERS), MemoryJournal(lease_seconds=LEASE)
        model = Player((memory, memory), example)
        async with opened(store, lease_seconds=LEASE) as one, opened(store, lease_seconds=LEASE) as other:
            real = Player((one, other), example)
            for step in steps:
                assert await real.play(step) == await model.play(step)
            assert await real.listed() == await model.listed()

    anyio.run(play)
