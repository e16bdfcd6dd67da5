"""Keeps a person's answer to an open question: it counts once, whoever gives it, from wherever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from orchestrator.errors import JournalConflict
from orchestrator.turn.deciding import asked_call, decision_on, own_arguments, settled_by
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.state import CallState, Status
from runtimes.values import JsonObject

Decision = Literal["accepted", "already_answered", "expired"]
"""What became of an answer."""


def _too_late(call: CallState, now: float) -> Decision | None:
    """Why a question cannot be answered any more; None while it can."""
    if call.status is not Status.ASKED:
        return "expired" if call.status is Status.EXPIRED else "already_answered"
    return "expired" if call.question is not None and call.question.expires <= now else None


async def answer(
    ledger: Ledger,
    services: Callable[[], TurnServices],
    call_id: str,
    *,
    approve: bool,
    arguments: JsonObject | None,
    note: str,
    always: bool,
    by: str,
) -> Decision:
    """As `Conversation.decide`; `by` is the person."""
    while True:
        await ledger.refresh()
        history, current = ledger.history, services()
        now = current.clock()
        call = asked_call(history, call_id)
        if too_late := _too_late(call, now):
            return too_late
        toolbox = current.requests.toolbox
        if approve and arguments is not None:
            arguments = own_arguments(call, arguments, toolbox, history.attachments)
        decision = decision_on(call, approve=approve, arguments=arguments, note=note, by=by, always=always)
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
