"""Holds a value against a pattern and names the first difference. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.testing.format.patterns import (
    Absent,
    Anything,
    Approx,
    Bound,
    Contains,
    Elements,
    Members,
    Node,
    OneOf,
    Pattern,
    Regex,
    Scalar,
    compiled,
)
from runtimes.values import Json, dump_json

MAX_SHOWN = 200
"""Characters of a value that a failure shows."""

MAX_SECONDS = 1.0
"""Seconds that one regular expression may look through one text."""

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where a value does not fit."""

    path: str
    """A JSONPath to the place in the value."""
    expected: str
    actual: str


def cut(text: str) -> str:
    """The text, or the beginning of a long one."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def shown(value: Json) -> str:
    """A value for people, on one line."""
    try:
        return cut(dump_json(value))
    except ValueError:  # a lone surrogate
        return cut(ascii(value))


def member_path(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if _PLAIN_NAME.fullmatch(name) else f"{path}[{shown(name)}]"


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class TooSlow(Exception):
    """A regular expression has looked through a text for longer than it may."""


def span_of(expression: str, text: str) -> tuple[int, int] | None:
    """Where the expression is first found in the text. Raises: `TooSlow`, `PatternError`."""
    try:
        found = compiled(expression).search(text, timeout=MAX_SECONDS)
    except TimeoutError:
        raise TooSlow(f"takes more than {MAX_SECONDS:g} s") from None
    return found.span() if found is not None else None


def _is_found(expression: str, text: str) -> bool:
    try:
        return span_of(expression, text) is not None
    except TooSlow:
        return False


def _is_same(expected: Json, value: Json) -> bool:
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if _is_number(expected) and _is_number(value):
        return expected == value
    return type(expected) is type(value) and expected == value


def _has_type(name: str, value: Json) -> bool:
    match name:
        case "":
            return True
        case "string":
            return isinstance(value, str)
        case "integer":
            return _is_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
        case "number":
            return _is_number(value)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def _is_near(node: Approx, value: Json) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return value == node.number or abs(value - node.number) <= node.within
    except OverflowError:  # an integer that no float can hold
        return False


def _is_within(node: Bound, value: Json) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return value >= node.number if node.is_least else value <= node.number


def _described_matcher(node: Node) -> str:
    match node:
        case Regex(expression):
            return f"text in which {cut(expression)!r} is found"
        case Contains(part):
            return f"text that contains {shown(part)}"
        case Anything(name):
            return "any value" if not name else f"any {name}"
        case Approx(number, within):
            return f"{number} ± {within}"
        case Bound(number, is_least):
            return f"at {'least' if is_least else 'most'} {number}"
        case _:
            return "no such member"


def described(node: Node) -> str:
    """What is expected, in words or as data."""
    match node:
        case Scalar(value):
            return shown(value)
        case Members(members):
            return cut("{" + ", ".join(f"{name}: {described(item)}" for name, item in members.items()) + "}")
        case Elements(elements):
            return cut("[" + ", ".join(map(described, elements)) + "]")
        case OneOf(patterns):
            return cut("one of " + ", ".join(map(described, patterns)))
        case _:
            return _described_matcher(node)


def _fits(node: Node, value: Json) -> bool:
    """For what has nothing in it that could be pointed to."""
    match node:
        case Scalar(expected):
            return _is_same(expected, value)
        case Regex(expression):
            return isinstance(value, str) and _is_found(expression, value)
        case Contains(part):
            return isinstance(value, str) and part in value
        case Anything(name):
            return _has_type(name, value)
        case Approx():
            return _is_near(node, value)
        case Bound():
            return _is_within(node, value)
        case OneOf(patterns):
            return any(difference(one, value) is None for one in patterns)
        case _:
            return False


def _in_object(node: Members, value: dict[str, Json], path: str) -> Difference | None:
    for name, item in node.members.items():
        step = member_path(path, name)
        if name not in value:
            if not isinstance(item, Absent):
                return Difference(path=step, expected=described(item), actual="no such member")
        elif found := difference(item, value[name], step):
            return found
    others = [name for name in value if name not in node.members]
    if others and not node.is_open:
        step = member_path(path, others[0])
        return Difference(path=step, expected="no such member", actual=shown(value[others[0]]))
    return None


def _between(node: Elements, value: list[Json], path: str) -> Difference | None:
    """Each element after the one before it, the earliest that fits: no later choice could leave more room."""
    at = 0
    for item in node.elements:
        following = next((index for index in range(at, len(value)) if difference(item, value[index]) is None), None)
        if following is None:
            where = f"no element from {path}[{at}] on fits" if at else "no element fits"
            return Difference(path=path, expected=described(item), actual=f"{where}: {shown(value[at:])}")
        at = following + 1
    return None


def _in_array(node: Elements, value: list[Json], path: str) -> Difference | None:
    if node.is_open:
        return _between(node, value, path)
    for index, (item, element) in enumerate(zip(node.elements, value, strict=False)):
        if found := difference(item, element, f"{path}[{index}]"):
            return found
    wanted, came = len(node.elements), len(value)
    if wanted > came:
        return Difference(path=f"{path}[{came}]", expected=described(node.elements[came]), actual="no such element")
    if came > wanted:
        return Difference(path=f"{path}[{wanted}]", expected="no such element", actual=shown(value[wanted]))
    return None


def difference(node: Node, value: Json, path: str = "$") -> Difference | None:
    """The first difference, in the order of the pattern; None where the value fits."""
    if isinstance(node, Members) and isinstance(value, dict):
        return _in_object(node, value, path)
    if isinstance(node, Elements) and isinstance(value, list):
        return _in_array(node, value, path)
    if _fits(node, value):
        return None
    return Difference(path=path, expected=described(node), actual=shown(value))


def first_difference(pattern: Pattern, value: Json) -> Difference | None:
    """The first difference of a value from a pattern; None where it fits."""
    return difference(pattern.node, value)
