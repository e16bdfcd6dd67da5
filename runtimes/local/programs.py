"""The running programs of one endpoint: started when they are called, started again when they die, stopped when idle.

One for all callers, or one for each person. What is said with a program is `runtimes.local.session`; how one is
reached, a transport's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import anyio
from anyio.abc import TaskGroup

from runtimes.local.contract import SHUTDOWN
from runtimes.local.introduction import INITIALIZE_SECONDS, PLAIN, Way, advice_on, introduced, known_way, ways_to
from runtimes.local.session import Session
from runtimes.local.supervision import PATIENCE, Patience, Restarts
from runtimes.local.transports.base import CannotStart, Transport, TransportError, TransportOpener
from runtimes.local_endpoint import LocalEndpoint

MAX_PROGRAMS = 16
"""How many programs run at once where each person has one."""
SHUTDOWN_GRACE = 1.0
"""Seconds that a program may take to answer `shutdown`, before its input is closed."""


class Resting(CannotStart):
    """The program has died too often to be started just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the time of programs is taken with; tests make it shorter."""

    clock: Callable[[], float] = time.monotonic
    """Seconds, by which deaths are counted."""
    initialize_seconds: float = INITIALIZE_SECONDS
    patience: Patience = PATIENCE


@dataclass(eq=False, slots=True)
class _Run:
    """One start of a program and what became of it."""

    is_settled: anyio.Event = field(default_factory=anyio.Event)
    """Set once it runs, or has failed to."""
    session: Session | None = None
    spoken_to: Session | None = None
    """The same, also before it is settled."""
    failure: str = "it was stopped"
    """Why there is no session, once it is settled."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Cancelled to have the program stopped."""
    is_stopping: bool = False
    is_counted: bool = False
    """True once its death has been, if it was one."""

    def stop(self) -> None:
        self.is_stopping = True
        self.scope.cancel()


@dataclass(eq=False, slots=True)
class _Place:
    """Where a program runs for somebody, ran, or is going to."""

    restarts: Restarts = field(default_factory=Restarts)
    run: _Run | None = None
    last_reason: str = ""
    """What it last died of."""


