"""Finds values by paths of the `jPath` function (the language JSPath). Pure.

The reference makes a program of the path and runs it; here it is walked.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

from orchestrator.response.cards.coercion import compared, script_number, script_text, whole
from orchestrator.response.cards.equality import is_same
from orchestrator.response.cards.json_text import is_index, members
from orchestrator.response.cards.jspath_nodes import (
    Filter,
    Literally,
    Node,
    Operation,
    Path,
    Place,
    Range,
    Selector,
    Step,
    Union,
)
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.utf16 import joined
from orchestrator.response.cards.values import ABSENT, Value

_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "^": str.startswith,
    "$": str.endswith,
    "*": str.__contains__,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


def _is_nothing(value: Value) -> bool:
    return value is None or value is ABSENT


def _is_true(value: Value) -> bool:
    if isinstance(value, list):
        return bool(value)
    is_zero = isinstance(value, int | float) and (value == 0 or value != value)
    return not (_is_nothing(value) or is_zero or value == "")


def _single(value: Value) -> Value:
    if isinstance(value, list):
        return value[0] if value else ABSENT
    return value


def _spread(value: Value) -> list[Value]:
    """What is added to what was found: the elements of an array, and nothing of what is missing."""
    if value is ABSENT:
        return []
    return value if isinstance(value, list) else [value]


def _member(value: Value, name: str) -> Value:
    if isinstance(value, dict):
        return value.get(name, ABSENT)
    if isinstance(value, list | str) and name == "length":
        return len(value)
    return ABSENT


def _is_loosely_equal(left: Value, right: Value, budget: Budget) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if _is_nothing(left) or _is_nothing(right):
        return _is_nothing(left) and _is_nothing(right)
    if isinstance(left, dict | list) and isinstance(right, dict | list):
        return left is right
    return compared(left, right, budget) == 0


class _Search:
    """Walks one path through one value."""

    def __init__(self, root: Value, budget: Budget) -> None:
        self._root = root
        self._budget = budget

    def value(self, node: Node, context: Value) -> Value:
        """What a node is worth where it stands. Raises: `CardLimit`."""
        self._budget.spend()
        if isinstance(node, Literally):
            return node.value
        if isinstance(node, Path):
            return self.path(node, context)
        if isinstance(node, Union):
            return self._union(node, context)
        if node.kind == "logic":
            return self._logic(node, context)
        if node.kind == "comparison":
            return self._comparison(node, context)
        if node.kind == "arithmetic":
            return self._arithmetic(node, context)
        value = self.value(node.operands[0], context)
        return not _is_true(value) if node.operator == "!" else -script_number(_single(value), self._budget)

    def path(self, path: Path, context: Value) -> list[Value]:
        """What a path leads to. Raises: `CardLimit`."""
        start: Value = ABSENT if path.is_unknown else self._root if path.from_root else context
        found: list[Value] = start if isinstance(start, list) else [start]
        for step in path.steps:
            found = self._step(step, found)
        return found

    def _step(self, step: Step, found: list[Value]) -> list[Value]:
        self._budget.make(len(found))
        if isinstance(step, Selector):
            return self._below(step, found) if step.deep else self._next(step, found)
        if isinstance(step, Filter):
            return [item for item in found if _is_true(self.value(step.condition, item))]
        if isinstance(step, Place):
            return self._place(step, found)
        if isinstance(step, Range):
            start = 0 if step.start is None else self._index(step.start, found)
            return found[start : len(found) if step.end is None else self._index(step.end, found)]
        return self._union(step, found) if isinstance(step, Union) else found

    def _union(self, union: Union, context: Value) -> list[Value]:
        found = [item for path in union.paths for item in _spread(self.value(path, context))]
        self._budget.make(len(found))
        return found

    def _index(self, node: Node, found: list[Value]) -> int:
        number = script_number(self.value(node, found), self._budget)
        if math.isnan(number):
            return 0
        return int(max(min(number, len(found)), -len(found) - 1))

    def _place(self, step: Place, found: list[Value]) -> list[Value]:
        index = self._number(self.value(step.index, found))
        if index is None or not -len(found) <= index < len(found) or _is_nothing(found[index]):
            return []
        return [found[index]]

    def _number(self, value: Value) -> int | None:
        if isinstance(value, int | float):
            return whole(value)
        text = script_text(value, self._budget)
        return int(text) if is_index(text) else None

    def _next(self, step: Selector, found: list[Value]) -> list[Value]:
        if step.name is None and not step.is_star:
            return found
        result: list[Value] = []
        for item in found:
            if not step.is_star and step.name is not None:
                parts = [_member(item, step.name)]
            elif isinstance(item, list):
                result.extend(item)
                parts = []
            else:
                parts = [part for _, part in members(item)] if isinstance(item, dict) else []
            for part in parts:
                result.extend(_spread(part))
            self._budget.make(1 + len(parts))
        self._budget.make(len(result))
        return result

    def _below(self, step: Selector, found: list[Value]) -> list[Value]:
        """Depth first, what lies above before what lies below it."""
        waiting, result = deque(found), list[Value]()
        while waiting:
            item = waiting.popleft()
            below = self._children(step, item)
            if not isinstance(item, list):
                result.extend(self._chosen(step, item))
            self._budget.make(1 + len(below) + len(result) // 1000)
            waiting.extendleft(reversed(below))
        return result

    @staticmethod
    def _children(step: Selector, item: Value) -> list[Value]:
        is_named = step.is_star or step.name is not None
        parts: Sequence[Value] = item if isinstance(item, list) else []
        if isinstance(item, dict):
            parts = [part for _, part in members(item)]
        elif is_named:
            parts = [part for part in parts if part is None or isinstance(part, dict | list)]
        return [each for part in parts for each in _spread(part)]

    @staticmethod
    def _chosen(step: Selector, item: Value) -> list[Value]:
        if step.is_star:
            return [each for part in item.values() for each in _spread(part)] if isinstance(item, dict) else []
        if step.name is None:
            return _spread(item)
        return _spread(item.get(step.name, ABSENT)) if isinstance(item, dict) else []

    def _logic(self, node: Operation, context: Value) -> bool:
        values = (_is_true(self.value(operand, context)) for operand in node.operands)
        return all(values) if node.operator == "&&" else any(values)

    def _comparison(self, node: Operation, context: Value) -> bool:
        """True where it holds for any pair of what both sides lead to."""
        left, right = (self.value(operand, context) for operand in node.operands)
        lefts = left if isinstance(left, list) else [left]
        rights = right if isinstance(right, list) else [right]
        return any(self._holds(node.operator, one, other) for one in lefts for other in rights)

    def _holds(self, operator: str, left: Value, right: Value) -> bool:
        self._budget.spend()
        if operator in _ORDERS:
            order = compared(left, right, self._budget)
            return order is not None and _ORDERS[operator](order)
        if operator in ("===", "!=="):
            return is_same(left, right) == (operator == "===")
        if operator == "!=":
            return not _is_loosely_equal(left, right, self._budget)
        if operator == "==":
            if isinstance(left, str) and isinstance(right, str):
                return left.lower() == right.lower()
            return _is_loosely_equal(left, right, self._budget)
        return self._holds_for_text(operator, left, right)

    def _holds_for_text(self, operator: str, left: Value, right: Value) -> bool:
        mark = operator.strip("=")
        if operator.endswith(mark):
            left, right = right, left
        if len(operator) > 2:
            return isinstance(left, str) and isinstance(right, str) and _TEXTS[mark](left, right)
        if _is_nothing(left) or _is_nothing(right):
            return False
        text, part = (script_text(value, self._budget).lower() for value in (left, right))
        self._budget.read(len(text))
        return _TEXTS[mark](text, part)

    def _arithmetic(self, node: Operation, context: Value) -> Value:
        left, right = (_single(self.value(operand, context)) for operand in node.operands)
        if node.operator == "+" and any(isinstance(side, str | dict | list) for side in (left, right)):
            texts = script_text(left, self._budget), script_text(right, self._budget)
            self._budget.make(len(texts[0]) + len(texts[1]))
            return joined(*texts)
        one, other = script_number(left, self._budget), script_number(right, self._budget)
        if node.operator == "+":
            return one + other
        if node.operator in _ARITHMETIC:
            return _ARITHMETIC[node.operator](one, other)
        if other == 0 or not math.isfinite(one):
            return math.nan if node.operator == "%" or not one or one != one else math.copysign(math.inf, one)
        return math.fmod(one, other) if node.operator == "%" else one / other


def found_by(path: Node, root: Value, budget: Budget) -> Value:
    """What a path leads to: an array, or one value where the path ends in a place. Raises: `CardLimit`."""
    found = _Search(root, budget).value(path, root)
    if isinstance(path, Path) and path.steps and isinstance(path.steps[-1], Place):
        return _single(found)
    return found
