"""Sees before a call leaves that the person's credential can be had, and says what they have to do where it cannot.

Asking a vault is I/O, also where nothing is sent: it may read a store, and renew what has expired. Functions that need
no credential are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import anyio

from auth import SignIn
from orchestrator.errors import JournalConflict
from orchestrator.events import CallRefused, Fact, SignInAsked, SignInDone, TurnStarted
from orchestrator.render.sanitize import clean_line
from orchestrator.render.sign_ins import command_for
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.folding import fold
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.questions import QUESTION_LIFETIME
from orchestrator.turn.services import TurnServices
from orchestrator.turn.state import CallState, Status, TurnState
from orchestrator.turn.waking import overdue
from runtimes.errors import InvocationError

MAX_REASON = 300
"""Characters of why a sign-in is needed."""

READY_SECONDS = 10.0
"""How long a vault may take to say if a credential can be had; the call that is made then has a time of its own."""

LOOK_SECONDS = 3.0
"""How long a driver waits for a vault that it asks once more before it leaves the turn, whose lease is over then."""

MAX_LOOKS = 3
"""How often one driver finds by itself that a sign-in was done: a vault that changes its mind keeps nobody busy."""

Bound = tuple[CallState, BoundFunction]
"""A call, and its function."""


def _asked(call: CallState, function: BoundFunction, wanted: SignIn, now: float) -> SignInAsked:
    return SignInAsked(
        call_id=call.call_id,
        name=wanted.name,
        sign_in=wanted.kind,
        reason=clean_line(wanted.reason)[:MAX_REASON],
        expires=now + QUESTION_LIFETIME,
        scopes=wanted.scopes,
        destination=function.signature.destination,
    )


def _refused(call: CallState, wanted: SignIn) -> CallRefused:
    command = command_for(wanted.name, wanted.kind)
    why = clean_line(wanted.reason)[:MAX_REASON]
    return CallRefused(
        call_id=call.call_id,
        code="sign_in",
        message=f"the person has to sign in first, and nobody can be asked here; `{command}` does it: {why}",
        plugin=call.plugin,
        function=call.function,
        arguments=call.arguments,
    )


async def _wanted(functions: Mapping[str, BoundFunction], person: str, timeout: float) -> Mapping[str, SignIn | None]:
    """What has to be done before these functions can be called, all of them asked at once.

    Nothing is said of one whose vault does not answer in time, or cannot say: calling it tells what is wrong.
    """
    found: dict[str, SignIn | None] = {}

    async def look(tool: str, function: BoundFunction) -> None:
        with anyio.move_on_after(timeout), suppress(InvocationError):
            found[tool] = await function.executor.sign_in(function.name, person)

    async with anyio.create_task_group() as tasks:
        for tool, function in functions.items():
            tasks.start_soon(look, tool, function)
    return found


async def done_by_now(turn: TurnState, toolbox: Toolbox, *, timeout: float) -> tuple[SignInDone, ...]:
    """The sign-ins that calls of a turn wait for, and that were done since; `timeout` is in seconds.

    One is done where a function that it was asked for needs it no more, whatever else it may need. Where a vault cannot
    say, its key is missing or the credential is not registered any more, the calls go on waiting: that may be mended.
    """
    waiting = [
        (function, call.sign_in.name)
        for call in turn.with_status(Status.SIGN_IN)
        if call.sign_in is not None and (function := toolbox.at(call.plugin, call.function)) is not None
    ]
    if not waiting:
        return ()
    person = turn.started.person
    wanted = await _wanted({function.tool_name: function for function, _ in waiting}, person, timeout)
    answered = ((wanted[function.tool_name], name) for function, name in waiting if function.tool_name in wanted)
    done = (name for left, name in answered if left is None or left.name != name)
    return tuple(SignInDone(name=name, by=person) for name in dict.fromkeys(done))


class SigningIn:
    """Asks for sign-ins for as long as one driver has the turn."""

    def __init__(self, toolbox: Toolbox, *, timeout: float) -> None:
        """`timeout` is how many seconds a call may take."""
        self._toolbox = toolbox
        self._timeout = min(timeout, READY_SECONDS)
        self._looks_left = MAX_LOOKS

    async def needed(self, calls: Sequence[Bound], started: TurnStarted, now: float) -> Mapping[str, Fact]:
        """Why some of these calls cannot leave yet, by call id; `now` is in seconds since the epoch."""
        functions = {function.tool_name: function for _, function in calls if function.has_credential}
        if not functions:
            return {}
        wanted = await _wanted(functions, started.person, self._timeout)
        return {
            call.call_id: _asked(call, function, one, now) if started.attended else _refused(call, one)
            for call, function in calls
            if (one := wanted.get(function.tool_name)) is not None
        }

    async def meanwhile(self, turn: TurnState) -> tuple[SignInDone, ...]:
        """The sign-ins that were done before it was kept that they are waited for."""
        if not self._looks_left:
            return ()
        done = await done_by_now(turn, self._toolbox, timeout=min(self._timeout, LOOK_SECONDS))
        self._looks_left -= bool(done)
        return done


def _lapsed(turn: TurnState, now: float) -> tuple[TurnState, tuple[Fact, ...]]:
    """The turn without the waits for a sign-in that have lasted too long, and the facts that say so."""
    facts = tuple(overdue(turn.with_status(Status.SIGN_IN), now))
    for fact in facts:
        turn = fold(turn, fact)
    return turn, facts


async def take_note(ledger: Ledger, services: TurnServices) -> tuple[Fact, ...]:
    """Keeps which of the sign-ins that a turn waits for were done since, whoever drives it. Raises: `StoreError`."""
    while True:
        await ledger.refresh()
        history = ledger.history
        if history.turn is None:
            return ()
        turn, _ = _lapsed(history.turn, services.clock())
        done = await done_by_now(turn, services.requests.toolbox, timeout=min(services.call_timeout, READY_SECONDS))
        _, lapsed = _lapsed(history.turn, services.clock()) if done else (turn, ())
        try:
            await ledger.append(*lapsed, *done, on=history.sequence)
        except JournalConflict:
            continue
        return (*lapsed, *done)


async def signed_in(ledger: Ledger, name: str, *, by: str, now: float) -> bool:
    """As `Conversation.signed_in`; `now` is in seconds since the epoch. Raises: `StoreError`."""
    while True:
        await ledger.refresh()
        history = ledger.history
        if history.turn is None:
            return False
        turn, lapsed = _lapsed(history.turn, now)
        waiting = [call.sign_in for call in turn.with_status(Status.SIGN_IN)]
        if not any(asked is not None and asked.name == name for asked in waiting):
            return False
        try:
            await ledger.append(*lapsed, SignInDone(name=name, by=by), on=history.sequence)
        except JournalConflict:
            continue
        return True
