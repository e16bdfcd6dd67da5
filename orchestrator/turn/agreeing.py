"""What the person has let a function read in a turn already, in view of what the model had read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import takewhile

from orchestrator.labels import Label, join
from orchestrator.policy.flow import Agreement
from orchestrator.policy.words import is_quoted
from orchestrator.turn.reading import latest_of, original_of
from orchestrator.turn.state import CallState, TurnState
from runtimes.values import JsonObject


def _was_agreed(call: CallState) -> bool:
    """True when the person was told that a yes is one to reading on, and let the call run as it was."""
    is_yes = call.answer is not None and call.answer.decision == "approve" and call.replaced_by is None
    return is_yes and call.may_agree


def agreement_in(
    state: TurnState,
    call: CallState,
    *,
    plugin: str,
    function: str,
    arguments: JsonObject,
    typed: Iterable[str],
    declared: Collection[str],
) -> Agreement | None:
    """What earlier replies of the turn have brought for a call of this function; None where the person agreed to none.

    `typed` is what the person typed, `declared` are the names of the parameters. What came after the last yes is no
    source of quotes: a page that was read because of it must not lead any further.
    """
    call_id = original_of(state, call).call_id
    agreed: list[Label] = []
    read: list[str] = []
    quotable = 0
    for reply in takewhile(lambda reply: call_id not in reply.call_ids, state.replies):
        made = [latest_of(state, state.calls[one]) for one in reply.call_ids]
        labels = [one.label for one in made if (one.plugin, one.function) == (plugin, function) and _was_agreed(one)]
        if labels:
            agreed += labels
            quotable = len(read)
        read += (one.message for one in made if one.has_outcome)
    if not agreed:
        return None
    return Agreement(label=join(agreed), is_quoted=is_quoted(arguments, (*typed, *read[:quotable]), declared))
