"""What conversations have exercised of the plugins that they were played over. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from orchestrator.content import CardOrigin
from orchestrator.events import CallDecided, CallDispatched, CallReturned, Event
from orchestrator.policy.decide import Situation, decide
from orchestrator.response.semantics import TEMPLATE_SELECTOR, readings_of
from orchestrator.testing.judging.observed import Observed
from orchestrator.testing.telling.attribution import Exchange, exchanges_of
from orchestrator.testing.telling.parameter_paths import paths_given, paths_of
from orchestrator.tools.toolbox import ALL_FUNCTIONS, BoundFunction, Toolbox
from orchestrator.turn.prompts import functions_called
from orchestrator.turn.standing import evidence_of
from orchestrator.turn.state import CallState, Status, TurnState

CoverageKind = Literal["functions", "states", "parameters", "responses", "confirmations", "cards"]
"""What is counted: functions that have answered, states whose instructions the model was given, parameters that were
sent, statuses of the description that came back, answers to questions, templates of cards that were shown."""

KINDS: tuple[CoverageKind, ...] = get_args(CoverageKind)

NO_ANSWER = "no answer"
"""Stands among the statuses for a call that none came back for."""

_CARDS: Mapping[CardOrigin, str] = {"static": "static card", "selected": "selected card", "rich": "rich response"}
_ANSWERS = {"approve": "approved", "decline": "declined"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing that a plugin has, and conversations may exercise."""

    kind: CoverageKind
    function: str
    what: str = ""
    """Of the function: a state, a path of a parameter, a status; empty for the function itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCoverage:
    """What has been exercised of one plugin."""

    source: str
    """Where its manifest lies."""
    name: str
    """For people."""
    counts: Mapping[Thing, int] = field(default_factory=dict[Thing, int])
    """How often each thing was exercised; 0 for never."""

    def of(self, kind: CoverageKind) -> Mapping[Thing, int]:
        """The things of a kind."""
        return {thing: count for thing, count in self.counts.items() if thing.kind == kind}

    def missing(self, *kinds: CoverageKind) -> tuple[Thing, ...]:
        """The things of these kinds that nothing has exercised."""
        return tuple(thing for thing, count in self.counts.items() if not count and thing.kind in kinds)

    def merged(self, other: PluginCoverage) -> PluginCoverage:
        """What both have exercised together."""
        counts = {thing: count + other.counts.get(thing, 0) for thing, count in self.counts.items()}
        return PluginCoverage(source=self.source, name=self.name, counts={**other.counts, **counts})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What has been exercised of all plugins: plain data, that can be put together from many conversations."""

    plugins: tuple[PluginCoverage, ...] = ()

    def missing(self, *kinds: CoverageKind) -> tuple[Thing, ...]:
        """The things of these kinds that nothing has exercised."""
        return tuple(thing for plugin in self.plugins for thing in plugin.missing(*kinds))


def merged(coverages: Iterable[Coverage]) -> Coverage:
    """All of them together; a plugin is known by where its manifest lies."""
    found: dict[str, PluginCoverage] = {}
    for plugin in (plugin for coverage in coverages for plugin in coverage.plugins):
        found[plugin.source] = found[plugin.source].merged(plugin) if plugin.source in found else plugin
    return Coverage(plugins=tuple(found.values()))


# --- what there is


def _whats(function: BoundFunction) -> Iterator[tuple[CoverageKind, str]]:
    yield "functions", ""
    states, semantics = function.declaration.states, function.declaration.capabilities.response_semantics
    for name, state in (
        ("reasoning", states.reasoning),
        ("responding", states.responding),
        ("disengaging", states.disengaging),
    ):
        if state is not None and state.has_instructions:
            yield "states", name
    for path in paths_of(function.parameters):
        yield "parameters", path
    for status in (*function.signature.responses, NO_ANSWER) if function.signature.responses else ():
        yield "responses", status
    for answer in _ANSWERS.values() if decide(evidence_of(function), Situation()).decision == "ask" else ():
        yield "confirmations", answer
    if semantics is not None and function.presentation.template is not None:
        yield "cards", _CARDS["static"]
    if semantics is not None and TEMPLATE_SELECTOR in readings_of(semantics):
        yield "cards", _CARDS["selected"]
    if function.presentation.is_rich:
        yield "cards", _CARDS["rich"]


