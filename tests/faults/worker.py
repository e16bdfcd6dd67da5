"""A worker of a fault run: one process that begins a turn, goes on with those that were left, and dies at a commit.

`run` is all that such a process does; `tests.faults.nursery` starts it.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from sqlalchemy import Connection, Engine, Pool, event
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from orchestrator import Orchestrator
from orchestrator.errors import ConversationBusy, LeaseLost
from orchestrator.journal.open import open_journal
from tests.faults.records import LEASE_ALONE, Broke, Decided, Errand, Fell, Record, Side, line_of
from tests.faults.shop import PERSON, PlannedModel, policy_of, shop
from tests.faults.telling import Tell, TellingJournal

LIFETIME = 120
"""Seconds after which a worker that everybody has forgotten ends by itself."""

IDLE_SECONDS = 0.1
"""How long a worker that finds no work waits to be told of some."""

_WROTE, _COMMITTED = "faults_wrote", "faults_committed"


class KillPoints:
    """Counts the commits of transactions that wrote something, and kills this process at one of them.

    *Before* is when all statements were made and the database was not told to commit; *after* is when it has said that
    it has, and nobody else has been told.
    """

    def __init__(self, errand: Errand, tell: Tell) -> None:
        self._errand = errand
        self._tell = tell
        self._commits = 0

    def listen(self) -> None:
        """On every connection of this process."""
        event.listen(Engine, "after_cursor_execute", self._executed)
        event.listen(Engine, "commit", self._commit)
        event.listen(Pool, "checkin", self._checked_in)

    def _executed(
        self,
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        _parameters: object,
        context: DefaultExecutionContext,
        _many: bool,
    ) -> None:
        if not statement.startswith(("INSERT", "UPDATE", "DELETE")) or cursor.rowcount == 0:
            return
        kinds: list[str] = connection.info.setdefault(_WROTE, [])
        if "orchestrator_fact " in statement:
            kinds.extend(str(row["kind"]) for row in context.compiled_parameters if "kind" in row)

    def _commit(self, connection: Connection) -> None:
        if _WROTE not in connection.info:
            return
        wrote = tuple(connection.info.pop(_WROTE))
        if not self._errand.dies_in or self._errand.dies_in in (wrote or (LEASE_ALONE,)):
            self._commits += 1
            connection.info[_COMMITTED] = (self._commits, wrote)
            self._die("before", self._commits, wrote)

    def _checked_in(self, _connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info.pop(_WROTE, None)
        committed = record.info.pop(_COMMITTED, None)
        if committed is not None:
            self._die("after", *committed)

    def _die(self, side: Side, commit: int, wrote: tuple[str, ...]) -> None:
        if (side, commit) == (self._errand.dies, self._errand.dies_at):
            self._tell(Fell(side=side, commit=commit, wrote=wrote))
            os.kill(os.getpid(), signal.SIGKILL)


class Log:
    """A file that has every line that was told, whatever becomes of the process."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def __call__(self, record: Record) -> None:
        os.write(self._file, line_of(record))


@asynccontextmanager
async def opened(store: str, api: str, tell: Tell, *, lease_seconds: float) -> AsyncGenerator[Orchestrator]:
    """A host of the shop over a store, which tells what it appends."""
    plugin = shop(api)
    async with open_journal(store, lease_seconds=lease_seconds) as journal:
        telling = TellingJournal(journal, tell)
        async with Orchestrator(
            plugins=[plugin], model=PlannedModel(), store=telling, policy=policy_of(plugin)
        ) as host:
            yield host


async def _decide(host: Orchestrator, errand: Errand, tell: Tell) -> None:
    assert errand.decide is not None
    conversation, call_id, is_approved = errand.decide
    await anyio.sleep(max(errand.at - time.monotonic(), 0))
    result = await host.conversation(id=conversation, person=PERSON).decide(call_id, is_approved)
    tell(Decided(conversation=conversation, call_id=call_id, is_approved=is_approved, result=result))


async def _ask(host: Orchestrator, conversation: str, message: str) -> None:
    if await host.journal.read(conversation):
        return  # the commit of the worker that was told before came through after all
    try:
        await host.conversation(id=conversation, person=PERSON).ask(message)
    except (ConversationBusy, LeaseLost):
        return  # another worker goes on with it


async def _work(host: Orchestrator, errand: Errand) -> None:
    async with anyio.create_task_group() as tasks:
        if errand.ask is not None:
            tasks.start_soon(_ask, host, *errand.ask)
        while True:
            await host.run_pending(at_once=errand.at_once)
            await host.journal.has_work(IDLE_SECONDS)


async def _run(errand: Errand, tell: Tell) -> None:
    async with opened(errand.store, errand.api, tell, lease_seconds=errand.lease_seconds) as host:
        if errand.decide is not None:
            return await _decide(host, errand, tell)
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_work, host, errand)
                async for _ in signals:
                    break
                tasks.cancel_scope.cancel()
    return None


def run(errand: Errand) -> int:
    """Runs the errand to its end; the exit code."""
    signal.alarm(LIFETIME)
    log = Log(errand.log)
    KillPoints(errand, log).listen()
    try:
        anyio.run(_run, errand, log)
    except BaseException:  # noqa: BLE001 - whatever it is, the run is to show it
        log(Broke(trace=traceback.format_exc()))
        return 1
    return 0
