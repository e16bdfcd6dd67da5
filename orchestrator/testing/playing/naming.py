"""The functions that a conversation names, each at its place, against those that its plugins have. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.load import Plugin
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.format.places import Placed, where_written
from orchestrator.tools.definitions import WITHDRAW, tool_name
from orchestrator.tools.namespaces import distinct_namespaces
from runtimes.positions import pointer_to

MAX_LISTED = 10
"""Names that a hint lists."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A function that a turn names."""

    name: str
    pointer: str


def known_functions(plugins: Sequence[Plugin]) -> tuple[str, ...] | None:
    """The names that functions can be called by; None where a plugin leaves that to its runtimes (spec 4.2.10)."""
    names: list[str] = []
    tools: list[str] = []
    for plugin in distinct_namespaces(plugins):
        declared = plugin.manifest.functions
        if declared is None:
            return None
        names += [function.name for function in declared]
        tools += [tool_name(plugin.namespace, function.name) for function in declared]
    return tuple(dict.fromkeys((*names, WITHDRAW, *tools)))


def _of_model(turn: Turn) -> Iterator[_Named]:
    for index, step in enumerate(turn.model):
        if step.call is not None:
            yield _Named(step.call, pointer_to("model", index, "call"))
        for number, call in enumerate(step.calls):
            yield _Named(call.call, pointer_to("model", index, "calls", number, "call"))


def _of_expectations(turn: Turn) -> Iterator[_Named]:
    expect = turn.expect
    for index, decision in enumerate(turn.decide):
        if decision.call is not None:
            yield _Named(decision.call, pointer_to("decide", index, "call"))
    for index, one in enumerate(expect.calls.items if expect.calls else ()):
        order = expect.calls.order if expect.calls else ""
        yield _Named(one.call, pointer_to("expect", "calls", order, index, "call"))
    for index, question in enumerate(expect.questions.items if expect.questions else ()):
        order = expect.questions.order if expect.questions else ""
        yield _Named(question.call, pointer_to("expect", "questions", order, index, "call"))


def _refused(turn: Turn) -> Container[str]:
    """Names that the turn expects to be no functions."""
    return {one.call for one in (turn.expect.calls.items if turn.expect.calls else ()) if one.status == "refused"}


def _hint(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    listed = ", ".join(known[:MAX_LISTED])
    return f"known: {listed}{', …' if len(known) > MAX_LISTED else ''}"


def _unknown(name: str, known: Sequence[str], pointer: str) -> Problem:
    message = f"no plugin of the conversation has a function {name!r}"
    return problem("conversation-function", pointer, message, hint=_hint(name, known))


def unknown_functions(placed: Placed, known: Sequence[str]) -> Iterator[Problem]:
    """A warning for each name that no function has, unless the turn expects its call to be refused."""
    for index, name in enumerate(placed.conversation.remembered):
        if name not in known:
            yield _unknown(name, known, where_written(placed, "/remembered").known(pointer_to("remembered", index)))
    for index, turn in enumerate(placed.conversation.turns):
        where, refused = placed.turn(index), _refused(turn)
        for named in (*_of_model(turn), *_of_expectations(turn)):
            if named.name in known or named.name in refused:
                continue
            yield _unknown(named.name, known, where.known(named.pointer))