class Programs:
    """Hands out sessions with running programs."""

    def __init__(
        self,
        endpoint: LocalEndpoint,
        opener: TransportOpener,
        tasks: TaskGroup,
        sent: Callable[[bytes], None],
        timing: Timing,
    ) -> None:
        """`tasks` runs what the programs need; `sent` is told of each request of a caller that has gone out."""
        self._endpoint = endpoint
        self._opener = opener
        self._tasks = tasks
        self._sent = sent
        self._timing = timing
        self._places: dict[str, _Place] = {}
        self._runs: set[_Run] = set()
        self._is_empty = anyio.Event()
        self._known: Way | None = None

    def running(self, person: str) -> Session | None:
        """The session with the program that runs for somebody."""
        place = self._places.get(person if self._endpoint.is_per_person else "")
        if place is None or place.run is None:
            return None
        session = place.run.session
        return None if session is None or session.is_over else session

    def hint(self, person: str) -> str:
        """Why it may be that a start does not come to its end; empty where nothing is known."""
        place = self._places.get(person if self._endpoint.is_per_person else "")
        session = place.run.spoken_to if place is not None and place.run is not None else None
        return "" if session is None else session.hint

    async def started(self, person: str) -> Session:
        """The same, once it runs. Raises: `CannotStart`."""
        if (session := self.running(person)) is not None:
            return session
        place = self._place(person if self._endpoint.is_per_person else "")
        run = place.run
        if run is None or run.is_settled.is_set():
            if run is not None and run.session is not None:
                self._count_death(place, run, run.session)
            self._check_rest(place)
            run = place.run = _Run()
            self._runs.add(run)
            self._tasks.start_soon(self._serve, place, run)
        await run.is_settled.wait()
        if run.session is None:
            raise CannotStart(run.failure)
        return run.session

    async def aclose(self) -> None:
        """Stops them all; each is asked first where it knows how to be."""
        for run in self._runs:
            run.stop()
        while self._runs:
            self._is_empty = anyio.Event()
            await self._is_empty.wait()

    # --- starting

    def _check_rest(self, place: _Place) -> None:
        """Raises: `Resting`."""
        if (pause := place.restarts.pause(self._timing.clock())) > 0:
            raise Resting(
                f"it has died {place.restarts.deaths} times in a row; the next start is tried in {ceil(pause)} s; "
                f"the last time {place.last_reason}"
            )

    def _place(self, key: str) -> _Place:
        """Raises: `CannotStart` where as many run as may."""
        if (place := self._places.get(key)) is not None:
            return place
        if len(self._places) >= MAX_PROGRAMS:
            self._make_room()
        place = self._places[key] = _Place()
        return place

    def _make_room(self) -> None:
        """Forgets a person whose program does not run, else stops the program that has been idle for longest."""
        ended = [key for key, place in self._places.items() if place.run is None]
        if ended:
            del self._places[ended[0]]
            return
        idle = {
            key: place.run.session.quiet_since
            for key, place in self._places.items()
            if place.run is not None and place.run.session is not None and not place.run.session.open_calls
        }
        if not idle:
            raise CannotStart(f"{MAX_PROGRAMS} of it run already, one for each person, and all are busy")
        run = self._places.pop(min(idle, key=idle.__getitem__)).run
        if run is not None:
            run.stop()

    async def _serve(self, place: _Place, run: _Run) -> None:
        try:
            ways = ways_to(self._endpoint) if self._known is None else (self._known,)
            for way in ways:
                async with self._opener() as transport:
                    await self._converse(place, run, transport, way)
                if run.is_settled.is_set() or run.is_stopping:
                    break
        except TransportError as error:
            run.failure = str(error)
        finally:
            self._runs.discard(run)
            run.is_settled.set()
            if place.run is run:
                place.run = None
            self._is_empty.set()

    async def _converse(self, place: _Place, run: _Run, transport: Transport, way: Way) -> None:
        """Speaks to one program in one way, for as long as it runs and is wanted."""
        session = run.spoken_to = Session(transport, self._sent, self._timing.patience, advice_on(self._endpoint))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session.listen)
            try:
                run.scope = anyio.CancelScope()
                if run.is_stopping:
                    run.scope.cancel()
                with run.scope:
                    welcome = await introduced(session, transport, way, self._timing.initialize_seconds)
                    if welcome.is_usable:
                        self._open(run, session, way, has_answered=welcome.has_answered)
                        await self._until_idle(session)
                    elif self._known is not None:
                        run.failure = session.reason
                self._close(place, run, session)
                if session.is_polite and not session.is_over:
                    with anyio.move_on_after(SHUTDOWN_GRACE):
                        await session.request(SHUTDOWN, {})
            finally:
                session.give_up("it was stopped")
                tasks.cancel_scope.cancel()

    def _open(self, run: _Run, session: Session, way: Way, *, has_answered: bool) -> None:
        if has_answered:
            self._known = known_way(way)
        run.session = session
        run.is_settled.set()

    def _close(self, place: _Place, run: _Run, session: Session) -> None:
        """Nobody is sent here any more; a death is counted."""
        if run.session is session or self._known is not None:  # those before are attempts at one start
            self._count_death(place, run, session)
        if place.run is run and run.is_settled.is_set():
            place.run = None
        if not session.has_spoken:
            self._known = None
        elif session.has_answered and self._known is None:
            self._known = PLAIN

    def _count_death(self, place: _Place, run: _Run, session: Session) -> None:
        """Once for each; a program that leaves after its last answer has done its work, and one we stop is not dead."""
        if not session.is_over or run.is_stopping or run.is_counted:
            return
        run.is_counted = True
        if session.was_needed or not session.has_answered:
            place.restarts.died(self._timing.clock())
            place.last_reason = session.reason

    async def _until_idle(self, session: Session) -> None:
        """Waits until it has ended, or nobody has called it for long enough."""
        idle = self._endpoint.idle_seconds
        left = idle
        while left is None or left > 0:
            with anyio.move_on_after(left):
                await session.ended.wait()
                return
            if idle is not None:
                left = idle if session.open_calls else session.quiet_since + idle - anyio.current_time()
