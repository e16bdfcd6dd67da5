"""What a value is expected to be: data, with matchers in it, as conversation files write them. Pure.

A matcher is an object whose only key, or whose first among its options, starts with one `$`: `{$regex: "^ab"}`. Data
with such keys are written with two, `$$schema`, or whole under `{$literal: …}`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

import regex  # type: ignore[import-untyped]  # pyright has its stubs

from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

MAX_EXPRESSION = 1000
"""Characters of a regular expression."""

APPROXIMATELY = 1e-6
"""How far a number may be from the expected one where `within` does not say."""

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
"""What `$any` may name."""


class PatternError(ValueError):
    """A pattern cannot be read; `pointer` leads to the mistake from the pattern's own root."""

    def __init__(self, message: str, pointer: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, a number, true, false or null: exactly that."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Members:
    """An object."""

    members: Mapping[str, Node]
    is_open: bool
    """True where the object may have other members besides."""


@dataclass(frozen=True, slots=True)
class Elements:
    """An array."""

    elements: tuple[Node, ...]
    is_open: bool
    """True where others may stand between the elements; the order holds."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A text in which the expression is found."""

    expression: str


@dataclass(frozen=True, slots=True)
class Contains:
    """A text with this part."""

    part: str


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, or any of one type."""

    type: str = ""


@dataclass(frozen=True, slots=True)
class Approx:
    """A number near this one."""

    number: int | float
    within: int | float


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that is not smaller, or not larger."""

    number: int | float
    is_least: bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value that fits at least one of these."""

    patterns: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """No member of that name."""


Node = Scalar | Members | Elements | Regex | Contains | Anything | Approx | Bound | OneOf | Absent


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it is written, and as it is read."""

    raw: Json
    node: Node = field(compare=False, repr=False)


@lru_cache(maxsize=256)
def compiled(expression: str) -> regex.Pattern[str]:
    """A regular expression. Raises: `PatternError`."""
    if len(expression) > MAX_EXPRESSION:
        raise PatternError(f"a regular expression may have {MAX_EXPRESSION} characters")
    try:
        return regex.compile(expression, regex.VERSION0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise PatternError(f"{expression[:80]!r} is no regular expression: {error}") from None


def _refuse(name: str, wanted: str) -> NoReturn:
    raise PatternError(f"{name!r} takes {wanted}", pointer_to(name))


def _text_of(name: str, value: Json) -> str:
    return value if isinstance(value, str) else _refuse(name, "a text")


def _number_of(name: str, value: Json) -> int | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _refuse(name, "a number")


def _regex(options: JsonObject) -> Node:
    expression = _text_of("$regex", options["$regex"])
    try:
        compiled(expression)
    except PatternError as error:
        raise PatternError(str(error), pointer_to("$regex")) from None
    return Regex(expression)


def _any(options: JsonObject) -> Node:
    wanted = options["$any"]
    if wanted is True:
        return Anything()
    if isinstance(wanted, str) and wanted in TYPES:
        return Anything(wanted)
    _refuse("$any", f"true, or one of {', '.join(TYPES)}")


def _approx(options: JsonObject) -> Node:
    within = _number_of("within", options.get("within", APPROXIMATELY))
    if within < 0:
        _refuse("within", "a number that is not negative")
    return Approx(_number_of("$approx", options["$approx"]), within)


def _one_of(options: JsonObject) -> Node:
    patterns = options["$one-of"]
    if not isinstance(patterns, list) or not patterns:
        _refuse("$one-of", "a list of values")
    return OneOf(tuple(_inside("$one-of", index, item) for index, item in enumerate(patterns)))


def _absent(options: JsonObject) -> Node:
    return Absent() if options["$absent"] is True else _refuse("$absent", "true")


def _literal(value: Json) -> Node:
    if isinstance(value, dict):
        return Members({name: _literal(item) for name, item in value.items()}, is_open=False)
    if isinstance(value, list):
        return Elements(tuple(map(_literal, value)), is_open=False)
    return Scalar(value)


def _within(step: str, read: Callable[[], Node]) -> Node:
    """What is read there, its mistakes with their whole way."""
    try:
        return read()
    except PatternError as error:
        raise PatternError(str(error), step + error.pointer, error.hint) from None


def _inside(name: str, index: int, item: Json) -> Node:
    return _within(pointer_to(name, index), lambda: read_node(item))


_MATCHERS: Mapping[str, Callable[[JsonObject], Node]] = {
    "$regex": _regex,
    "$contains": lambda options: Contains(_text_of("$contains", options["$contains"])),
    "$any": _any,
    "$approx": _approx,
    "$at-least": lambda options: Bound(_number_of("$at-least", options["$at-least"]), is_least=True),
    "$at-most": lambda options: Bound(_number_of("$at-most", options["$at-most"]), is_least=False),
    "$one-of": _one_of,
    "$absent": _absent,
    "$literal": lambda options: _literal(options["$literal"]),
    "$exact": lambda options: _within("/$exact", lambda: read_node(options["$exact"])),
    "$subset": lambda options: _within("/$subset", lambda: read_node(options["$subset"], is_open=True)),
}
MATCHERS = tuple(_MATCHERS)
"""The names of the matchers."""

_OPTIONS: Mapping[str, frozenset[str]] = {"$approx": frozenset({"within"})}


def _matcher(value: JsonObject) -> str | None:
    """The matcher that the object is, if it is one. Raises: `PatternError`."""
    marked = [name for name in value if name.startswith("$") and not name.startswith("$$")]
    if not marked:
        return None
    name = marked[0]
    if name not in _MATCHERS:
        near = difflib.get_close_matches(name, MATCHERS, n=1)
        meant = f"did you mean {near[0]!r}? Else, " if near else ""
        hint = f"{meant}data whose name begins with a dollar is written with two: '${name}'"
        raise PatternError(f"there is no matcher {name!r}", pointer_to(name), hint)
    others = [other for other in value if other != name and other not in _OPTIONS.get(name, ())]
    if others:
        raise PatternError(f"{name!r} stands alone in its object, without {others[0]!r}", pointer_to(others[0]))
    return name


def _unescaped(name: str) -> str:
    return name[1:] if name.startswith("$$") else name


def read_node(value: Json, *, is_open: bool = False, is_member: bool = False) -> Node:
    """Reads a pattern; `is_open` reads it as under `$subset`, `is_member` as the value of a member.

    Raises: `PatternError`.
    """
    if isinstance(value, dict):
        name = _matcher(value)
        if name == "$absent" and not is_member:
            raise PatternError("'$absent' is for the member of an object", pointer_to(name))
        if name is not None:
            return _MATCHERS[name](value)
        return Members({_unescaped(key): _member(key, item, is_open) for key, item in value.items()}, is_open)
    if isinstance(value, list):
        steps = ((pointer_to(index), item) for index, item in enumerate(value))
        return Elements(tuple(_step(step, item, is_open) for step, item in steps), is_open)
    return Scalar(value)


def _member(key: str, item: Json, is_open: bool) -> Node:
    return _within(pointer_to(key), lambda: read_node(item, is_open=is_open, is_member=True))


def _step(step: str, item: Json, is_open: bool) -> Node:
    return _within(step, lambda: read_node(item, is_open=is_open))


def read_pattern(value: Json, *, is_open: bool = False, is_member: bool = False) -> Pattern:
    """As `read_node`, kept with what is written. Raises: `PatternError`."""
    return Pattern(raw=value, node=read_node(value, is_open=is_open, is_member=is_member))


def escaped(value: Json) -> Json:
    """The pattern that only the value itself fits: names that begin with a dollar get a second one."""
    if isinstance(value, dict):
        return {f"${name}" if name.startswith("$") else name: escaped(item) for name, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value
