"""Turns an expression into a function that evaluates it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from orchestrator.response.cards.coercion import script_text
from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.forms import Evaluate, Form, Place
from orchestrator.response.cards.function import Function, NoValue, Setting
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.nodes import Call, Constant, Node, Record, written
from orchestrator.response.cards.paths import Frame
from orchestrator.response.cards.syntax import parse
from orchestrator.response.cards.table import ENTRIES
from orchestrator.response.cards.values import ABSENT, Value

CONCAT: Final = "concat"
"""The name of the function that text with expressions in it is a call of."""

MAX_COMPUTED_DEPTH: Final = 20
"""Calls and operators inside each other, in a text that is put together while evaluating."""

_KEPT_TEXTS: Final = 256
"""How many texts that are put together while evaluating are kept compiled."""


_Apply: TypeAlias = Callable[[Sequence[Value], Setting], Value]
_Rescue: TypeAlias = Callable[[Sequence[Value]], Value]


def _constant(value: Value) -> Evaluate:
    return lambda _frame: value


def _unknown(name: str) -> Evaluate:
    def evaluate(_frame: Frame) -> Value:
        raise Crash(f"there is no function {name!r}")

    return evaluate


def _rescued(call: _Apply, rescue: _Rescue, arguments: list[Evaluate]) -> Evaluate:
    """A call that has a value also when an argument of it has none."""

    def evaluate(frame: Frame) -> Value:
        values = list[Value]()
        try:
            for argument in arguments:
                values.append(argument(frame))
        except NoValue:
            return rescue(values)
        return call(values, frame.setting)

    return evaluate


def _plain(function: Function, arguments: list[Evaluate]) -> Evaluate:
    call = function.call
    if function.rescue is not None:
        return _rescued(call, function.rescue, arguments)
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: call((only(frame),), frame.setting)
    if len(arguments) == 2:
        first, second = arguments
        return lambda frame: call((first(frame), second(frame)), frame.setting)
    return lambda frame: call([argument(frame) for argument in arguments], frame.setting)


class _Expressions:
    """Compiles expressions, those inside first."""

    def node(self, node: Node, place: Place, /) -> Evaluate:
        """As `Compiler.node`."""
        if isinstance(node, Constant):
            return _constant(node.value)
        if isinstance(node, Record):
            return self._record(node, place)
        if not node.is_known:
            return _unknown(node.name)
        entry = ENTRIES[node.name]
        if isinstance(entry, Form):
            return entry.build(node, place, self)
        inside = place.unshown if entry.compares else place
        return _plain(entry, [self.node(argument, inside) for argument in node.arguments])

    def _record(self, record: Record, place: Place) -> Evaluate:
        members = [(name, self.node(node, place)) for name, node in record.members]
        return lambda frame: {name: member(frame) for name, member in members}

    def text(self, text: str, place: Place, /) -> Evaluate:
        """As `Compiler.text`."""
        return _compiled_text(text, place)


_EXPRESSIONS: Final = _Expressions()


@lru_cache(maxsize=_KEPT_TEXTS)
def _compiled_text(text: str, place: Place) -> Evaluate:
    node = only_value(parse(f"`{text}`"))
    if node.depth > MAX_COMPUTED_DEPTH:
        raise CardLimit(f"a text that stringOrValue is given is nested more than {MAX_COMPUTED_DEPTH} deep")
    return compiled(node, place)


def only_value(node: Node) -> Node:
    """Of a text that is nothing but one expression that expression, so that its value keeps its type."""
    if isinstance(node, Call) and len(node.arguments) == 2:
        empty, value = node.arguments
        if isinstance(empty, Constant) and empty.value == "" and not isinstance(value, Constant):
            return value
    return node


def compiled(node: Node, place: Place | None = None) -> Evaluate:
    """A function that evaluates an expression."""
    return _EXPRESSIONS.node(node, place or Place())


def _piece(evaluate: Evaluate, name: str, at: int, frame: Frame) -> Value:
    """The value of a part of a text; without one the part stays what it is."""
    try:
        return evaluate(frame)
    except NoValue:
        return name
    except Crash as error:
        if error.element == at:
            raise
        return name


def compiled_text(node: Call) -> Evaluate:
    """A function that puts text together; an expression in it that has no value stays what it is, as `${…}`.

    Null and missing values have no text at all: evaluating it breaks off. Raises: `Crash`, `CardLimit`.
    """
    place = Place(shows_paths=True)
    parts = [(compiled(child, place), f"${{{written(child)}}}", child.at) for child in node.arguments]

    def evaluate(frame: Frame) -> Value:
        texts = list[str]()
        for part, name, at in parts:
            value = _piece(part, name, at, frame)
            if value is None or value is ABSENT:
                raise Crash(f"{name} is {'null' if value is None else 'missing'}, which has no text")
            texts.append(value if isinstance(value, str) else script_text(value, frame.setting.budget))
        frame.setting.budget.make(sum(map(len, texts)))
        return "".join(texts)

    return evaluate
