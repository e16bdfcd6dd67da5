"""What the model had read in a turn when it wrote a call: whose data the answers hold that stood before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from orchestrator.labels import Label, join
from orchestrator.turn.state import CallState, Reply, Status, TurnState

_MAY_BE_MADE_AGAIN = frozenset({Status.UNJUDGED, Status.REFUSED})


def original_of(state: TurnState, call: CallState) -> CallState:
    """The call of the model's that this one stands for: itself, where nobody edited it."""
    while call.edit_of is not None:
        call = state.calls[call.edit_of]
    return call


def latest_of(state: TurnState, call: CallState) -> CallState:
    """The call that runs in its place: itself, where nobody edited it."""
    while call.replaced_by is not None:
        call = state.calls[call.replaced_by]
    return call


def label_of_answer(call: CallState) -> Label:
    """Whose data the answer of a call may hold; of one from before there were labels, anything of its plugin's."""
    if not call.plugin or call.plugin in call.label.seen:
        return call.label
    own = (call.plugin,)
    return call.label | Label(seen=own, private=own, isolated=own)


def _answers(state: TurnState, reply: Reply) -> Iterator[Label]:
    for call_id in reply.call_ids:
        if (call := latest_of(state, state.calls[call_id])).has_outcome:
            yield label_of_answer(call)


def label_of(state: TurnState) -> Label:
    """Whose data the answers of the turn's calls may hold."""
    return join(label for reply in state.replies for label in _answers(state, reply))


def label_before(state: TurnState, call: CallState) -> Label:
    """The same, of the replies before the one that requested the call."""
    call_id = original_of(state, call).call_id
    earlier = takewhile(lambda reply: call_id not in reply.call_ids, state.replies)
    return join(label for reply in earlier for label in _answers(state, reply))


def is_from_card(state: TurnState, call: CallState) -> bool:
    """True for a call that a choice on a card made, not the model."""
    return any(reply.is_from_card and call.call_id in reply.call_ids for reply in state.replies)


def is_halted(state: TurnState, call: CallState) -> bool:
    """True when the person declined a call of an earlier reply of the turn, without a word to the model."""
    call_id = original_of(state, call).call_id
    earlier = takewhile(lambda reply: call_id not in reply.call_ids, state.replies)
    made = (latest_of(state, state.calls[one]) for reply in earlier for one in reply.call_ids)
    return any(one.status is Status.DECLINED and not one.message.strip() for one in made)


def may_begin_anew(state: TurnState) -> bool:
    """True when nothing was done in the turn, and nothing set aside in it: the model can be asked again, once."""
    was_asked_again = any(reply.is_void or reply.is_retold for reply in state.replies)
    return not was_asked_again and all(call.status in _MAY_BE_MADE_AGAIN for call in state.calls.values())
