"""A fault run: workers talk to the service and are killed and paused, until as many have been as were asked for.

All that it chooses comes from its seed; what the operating system does with it does not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP, SIGTERM

import anyio

from orchestrator import Orchestrator
from orchestrator.events import CallAsked, CallDecided, TurnEnded
from orchestrator.journal.open import open_journal
from tests.faults.evidence import DRIVERS, Evidence, Fault, Settings
from tests.faults.executioner import Executioner
from tests.faults.points import SIDES, Point
from tests.faults.processes import Worker, Workers, workers
from tests.faults.records import Decided, Errand, Fell, records_in
from tests.faults.rows import sequences
from tests.faults.service import STAGES, Service
from tests.faults.shop import PERSON
from tests.faults.worker import opened
from tests.servers.loopback import serve

ROUNDS = (
    "look",
    "send",
    "order",
    "pay",
    "look+send+order",
    "pay+send",
    "pay+pay+look",
    "send+send+order+order",
    "order/pay",
    "send/look/order",
    "look/pay+send/send",
    "pay/pay",
)
"""What is asked for, in turn."""

MAX_ACTIVE = 12
"""Conversations that have not ended at a time."""

WATCH_SECONDS = 0.03
"""How often the questions are looked for."""

PATIENCE = 60.0
"""Seconds in which every turn ends once nobody is killed any more."""

DOOMED_SECONDS = 1.0
"""How long a worker lives at most that is to die at a commit or at the service."""

POINT_SECONDS = 3.0
"""How long a worker may take to come to the commit that it is to die at for certain."""

TRIES = 5
"""How often that is tried."""

LONGEST_LIFE = 0.5
"""Seconds; the longest life of a worker that dies at a random moment."""

LAST_COMMIT = 8
"""The highest number of a commit that a worker dies at."""

DECLINED_EVERY, CONTESTED_EVERY = 3, 4
"""One in so many questions is declined; one in so many gets both answers at once."""


class FaultRun:
    """One run. The two hosts are over connections of their own, so that two can answer a question at once."""

    def __init__(
        self,
        settings: Settings,
        crew: Workers,
        executioner: Executioner,
        api: str,
        hosts: Sequence[Orchestrator],
        evidence: Evidence,
    ) -> None:
        self._settings = settings
        self._crew = crew
        self._executioner = executioner
        self._api = api
        self._hosts = hosts
        self._journal = hosts[0].journal
        self._random = Random(settings.seed)
        self._numbers, self._questions = count(1), count(1)
        self._unheard: list[str] = []
        self.evidence = evidence

    # --- what is asked, and who answers

    def _active(self) -> list[str]:
        return [
            tag
            for tag in self.evidence.asked
            if not any(isinstance(fact, TurnEnded) for fact in self.evidence.facts.get(tag, ()))
        ]

    def _next_message(self) -> tuple[str, str] | None:
        if self._unheard:
            tag = self._unheard.pop()
            return tag, self.evidence.asked[tag]
        if len(self._active()) >= MAX_ACTIVE:
            return None
        return self._message(ROUNDS[len(self.evidence.asked) % len(ROUNDS)])

    def _message(self, rounds: str) -> tuple[str, str]:
        tag = f"c{len(self.evidence.asked)}"
        self.evidence.asked[tag] = f"{tag}: {rounds}"
        return tag, self.evidence.asked[tag]

    async def _watch(self) -> None:
        """Takes in what was appended, and answers questions, until it is cancelled."""
        while True:
            for tag in self._active():
                await self._take_in(tag)
                for call_id in self._open_questions(tag):
                    await self._answer(tag, call_id)
            await anyio.sleep(WATCH_SECONDS)

    async def _take_in(self, tag: str) -> None:
        known = self.evidence.facts.setdefault(tag, [])
        known += await self._journal.read(tag, len(known))

    def _open_questions(self, tag: str) -> list[str]:
        facts = self.evidence.facts[tag]
        decided = {fact.call_id for fact in facts if isinstance(fact, CallDecided)}
        return [fact.call_id for fact in facts if isinstance(fact, CallAsked) and fact.call_id not in decided]

    async def _answer(self, tag: str, call_id: str) -> None:
        number = next(self._questions)
        is_approved = number % DECLINED_EVERY != 0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._decide, 0, tag, call_id, is_approved)
            if number % CONTESTED_EVERY == 0:
                tasks.start_soon(self._decide, 1, tag, call_id, not is_approved)

    async def _decide(self, host: int, tag: str, call_id: str, is_approved: bool) -> None:
        result = await self._hosts[host].conversation(id=tag, person=PERSON).decide(call_id, is_approved)
        tell = self.evidence.teller(DRIVERS[host])
        tell(Decided(conversation=tag, call_id=call_id, is_approved=is_approved, result=result))

    # --- workers

    def _errand(self) -> Errand:
        number = next(self._numbers)
        return Errand(
            worker=number,
            store=self._settings.store,
            api=self._api,
            log=str(self._settings.folder / f"worker-{number}.jsonl"),
            lease_seconds=self._settings.lease_seconds,
        )

    async def _keep_busy(self) -> None:
        """One worker after another, until there were enough kills."""
        while not self._is_enough():
            fault = self._random.choice(self._settings.faults)
            # who asks and is told to end has the turn cancelled: that is the person's own doing
            errand = replace(self._errand(), ask=self._next_message() if fault != "stop" else None)
            if fault == "commit":
                number, side = self._random.randint(1, LAST_COMMIT), self._random.choice(SIDES)
                errand = replace(errand, dies_at=number, dies=side)
            worker = await self._crew.start(errand)
            await self._befall(worker, fault)
            await self._bury(worker)

    def _is_enough(self) -> bool:
        settings = self._settings
        return self.evidence.kills >= settings.kills and len(self.evidence.asked) >= settings.conversations

    async def _bury(self, worker: Worker) -> None:
        """Kills it where it is not dead; what it was asked and never kept is asked again."""
        await self._crew.kill(worker)
        self.evidence.kills += worker.was_killed
        message = worker.errand.ask
        if message is not None and not await self._journal.read(message[0]):
            self._unheard.append(message[0])

    async def _follow(self, sequence: Sequence[Point]) -> None:
        """One worker after another dies where it should; from the beginning where one did not come to that."""
        for _ in range(TRIES):
            if all([await self._reach(point) for point in sequence]):
                return
        self.evidence.complaints.append(f"no worker has come to {sequence}")

    async def _reach(self, point: Point) -> bool:
        message = self._message(point.rounds) if point.rounds else None
        errand = replace(self._errand(), ask=message, dies_at=1, dies=point.side, dies_in=point.kind)
        worker = await self._crew.start(errand)
        with anyio.move_on_after(POINT_SECONDS):
            await worker.died.wait()
        await self._bury(worker)
        return any(isinstance(one, Fell) for one in records_in(Path(errand.log)))

    async def _befall(self, worker: Worker, fault: Fault) -> None:
        """What becomes of it."""
        if fault == "pause":
            await self._pause(worker)
        if fault == "service":
            self._executioner.doom(worker, self._random.choice(STAGES))
        is_doomed = fault in ("commit", "service")
        with anyio.move_on_after(DOOMED_SECONDS if is_doomed else self._random.uniform(0.02, LONGEST_LIFE)):
            await worker.died.wait()
        self._executioner.spare(worker)
        if fault == "stop":
            await self._stop([worker])

    async def _pause(self, worker: Worker) -> None:
        """For longer than its lease: others have taken over what it did."""
        await anyio.sleep(self._random.uniform(0.05, LONGEST_LIFE))
        worker.was_paused = True
        await self._crew.send(worker, SIGSTOP)
        self.evidence.pauses += 1
        await anyio.sleep(self._settings.lease_seconds * self._random.uniform(1.2, 2.5))
        await self._crew.send(worker, SIGCONT)

    async def drive(self) -> None:
        """Until there were enough kills and every turn has ended."""
        began = time.monotonic()
        async with anyio.create_task_group() as watching:
            watching.start_soon(self._watch)
            for sequence in self._settings.sequences:
                await self._follow(sequence)
            async with anyio.create_task_group() as slots:
                for _ in range(self._settings.workers):
                    slots.start_soon(self._keep_busy)
            await self._finish()
            watching.cancel_scope.cancel()
        self.evidence.seconds = time.monotonic() - began
        for tag in self.evidence.asked:
            now = list(await self._journal.read(tag))
            before = self.evidence.facts.get(tag, [])
            if now[: len(before)] != before:
                self.evidence.complaints.append(f"{tag}: the history is not the one that was read before")
            self.evidence.facts[tag] = now

    async def _finish(self) -> None:
        """Workers that nobody kills go on until there is nothing left to do."""
        errands = [self._errand() for _ in range(self._settings.workers)]
        errands += [replace(self._errand(), ask=(tag, self.evidence.asked[tag])) for tag in self._unheard]
        last = [await self._crew.start(errand) for errand in errands]
        with anyio.move_on_after(PATIENCE):
            while self._active():  # noqa: ASYNC110 - the stores are looked at by `_watch`
                await anyio.sleep(WATCH_SECONDS)
        await self._stop(last)

    async def _stop(self, some: Sequence[Worker]) -> None:
        """In good order; one that has hardly begun may not know how."""
        for worker in some:
            worker.was_stopped = True
            await self._crew.send(worker, SIGTERM)
        with anyio.move_on_after(PATIENCE):
            for worker in some:
                await worker.died.wait()
        self.evidence.complaints += [
            f"worker {one.errand.worker} ended with {one.status}" for one in some if one.status not in (0, -SIGTERM)
        ]


async def fault_run(settings: Settings) -> Evidence:
    """Drives a run to its end; nothing of it is left but the store and the logs."""
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(open_journal(settings.store, lease_seconds=settings.lease_seconds))
        crew = await stack.enter_async_context(workers())
        executioner = Executioner(crew)
        service = Service(Random(settings.seed + 1), journal, executioner.reached)
        server = await stack.enter_async_context(serve(service))
        evidence = Evidence(workers=crew.all, effects=service.effects)
        hosts = [
            await stack.enter_async_context(
                opened(settings.store, server.url, evidence.teller(number), lease_seconds=settings.lease_seconds)
            )
            for number in DRIVERS
        ]
        await FaultRun(settings, crew, executioner, server.url, hosts, evidence).drive()
    for number, worker in evidence.workers.items():
        evidence.told[number] = list(records_in(Path(worker.errand.log)))
    evidence.rows = sequences(settings.store)
    return evidence
