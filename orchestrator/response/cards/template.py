"""Makes a card's template ready: each part of it becomes a function that expands it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from orchestrator.response.cards.card import Card
from orchestrator.response.cards.errors import CardError, Crash
from orchestrator.response.cards.evaluate import CONCAT, compiled, compiled_text, only_value
from orchestrator.response.cards.forms import Evaluate, Place
from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.lexing import tokens
from orchestrator.response.cards.limits import CardLimit
from orchestrator.response.cards.nodes import Call, Node
from orchestrator.response.cards.output import to_json
from orchestrator.response.cards.syntax import parse
from orchestrator.response.cards.values import ABSENT, Missing, Value, from_json
from runtimes.values import Json, JsonObject

MAX_TEMPLATE_DEPTH: Final = 64
"""Containers inside each other in a template."""

MAX_TEMPLATE_VALUES: Final = 100_000
"""Values of a template, containers included."""

MAX_TEMPLATE_TEXT: Final = 100_000
"""Characters of all strings of a template that have expressions in them; reading them is what takes time."""

RESERVED: Final = frozenset({"$data", "$when", "$root", "$index", "$host", "$_acTemplateVersion"})
"""Members that are not in the expanded object."""

Part: TypeAlias = Callable[[Card], Json | Missing]
"""A part of a template. Raises: `CardError`, `CardLimit`."""

_Read: TypeAlias = Callable[[Card], Value]
"""Gives the value of a string with expressions, or the data that is written out. Raises: `CardError`, `CardLimit`."""


_Condition: TypeAlias = Callable[[Card], bool]
"""Whether an object is kept. Raises: `CardError`, `CardLimit`."""

_Scalar: TypeAlias = str | int | float | bool | None
"""A part that is the same for all data."""


def check_size(template: Json) -> None:
    """Raises: `CardLimit` before anything walks a template that is too deep or too large."""
    level, count, characters = [template], 0, 0
    for _ in range(MAX_TEMPLATE_DEPTH):
        count += len(level)
        if count > MAX_TEMPLATE_VALUES:
            raise CardLimit(f"the template has more than {MAX_TEMPLATE_VALUES} values")
        characters += sum(len(node) for node in level if isinstance(node, str) and "${" in node)
        if characters > MAX_TEMPLATE_TEXT:
            raise CardLimit(f"the expressions of the template have more than {MAX_TEMPLATE_TEXT} characters")
        containers = [node for node in level if isinstance(node, dict | list)]
        if not containers:
            return
        level = [item for node in containers for item in (node.values() if isinstance(node, dict) else node)]
    raise CardLimit(f"the template is nested more than {MAX_TEMPLATE_DEPTH} deep")


def pointed(pointer: str, name: str | int) -> str:
    """The pointer of a member or an element."""
    if isinstance(name, int) or name.isalnum():
        return f"{pointer}/{name}"
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _misread(error: CardError, text: str, pointer: str) -> CardError:
    """The mistake, as one of the string: reading puts a back quote in front of it and one behind."""
    message, offset = error.message, min(max(error.offset - 1, 0), len(text))
    try:
        end = len(next(tokens(f"`{text}`")).text)
    except CardError:
        message, offset = "a text with '${' in it cannot end with a backslash", len(text) - 1
    else:
        if end < len(text) + 2:
            message, offset = "a back quote ends the text here; with '${' in the text, write it as '\\`'", end - 2
    return CardError(message, text=text, offset=offset, pointer=pointer)


def parsed(text: str, pointer: str) -> Node | None:
    """The expression that a string is; None for one that is plain text. Raises: `CardError`."""
    if "${" not in text:
        return None
    try:
        node = parse(f"`{text}`", is_lenient=True)
    except CardError as error:
        raise _misread(error, text, pointer) from None
    return only_value(node) if isinstance(node, Call) and node.name == CONCAT else None


def _reader(text: str, node: Node, pointer: str, *, shows_paths: bool) -> _Read:
    """Evaluates the expression that a string is, and says where it fails."""
    evaluate: Evaluate = compiled(node, Place(shows_paths=shows_paths))
    if shows_paths and isinstance(node, Call) and node.name == CONCAT:
        evaluate = compiled_text(node)
    cost, offset = node.size, max(node.at - 1, 0)

    def read(card: Card) -> Value:
        card.budget.spend(cost)
        try:
            return evaluate(card.frame)
        except (NoValue, Crash) as error:
            raise CardError(str(error), text=text, offset=offset, pointer=pointer) from error

    return read


def _text(text: str, pointer: str) -> Part | _Scalar:
    """A string that is itself, or what expands it."""
    node = parsed(text, pointer)
    if node is None:
        return text
    read = _reader(text, node, pointer, shows_paths=True)

    def expand(card: Card) -> Json | Missing:
        value = read(card)
        return value if value is ABSENT else to_json(value, card.budget)

    return expand


def _array(items: list[Json], pointer: str) -> Part:
    """Elements that are dropped or null are left out, arrays among them are taken apart."""
    parts = [_prepared(item, pointed(pointer, place)) for place, item in enumerate(items)]
    cost = 1 + len(parts)

    def expand(card: Card) -> Json | Missing:
        card.budget.make(cost)
        expanded = list[Json]()
        for part in parts:
            item = part(card) if callable(part) else part
            if isinstance(item, list):
                expanded += item
            elif item is not None:
                expanded.append(None if item is ABSENT else item)
        return expanded

    return expand


def _members(node: JsonObject, pointer: str) -> Part:
    """The members of an object without the reserved ones; those without a value are left out."""
    made = {name: _prepared(value, pointed(pointer, name)) for name, value in node.items() if name not in RESERVED}
    always: JsonObject = {name: None if callable(part) else part for name, part in made.items()}
    parts = [(name, part) for name, part in made.items() if callable(part)]
    cost = 1 + sum(len(name) + (len(value) if isinstance(value, str) else 1) for name, value in always.items())

    def expand(card: Card) -> Json | Missing:
        card.budget.make(cost)
        expanded = always.copy()
        for name, part in parts:
            value = part(card)
            if value is ABSENT:
                del expanded[name]
            else:
                expanded[name] = value
        return expanded

    return expand


def _condition(node: JsonObject, pointer: str) -> _Condition | None:
    """What `$when` says; without an expression it keeps the object only where it is nothing, false or zero."""
    when, place = node.get("$when"), pointed(pointer, "$when")
    expression = parsed(when, place) if isinstance(when, str) else None
    if expression is None:
        is_dropped = isinstance(when, list | dict) or bool(when)
        return (lambda _card: False) if is_dropped else None
    evaluate, cost = compiled(expression), expression.size

    def holds(card: Card) -> bool:
        card.budget.spend(cost)
        try:
            return evaluate(card.frame) is True
        except NoValue:
            return False
        except Crash as error:
            raise CardError(str(error), text=str(when), pointer=place) from error

    return holds


def _data(node: JsonObject, pointer: str) -> _Read | None:
    """What `$data` says; data that is written out is taken as it is."""
    if "$data" not in node:
        return None
    written, place = node["$data"], pointed(pointer, "$data")
    expression = parsed(written, place) if isinstance(written, str) else None
    if expression is not None and isinstance(written, str):
        return _reader(written, expression, place, shows_paths=True)
    value = from_json(written)
    return lambda _card: value


def _repeated(members: Part, data: _Read, condition: _Condition | None) -> Part:
    """An object for each element of an array, or for one other value."""

    def expand(card: Card) -> Json | Missing:
        before = card.data, card.index
        value = data(card)
        expanded = list[Json]()
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(value, list):
                card.index = index
            if item is not ABSENT:
                card.data = item
            if condition is None or condition(card):
                made = members(card)
                expanded.append(None if made is ABSENT else made)
        card.data, card.index = before
        if len(expanded) > 1:
            return expanded
        return expanded[0] if expanded else None

    return expand


def _object(node: JsonObject, pointer: str) -> Part:
    members, condition, data = _members(node, pointer), _condition(node, pointer), _data(node, pointer)
    if data is not None:
        return _repeated(members, data, condition)
    if condition is None:
        return members
    return lambda card: members(card) if condition(card) else None


def _prepared(node: Json, pointer: str) -> Part | _Scalar:
    if isinstance(node, str):
        return _text(node, pointer)
    if isinstance(node, list):
        return _array(node, pointer)
    if isinstance(node, dict):
        return _object(node, pointer)
    return node


def part_of(template: Json) -> Part:
    """A whole template made ready. Raises: `CardError`, `CardLimit`."""
    part = _prepared(template, "")
    return part if callable(part) else lambda _card: part