def _things(functions: Sequence[BoundFunction], toolbox: Toolbox) -> Iterator[Thing]:
    namespace = functions[0].plugin.namespace
    for function in functions:
        yield from (Thing(kind=kind, function=function.name, what=what) for kind, what in _whats(function))
    for skipped in toolbox.skipped:
        if skipped.plugin == namespace and skipped.function != ALL_FUNCTIONS:
            yield Thing(kind="functions", function=skipped.function)


# --- what was exercised


def _status_as_declared(status: int, declared: Sequence[str]) -> str:
    """The status as the description writes it; empty where it does not."""
    names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
    return next((name for name in names if name in declared), "")


def _statuses(call: CallState, exchanges: Sequence[Exchange], events: Sequence[Event]) -> Iterator[int | None]:
    """Of the answers to a call; None for one that did not come."""
    known = [one.received for one in exchanges if one.received.status is not None or one.received.error]
    yield from (received.status for received in known)
    if known:
        return
    if call.status in (Status.FAILED, Status.UNKNOWN):
        yield None
    for event in events:
        if isinstance(event, CallReturned) and event.call_id == call.call_id and event.status is not None:
            yield event.status


def _of_call(
    call: CallState, function: BoundFunction, exchanges: Sequence[Exchange], events: Sequence[Event]
) -> Iterator[tuple[CoverageKind, str]]:
    """What a call that left has exercised."""
    if call.status is Status.RETURNED:
        yield "functions", ""
    for path in paths_given(call.arguments):
        yield "parameters", path
    for status in _statuses(call, exchanges, events):
        declared = function.signature.responses
        yield "responses", NO_ANSWER if status is None else _status_as_declared(status, declared)
    for card in call.shown.cards if call.shown is not None else ():
        yield "cards", _CARDS.get(card.origin, "")


def _states(observed: Observed, turn: TurnState, toolbox: Toolbox) -> Iterator[tuple[BoundFunction, str]]:
    """The functions whose instructions were in prompts, each with the state."""
    called = functions_called(turn, toolbox)
    for request in observed.model_requests:
        if request.state == "reasoning":
            offered = (function for function in toolbox.functions if function.tool_name in request.tools)
            yield from ((function, request.state) for function in offered)
        elif request.state == "responding":
            yield from ((function, request.state) for function in called)
        elif request.state == "disengaging":
            yield from ((function, request.state) for function in toolbox.functions)


def _exercised(
    observed: Observed, turn: TurnState, toolbox: Toolbox
) -> Iterator[tuple[BoundFunction, CoverageKind, str]]:
    exchanges, events = exchanges_of(observed), observed.events[observed.before :]
    for function, state in _states(observed, turn, toolbox):
        yield function, "states", state
    dispatched = dict.fromkeys(event.call_id for event in events if isinstance(event, CallDispatched))
    for call in (turn.calls[call_id] for call_id in dispatched if call_id in turn.calls):
        called = toolbox.at(call.plugin, call.function)
        if called is not None:
            own = exchanges.get(call.call_id, ())
            yield from ((called, *thing) for thing in _of_call(call, called, own, events))
    for event in events:
        if isinstance(event, CallDecided) and not event.left_open and event.call_id in turn.calls:
            call = turn.calls[event.call_id]
            asked = toolbox.at(call.plugin, call.function)
            if asked is not None:
                yield asked, "confirmations", _ANSWERS[event.decision]


def coverage_of(turns: Iterable[Observed], toolbox: Toolbox) -> Coverage:
    """What the turns of a conversation have exercised of the functions on offer."""
    done = Counter(
        (function.plugin.namespace, Thing(kind=kind, function=function.name, what=what))
        for observed in turns
        if (turn := observed.turn()) is not None
        for function, kind, what in _exercised(observed, turn, toolbox)
    )
    members: dict[str, list[BoundFunction]] = {}
    for function in toolbox.functions:
        members.setdefault(function.plugin.namespace, []).append(function)
    return Coverage(
        plugins=tuple(
            PluginCoverage(
                source=functions[0].plugin.location,
                name=functions[0].plugin.manifest.name_for_human,
                counts={thing: done[namespace, thing] for thing in _things(functions, toolbox)},
            )
            for namespace, functions in members.items()
        )
    )
