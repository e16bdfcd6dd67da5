"""The forms that are no lambdas: paths, logic, and what looks something up by a name that it computes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.response.cards.coercion import script_text
from orchestrator.response.cards.errors import CardError, Crash
from orchestrator.response.cards.forms import Compiler, Evaluate, Form, Place
from orchestrator.response.cards.function import Kind, NoValue
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.nodes import ACCESSOR, ELEMENT, Call, Constant, Node
from orchestrator.response.cards.paths import (
    Frame,
    Path,
    bracketed,
    element,
    find,
    is_true,
    joined,
    member,
    path_of,
    walk,
)
from orchestrator.response.cards.values import ABSENT, Value, is_number

_ANY: Final = Kind.ANY


_FAILED: Final[dict[str, Value]] = {
    "any": False,
    "all": True,
    "formatNumber": None,
    "<": False,
    "<=": False,
    ">": False,
    ">=": False,
}
"""What the value of a call is when it fails, for those where it is not simply missing."""

MAX_COMPUTED: Final = 4
"""Texts inside each other that `stringOrValue` evaluates; they may name themselves."""

_COMPUTED_TEXT_COST: Final = 10
"""Steps for each character of a text with expressions that is put together while evaluating."""


def _fixed(index: Node) -> str | None:
    """A number or a text between square brackets, as a part of a path; None for what is computed."""
    if isinstance(index, Constant) and index.gives in (Kind.STRING, Kind.NUMBER):
        return bracketed(index.value, Budget())
    return None


def _chain(call: Call, place: Place, compiler: Compiler) -> tuple[list[str | Evaluate], Node | None]:
    """The parts of a path, in order, and the value that it begins at where that is no name."""
    parts, left = list[str | Evaluate](), None
    node: Node | None = call
    while isinstance(node, Call) and node.name in (ACCESSOR, ELEMENT):
        if node.name == ACCESSOR:
            name = node.arguments[0]
            parts.append(str(name.value) if isinstance(name, Constant) else "")
            node = node.arguments[1] if len(node.arguments) > 1 else None
        else:
            index = node.arguments[1]
            parts.append(_fixed(index) or compiler.node(index, place))
            node = node.arguments[0]
    left = node
    return parts[::-1], left


def _path_text(parts: Sequence[str | Evaluate], frame: Frame) -> str:
    """Raises: `NoValue`, `CardLimit`."""
    budget = frame.setting.budget
    text = joined([part if isinstance(part, str) else bracketed(part(frame), budget) for part in parts])
    budget.make(len(text))
    return text


def _known(parts: Sequence[str | Evaluate]) -> Path | None:
    """The path, when nothing of it is computed."""
    fixed = [part for part in parts if isinstance(part, str)]
    return path_of(joined(fixed)) if len(fixed) == len(parts) else None


def _in_memory(path: Path, place: Place) -> Evaluate:
    """The commonest of all: a path that begins outside of lambdas."""

    def evaluate(frame: Frame) -> Value:
        value = frame.memory.find(path, frame.setting.budget)
        return place.missing(path, frame) if value is ABSENT else value

    return evaluate


def _accessor(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    parts, left = _chain(call, place, compiler)
    known = _known(parts)
    if left is None and known is not None and not place.variables:
        return _in_memory(known, place)
    begin = compiler.node(left, place) if left is not None else None

    def evaluate(frame: Frame) -> Value:
        where = known or path_of(_path_text(parts, frame))
        if begin is None:
            value = find(frame, place.variables, where)
        else:
            value = walk(begin(frame), where.steps, frame.setting.budget)
        return place.missing(where, frame) if value is ABSENT else value

    return evaluate


def _element(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    of, at = compiler.node(call.arguments[0], place), compiler.node(call.arguments[1], place.unshown)

    def evaluate(frame: Frame) -> Value:
        try:
            value, index = of(frame), at(frame)
        except NoValue as error:
            raise Crash(str(error), element=call.at) from error
        if isinstance(index, int | float) and is_number(index) and index == index // 1:
            return element(value, int(index))
        if isinstance(index, str):
            return member(value, index, index.lower(), frame.setting.budget)
        raise NoValue("what stands between square brackets is no whole number and no text")

    return evaluate


def _if(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    condition = compiler.node(call.arguments[0], place.unshown)
    then, otherwise = (compiler.node(node, place) for node in call.arguments[1:])

    def evaluate(frame: Frame) -> Value:
        try:
            holds = is_true(condition(frame))
        except NoValue:
            holds = False
        return then(frame) if holds else otherwise(frame)

    return evaluate


def _and(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    operands = [compiler.node(node, place.unshown) for node in call.arguments]

    def evaluate(frame: Frame) -> Value:
        try:
            return all(is_true(operand(frame)) for operand in operands)
        except NoValue:
            return False

    return evaluate


def _failed(node: Node) -> Value:
    """What the reference has for an operand of `||` that has no value."""
    if isinstance(node, Call) and node.name == "ignore":
        return _failed(node.arguments[0])
    return _FAILED.get(node.name, ABSENT) if isinstance(node, Call) else ABSENT


def _or(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    operands = [(compiler.node(node, place.unshown), _failed(node)) for node in call.arguments]

    def evaluate(frame: Frame) -> Value:
        result: Value = False
        for operand, failed in operands:
            try:
                result = operand(frame)
            except NoValue:
                result = failed
                continue
            if is_true(result):
                return True
        return result

    return evaluate


def _not(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    operand = compiler.node(call.arguments[0], place.unshown)

    def evaluate(frame: Frame) -> Value:
        try:
            return not is_true(operand(frame))
        except NoValue:
            return True

    return evaluate


def _get_property(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    first = compiler.node(call.arguments[0], place)
    second = compiler.node(call.arguments[1], place) if len(call.arguments) > 1 else None

    def evaluate(frame: Frame) -> Value:
        value, budget = first(frame), frame.setting.budget
        if second is None:
            if not isinstance(value, str):
                raise NoValue("the path that getProperty is given is no text")
            path = path_of(value)
            found = find(frame, place.variables, path)
        else:
            name = second(frame)
            if name is None or name is ABSENT:
                raise Crash("the name of a property is missing")
            path = path_of(script_text(name, budget))
            found = walk(value, path.steps, budget)
        return place.missing(path, frame) if found is ABSENT else found

    return evaluate


def _set_path_to_value(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    """Worth the value; nothing is set: a card changes no data."""
    value = compiler.node(call.arguments[1], place)
    target = call.arguments[0]
    is_path = isinstance(target, Call) and target.name in (ACCESSOR, ELEMENT)
    parts, left = _chain(target, place, compiler) if is_path and isinstance(target, Call) else ([], target)

    def evaluate(frame: Frame) -> Value:
        _path_text(parts, frame)
        if left is not None:
            raise NoValue("the first argument of setPathToValue is no path")
        result = value(frame)
        if place.variables:
            raise Crash("setPathToValue has no place in a lambda")
        return result

    return evaluate


def _ignore(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    return compiler.node(call.arguments[0], place)


def _optional(_call: Call, _place: Place, _compiler: Compiler) -> Evaluate:
    def evaluate(_frame: Frame) -> Value:
        raise Crash("'optional' cannot be evaluated")

    return evaluate


def _string_or_value(call: Call, place: Place, compiler: Compiler) -> Evaluate:
    text = compiler.node(call.arguments[0], place)

    def evaluate(frame: Frame) -> Value:
        value = text(frame)
        if not isinstance(value, str):
            raise NoValue("stringOrValue takes text")
        frame.setting.budget.spend(len(value) * _COMPUTED_TEXT_COST)
        try:
            inner = compiler.text(value, place)
        except CardError as error:
            raise Crash(f"the text that stringOrValue is given: {error.message}") from error
        if frame.computed == MAX_COMPUTED:
            raise CardLimit(f"stringOrValue is nested more than {MAX_COMPUTED} deep")
        frame.computed += 1
        try:
            return inner(frame)
        finally:
            frame.computed -= 1

    return evaluate


def _no_name(arguments: Sequence[Node]) -> str | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Constant) or not isinstance(first.value, str):
        return "a name is expected first"
    if len(arguments) == 2 and not arguments[1].gives & Kind.ANY:
        return "only an object has members"
    return None


_BOOLEAN: Final = Kind.BOOLEAN

FORMS: Final = (
    Form(name=ACCESSOR, takes=(_ANY,), may_take=(_ANY,), refused=_no_name, build=_accessor),
    Form(name=ELEMENT, takes=(_ANY, _ANY), build=_element),
    Form(name="if", takes=(_ANY, _ANY, _ANY), build=_if),
    Form(name="&&", gives=_BOOLEAN, takes=(_ANY,), rest=_ANY, build=_and),
    Form(name="||", gives=_BOOLEAN, takes=(_ANY,), rest=_ANY, build=_or),
    Form(name="!", gives=_BOOLEAN, takes=(_ANY,), build=_not),
    Form(name="getProperty", takes=(_ANY,), may_take=(Kind.STRING,), build=_get_property),
    Form(name="setPathToValue", takes=(_ANY, _ANY), build=_set_path_to_value),
    Form(name="ignore", gives=_BOOLEAN, takes=(_BOOLEAN,), build=_ignore),
    Form(name="optional", gives=_BOOLEAN, takes=(_BOOLEAN,), build=_optional),
    Form(name="stringOrValue", takes=(Kind.STRING,), build=_string_or_value),
)
"""All forms of this module."""
