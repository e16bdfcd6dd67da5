"""Starts a local plugin, calls it if it is to, and stops it; what came of that, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from orchestrator.cli.local.watched import Seen, watched
from orchestrator.host import DEFAULT_PERSON
from runtimes.base import CALL_TIMEOUT
from runtimes.local.connection import JsonRpcError
from runtimes.local.messages import Answer, Fault
from runtimes.local.open_call import Caller, NoAnswer
from runtimes.local.programs import Programs, Timing
from runtimes.local.session import Session
from runtimes.local.transports.base import CannotStart, TransportOpener
from runtimes.local_endpoint import LocalEndpoint
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import JsonObject

LINGER_SECONDS = 0.5
"""How long one that has not answered yet is watched for whether it stays."""

ENDED_EARLY = "it ended when it was asked 'initialize', and has said nothing; name a function to call it all the same"
NOBODY = "`local test` answers no questions; `orchestrator call` at a terminal does"


@dataclass(slots=True)
class Trial:
    """What came of it; times are in seconds, and None where it did not come to that."""

    seen: Seen = field(default_factory=Seen)
    started: float | None = None
    called: float | None = None
    stopped: float | None = None
    outcome: Answer | Fault | None = None
    """What the function was answered."""
    problem: str = ""
    """Why it cannot be used, or gave no answer; empty where it can and did."""
    questions: list[LiveQuestion] = field(default_factory=list[LiveQuestion])
    """What it has asked."""
    was_called: bool = False

    @property
    def stderr(self) -> bytes:
        """The end of what it wrote there: where it ended before it said anything, and was tried again in other ways,
        what it wrote the first time."""
        seen = self.seen
        return seen.stderr if seen.has_spoken or self.was_called else seen.first_words or seen.stderr


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A call that is to be made."""

    function: str
    arguments: JsonObject


def _unheard(message: bytes) -> None:
    del message


async def _started(programs: Programs, trial: Trial, seconds: float) -> Session:
    """Raises: `CannotStart`."""
    begun = time.monotonic()
    with anyio.move_on_after(seconds):
        session = await programs.started(DEFAULT_PERSON)
        trial.started = time.monotonic() - begun
        return session
    raise CannotStart(f"it was not ready within {seconds:g} s")


async def _called(session: Session, wanted: Wanted, trial: Trial, tell: Callable[[str], None], seconds: float) -> None:
    """Raises: `CannotStart`, `JsonRpcError`."""

    async def ask(question: LiveQuestion) -> LiveAnswer:
        trial.questions.append(question)
        return LiveAnswer(action="decline", reason=NOBODY)

    begun, trial.was_called = time.monotonic(), True
    caller = Caller(progress=tell, ask=ask, seconds=seconds)
    outcome = await session.call(wanted.function, wanted.arguments, caller)
    if isinstance(outcome, NoAnswer):
        reason = f"it took longer than {seconds:g} s" if outcome.is_late else outcome.reason
        trial.problem = f"it gave no answer to {wanted.function!r}: {reason}"
        return
    trial.called, trial.outcome = time.monotonic() - begun, outcome


async def _lingered(session: Session, trial: Trial) -> None:
    """One that has not answered may not be there, or about to end."""
    if trial.seen.refusal:
        trial.started, trial.problem = None, f"it cannot be reached: {trial.seen.refusal}"
        return
    with anyio.move_on_after(LINGER_SECONDS):
        await session.ended.wait()
        trial.started, trial.problem = None, session.reason
        return
    if trial.seen.deaths:
        trial.started, trial.problem = None, ENDED_EARLY


async def _exercised(
    programs: Programs, wanted: Wanted | None, trial: Trial, tell: Callable[[str], None], seconds: float
) -> None:
    try:
        session = await _started(programs, trial, seconds)
        if wanted is not None:
            await _called(session, wanted, trial, tell, seconds)
        elif trial.seen.introduction is None:
            await _lingered(session, trial)
    except CannotStart as error:
        trial.problem = f"it cannot be started: {error}"
    except JsonRpcError as error:
        trial.problem = f"it cannot be asked: {error}"


async def tried(
    endpoint: LocalEndpoint,
    opener: TransportOpener,
    wanted: Wanted | None,
    tell: Callable[[str], None],
    *,
    timing: Timing,
    seconds: float = CALL_TIMEOUT,
) -> Trial:
    """Starts what is behind the endpoint and stops it again; `tell` is told what it says of its progress.

    Both the start and the call may take so many seconds.
    """
    trial = Trial()
    async with anyio.create_task_group() as tasks:
        programs = Programs(endpoint, watched(opener, trial.seen), tasks, _unheard, timing)
        try:
            await _exercised(programs, wanted, trial, tell, seconds)
        finally:
            with anyio.CancelScope(shield=True):
                begun = time.monotonic()
                await programs.aclose()
                trial.stopped = time.monotonic() - begun
    return trial
