"""The forms that evaluate one expression for every element: `foreach`, `select`, `where`, `any`, `all`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.forms import Compiler, Evaluate, Form, Place
from orchestrator.response.cards.function import Kind, NoValue
from orchestrator.response.cards.json_text import members
from orchestrator.response.cards.nodes import ACCESSOR, Call, Constant, Node
from orchestrator.response.cards.paths import Frame, is_true, is_truthy
from orchestrator.response.cards.values import Value


def _elements(value: Value) -> list[Value]:
    """What is gone through: an array's elements, an object's members as objects of `key` and `value`."""
    if isinstance(value, list):
        return value
    if isinstance(value, bytes):
        value = {str(index): byte for index, byte in enumerate(value)}
    if isinstance(value, dict):
        return [{"key": name, "value": inner} for name, inner in members(value)]
    if value is None:
        raise Crash("null has no elements")
    raise NoValue("only arrays and objects have elements")


class _Lambda:
    """The collection, the variable and the expression of a call."""

    def __init__(self, call: Call, place: Place, compiler: Compiler) -> None:
        collection, variable, body = call.arguments
        name = variable.arguments[0] if isinstance(variable, Call) else variable
        inside = replace(place, variables=(*place.variables, str(name.value) if isinstance(name, Constant) else ""))
        self._depth = len(place.variables)
        self._cost = body.size
        self.collection = compiler.node(collection, place)
        self.body = compiler.node(body, inside)

    def each(self, frame: Frame, elements: Sequence[Value]) -> Iterator[Value]:
        """The elements, each of them the value of the variable while it is out."""
        variables, budget = frame.variables, frame.setting.budget
        for item in elements:
            budget.spend(self._cost)
            del variables[self._depth :]
            variables.append(item)
            yield item
        del variables[self._depth :]

    def holds(self, frame: Frame) -> bool:
        """Whether the expression is true of the element that is out."""
        try:
            return is_true(self.body(frame))
        except NoValue:
            return False


def _foreach(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    loop = _Lambda(call, place, compiler)

    def evaluate(frame: Frame) -> Value:
        value = loop.collection(frame)
        if not is_truthy(value):
            raise NoValue("there is nothing to go through")
        return [loop.body(frame) for _ in loop.each(frame, _elements(value))]

    return evaluate


def _where(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    loop = _Lambda(call, place, compiler)

    def evaluate(frame: Frame) -> Value:
        value = loop.collection(frame)
        kept = [item for item in loop.each(frame, _elements(value)) if loop.holds(frame)]
        if isinstance(value, list):
            return kept
        return {str(item["key"]): item["value"] for item in kept if isinstance(item, dict)}

    return evaluate


def _any(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    loop = _Lambda(call, place, compiler)

    def evaluate(frame: Frame) -> Value:
        return any(loop.holds(frame) for _ in loop.each(frame, _elements(loop.collection(frame))))

    return evaluate


def _all(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    loop = _Lambda(call, place, compiler)

    def evaluate(frame: Frame) -> Value:
        return all(loop.holds(frame) for _ in loop.each(frame, _elements(loop.collection(frame))))

    return evaluate


def _no_variable(arguments: Sequence[Node]) -> str | None:
    variable = arguments[1]
    if isinstance(variable, Call) and variable.name == ACCESSOR and len(variable.arguments) == 1:
        return None
    return "the second argument is the name of a variable"


_THREE: Final = (Kind.ANY, Kind.ANY, Kind.ANY)

FORMS: Final = (
    Form(name="foreach", gives=Kind.ARRAY, takes=_THREE, refused=_no_variable, build=_foreach),
    Form(name="select", gives=Kind.ARRAY, takes=_THREE, refused=_no_variable, build=_foreach),
    Form(name="where", gives=Kind.ARRAY, takes=_THREE, refused=_no_variable, build=_where),
    Form(name="any", gives=Kind.BOOLEAN, takes=_THREE, refused=_no_variable, build=_any),
    Form(name="all", gives=Kind.BOOLEAN, takes=_THREE, refused=_no_variable, build=_all),
)
"""All forms of this module."""
