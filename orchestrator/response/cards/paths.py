"""How a path finds its value: `a.b[0]` in data, in the variables of lambdas, and in what a card offers. Pure.

Names are compared without regard to case, the first that fits wins. A path that leads nowhere is `ABSENT`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from orchestrator.response.cards.coercion import script_text
from orchestrator.response.cards.function import NoValue, Setting
from orchestrator.response.cards.json_text import is_index
from orchestrator.response.cards.limits import Budget, CardLimit
from orchestrator.response.cards.utf16 import units
from orchestrator.response.cards.values import ABSENT, Ticks, Value

MAX_PATH_CHARS: Final = 10_000
"""Characters of a path that is made while evaluating."""

_MANY: Final = 16
"""Members of an object whose search costs steps."""

_SEPARATORS: Final = re.compile(r"[.\[\]]+")
_INTEGER: Final = re.compile(r"\s*(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]{1,12})|(?!0[xX])(?P<digits>[0-9]{1,15}))")
_LAST_DOTS: Final = re.compile(r"\.*$")


class Step(NamedTuple):
    """One name of a path."""

    name: str
    folded: str
    place: int | None
    """What it means for an array."""


class Path(NamedTuple):
    """A path, and its text as it is shown where it leads nowhere."""

    text: str
    steps: tuple[Step, ...]


class Memory(Protocol):
    """Where paths begin."""

    def find(self, path: Path, budget: Budget, /) -> Value:
        """The value, or `ABSENT`."""
        ...


@dataclass(slots=True, kw_only=True)
class Frame:
    """What an expression is evaluated in."""

    memory: Memory
    setting: Setting
    variables: list[Value] = field(default_factory=list[Value])
    """Of the lambdas around, the innermost last; their names are known when an expression is compiled."""
    computed: int = 0
    """How many texts are evaluated inside each other that were put together while evaluating."""


def _leading_integer(text: str) -> int | None:
    """The whole number that a text starts with."""
    match = _INTEGER.match(text)
    if match is None:
        return None
    amount = int(match["hex"], 16) if match["hex"] else int(match["digits"])
    return -amount if match["sign"] == "-" else amount


def _step(name: str) -> Step:
    return Step(name, name.lower(), _leading_integer(name))


def path_of(text: str) -> Path:
    """A path from its text. Raises: `CardLimit`."""
    if len(text) > MAX_PATH_CHARS:
        raise CardLimit(f"a path has more than {MAX_PATH_CHARS} characters")
    names = [name for name in _SEPARATORS.split(text) if name]
    bare = [name[1:-1] if name[0] in "'\"" and name[0] == name[-1] else name for name in names]
    return Path(text, tuple(_step(name) for name in bare))


def is_truthy(value: Value) -> bool:
    """As the reference's own language has it: nothing, false, zero, NaN and empty text are not."""
    if isinstance(value, list | dict | bytes):
        return True
    return value is not ABSENT and bool(value) and value == value


def is_true(value: Value) -> bool:
    """As the card language has it: everything but false, null and missing data."""
    return value is not False and value is not None and value is not ABSENT


def member(value: Value, name: str, folded: str, budget: Budget) -> Value:
    """The member of that name; an array and a text have their places as members."""
    if isinstance(value, dict):
        if len(value) > _MANY:
            budget.spend(len(value) // _MANY)
        for key in value:
            if key == name or key.lower() == folded:
                return value[key]
        return ABSENT
    if isinstance(value, str | list | bytes) and is_index(name):
        sequence: Sequence[Value] = units(value) if isinstance(value, str) else value
        return sequence[int(name)] if int(name) < len(sequence) else ABSENT
    return ABSENT


def element(value: Value, index: int) -> Value:
    """The element at that place; missing data has only missing elements. Raises: `NoValue`."""
    if value is None or value is ABSENT:
        return ABSENT
    if not isinstance(value, list):
        raise NoValue("only an array has elements by number")
    if not 0 <= index < len(value):
        raise NoValue(f"there is no element {index} in an array of {len(value)}")
    return value[index]


def walk(value: Value, steps: Sequence[Step], budget: Budget) -> Value:
    """Follows a path from a value on; without steps there is nothing to find."""
    if not steps:
        return ABSENT
    for step in steps:
        if isinstance(value, list) and step.place is not None:
            value = value[step.place] if 0 <= step.place < len(value) else ABSENT
        else:
            value = member(value, step.name, step.folded, budget)
        if value is ABSENT:
            return ABSENT
    return value


def find(frame: Frame, names: Sequence[str], path: Path) -> Value:
    """The value of a path: in the variables of those names, the innermost first, then in the memory."""
    for place in range(len(names) - 1, -1, -1):
        if path.steps and names[place].lower() == path.steps[0].folded:
            value, rest = frame.variables[place], path.steps[1:]
            found = walk(value, rest, frame.setting.budget) if rest else value
            if found is not ABSENT:
                return found
    return frame.memory.find(path, frame.setting.budget)


def bracketed(value: Value, budget: Budget) -> str:
    """What stands between square brackets, as a part of a path. Raises: `NoValue` for what is no number and no text."""
    text = "" if value is None or value is ABSENT or isinstance(value, bool | Ticks) else script_text(value, budget)
    if _leading_integer(text) is not None:
        return f"[{text}]"
    if isinstance(value, str):
        return f"['{value}']"
    raise NoValue("what stands between square brackets is no number and no text")


def joined(parts: Sequence[str]) -> str:
    """The text of a path from its parts, in order: names, and `bracketed` ones."""
    return _LAST_DOTS.sub("", ".".join(parts)).replace(".[", "[")


class Scope(Memory):
    """The memory of an expression outside a card: its paths begin at the members of one value."""

    def __init__(self, value: Value) -> None:
        self._value = value

    def find(self, path: Path, budget: Budget, /) -> Value:
        """As `Memory.find`."""
        return walk(self._value, path.steps, budget)
