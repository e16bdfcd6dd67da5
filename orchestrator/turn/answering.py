"""Keeps a person's answer to an open question: it counts once, whoever gives it, from wherever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import JournalConflict
from orchestrator.turn.deciding import asked_call, decision_on, own_arguments, refuse_unsigned, settled_by
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.state import CallState, Status
from runtimes.values import JsonObject

Decision = Literal["accepted", "already_answered", "expired"]
"""What became of an answer."""


def _too_late(call: CallState, now: float, shown: str | None) -> Decision | None:
    """Why a question cannot be answered any more; None while it can."""
    if not call.is_waiting:
        return "expired" if call.status is Status.EXPIRED else "already_answered"
    asked = call.question if call.status is Status.ASKED else None
    if shown is not None and (asked is None or shown != asked.fingerprint):
        return "already_answered"  # and it waits for something else since
    return "expired" if call.waits_until is None or call.waits_until <= now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the person says to a question."""

    approve: bool
    arguments: JsonObject | None = None
    """Their own, in the place of the model's."""
    note: str = ""
    always: bool = False
    shown: str | None = None
    """The fingerprint of the question that they saw; None where any that is open is meant."""


async def answer(
    ledger: Ledger, services: Callable[[], TurnServices], call_id: str, given: Given, *, by: str
) -> Decision:
    """As `Conversation.decide`; `by` is the person."""
    arguments = given.arguments
    while True:
        await ledger.refresh()
        history, current = ledger.history, services()
        now = current.clock()
        call = asked_call(history, call_id)
        if too_late := _too_late(call, now, given.shown):
            return too_late
        if given.approve:
            refuse_unsigned(call)
        toolbox = current.requests.toolbox
        if given.approve and arguments is not None:
            arguments = own_arguments(call, arguments, toolbox, history.attachments)
        decision = decision_on(
            call, approve=given.approve, arguments=arguments, note=given.note, by=by, always=given.always
        )
        others = settled_by(decision, call, history.turn, now=now)
        function = toolbox.at(call.plugin, call.function)
        kept = await current.consent.keep(call, function, decision, history.attachments)
        try:
            await ledger.append(kept.decision, *others, on=history.sequence)
        except JournalConflict:
            await current.consent.take_back(kept, by)
            continue
        if kept.error is not None:
            raise kept.error
        return "accepted"
