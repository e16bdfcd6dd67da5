"""Where an answer may lead: what the model had been given when it wrote it, and whose data that was. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.model.base import ReasoningRequest, RespondingRequest, UserMessage
from orchestrator.policy.rules import Policy
from orchestrator.response.addresses import Addresses, addresses_in, origin_of
from orchestrator.response.hidden import clean
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.history import History
from orchestrator.turn.state import CallState
from runtimes.values import dump_json

_SCHEME = re.compile(r"(?:https?|ftp)://(?:www\.)?", re.IGNORECASE)


def _of_answer(call: CallState, said: str) -> Iterator[str]:
    """The addresses that a call's answer gave; one of its own arguments is the model's, unless the person said it."""
    sent = dump_json(call.arguments).lower()
    for address in addresses_in(clean(call.message)):
        core = _SCHEME.sub("", address).strip("/").lower()
        if core not in sent or core in said:
            yield address


def _read(request: ReasoningRequest | RespondingRequest, history: History) -> Iterator[str]:
    """The texts that a model was given, without those that it wrote itself or that quote it."""
    yield request.system
    told = [message for message in request.messages if isinstance(message, UserMessage)]
    for message in told:
        yield message.text
        yield message.note
    said = "\n".join(message.text for message in told).lower()
    turn = history.turn
    past = (one.state for one in history.past_shown(turn.set_aside if turn is not None else ()))
    for shown in (*past, *([turn] if turn is not None else [])):
        for call in shown.calls.values():
            if call.has_outcome:
                yield "\n".join(_of_answer(call, said))
                yield "\n".join(citation.url or "" for citation in (call.shown.citations if call.shown else ()))


def addresses_of(
    request: ReasoningRequest | RespondingRequest, history: History, toolbox: Toolbox, policy: Policy
) -> Addresses:
    """The addresses that an answer to this request may lead to.

    An address of a plugin's own server that the model has put together tells that server what stands in it: it is
    allowed while all private data that the model was shown is that plugin's.
    """
    turn = history.turn
    label = history.label_shown(turn) if turn is not None else history.earlier_label(())
    owners = {policy.owner(name) for name in label.owners}
    found: dict[str, set[str]] = {}
    for function in toolbox.functions:
        namespace = function.plugin.namespace
        if namespace in label.seen and (origin := origin_of(function.signature.destination)) is not None:
            found.setdefault(origin, set()).add(policy.owner(namespace))
    return Addresses(
        texts=lambda: _read(request, history),
        origins=frozenset(found),
        composable=frozenset(origin for origin, plugins in found.items() if owners <= plugins and len(plugins) == 1),
    )
