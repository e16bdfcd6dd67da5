"""Objects and arrays as XML text, laid out as the reference's writer does. Pure; names are written as they are."""

from __future__ import annotations

from orchestrator.response.cards.arguments import named
from orchestrator.response.cards.coercion import script_text
from orchestrator.response.cards.function import NoValue
from orchestrator.response.cards.json_text import MAX_NESTING, members
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.utf16 import units
from orchestrator.response.cards.values import ABSENT, Ticks, Value

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

_TEXT = "#text"
_ENTITIES = str.maketrans({"&": "&amp;", ">": "&gt;", "<": "&lt;", "'": "&apos;", '"': "&quot;"})


def _parts(value: Value) -> list[tuple[str, Value]]:
    """What lies in a value by name; elements, bytes and characters by their places."""
    if isinstance(value, dict):
        return members(value)
    if isinstance(value, str):
        value = units(value)
    if isinstance(value, list | bytes | str):
        return [(str(place), part) for place, part in enumerate(value)]
    return [("value", int(value))] if isinstance(value, Ticks) else []


def _is_branch(value: Value) -> bool:
    return isinstance(value, dict | list | bytes | Ticks)


class _Writer:
    """Writes one value, counting what it writes."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def _line(self, depth: int, text: str) -> str:
        line = f"{'  ' * depth}{text}\n"
        self._budget.make(len(line))
        return line

    def _escaped(self, value: Value) -> str:
        return script_text(value, self._budget).translate(_ENTITIES)

    def _leaf(self, name: str, value: Value, depth: int) -> str:
        if name.startswith("?"):
            return self._line(depth, f"<{name}?>")
        if isinstance(value, list | bytes) and value:
            raise NoValue(f"the {_TEXT} of {name!r} is {named(value)}, and no text")
        return self._line(depth, f"<{name}>{self._escaped(value)}</{name}>")

    def _branch(self, name: str, value: Value, depth: int) -> str:
        inside = self.parts(value, depth + 1)
        if isinstance(value, dict) and len(value) == 1 and value.get(_TEXT, ABSENT) is not ABSENT:
            return self._leaf(name, value[_TEXT], depth)
        mark, closing = ("?", "") if name.startswith("?") else ("", f"</{name}>\n")
        if not inside:
            return self._line(depth, f"<{name}{mark}>{closing.rstrip()}")
        self._budget.make(len(inside))
        if "<" not in inside:
            return f"{'  ' * depth}<{name}{mark}>{inside}{closing}"
        return f"{'  ' * depth}<{name}{mark}>\n{inside}{'  ' * depth}{closing}"

    def _node(self, name: str, value: Value, depth: int) -> str:
        if value is ABSENT:
            return ""
        if value is None:
            return self._line(depth, f"<{name}?>" if name.startswith("?") else f"<{name}/>")
        return self._branch(name, value, depth) if _is_branch(value) else self._leaf(name, value, depth)

    def _nodes(self, name: str, items: list[Value], depth: int) -> str:
        """Those that are null come first."""
        nulls = [item for item in items if item is None]
        others = [item for item in items if item is not None]
        return "".join(self._node(name, item, depth) for item in [*nulls, *others])

    def _part(self, name: str, value: Value, depth: int) -> str:
        if isinstance(value, list):
            return self._nodes(name, value, depth)
        if name == _TEXT and value is not None and value is not ABSENT and not _is_branch(value):
            return self._escaped(value)
        return self._node(name, value, depth)

    def parts(self, value: Value, depth: int) -> str:
        """What lies in a value, one element after the other. Raises: `CardLimit`."""
        if depth > MAX_NESTING:
            raise CardLimit(f"a value is nested more than {MAX_NESTING} deep")
        return "".join(self._part(name, part, depth) for name, part in _parts(value))


def xml_text(value: Value, budget: Budget) -> str:
    """The value as a document. Raises: `NoValue`, `CardLimit`."""
    return f"{DECLARATION}\n{_Writer(budget).parts(value, 0)}"
