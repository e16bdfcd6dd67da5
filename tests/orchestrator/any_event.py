"""Any event that there can be, made from what the fields of its class are declared as."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from orchestrator.events import Event, Fact
from runtimes.values import Json

MAX_DIGITS = 400

_TEXT = st.text(max_size=8) | st.sampled_from(['"', "\\", "\n\r", "\u2028", "\x00", "\U0001f600", ',"v":1}', "é"])
_INTEGERS = st.integers() | st.integers(-(10**MAX_DIGITS) + 1, 10**MAX_DIGITS - 1)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_SCALARS: st.SearchStrategy[object] = st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXT


def _deeper(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)


JSON = st.recursive(_SCALARS, _deeper, max_leaves=6)
_SIMPLE: dict[object, st.SearchStrategy[object]] = {
    str: _TEXT,
    int: _INTEGERS,
    float: _FLOATS,
    bool: st.booleans(),
    types.NoneType: st.none(),
    Json: JSON,
}


def _made(cls: Callable[..., object], parts: dict[str, st.SearchStrategy[object]]) -> st.SearchStrategy[object]:
    return st.fixed_dictionaries(parts).map(lambda values: cls(**values))


def of_type(declared: object) -> st.SearchStrategy[object]:
    """Values of a type as it is declared."""
    if declared in _SIMPLE:
        return _SIMPLE[declared]
    origin, parts = get_origin(declared), get_args(declared)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(of_type, parts))
    if origin is tuple:
        return st.lists(of_type(parts[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(of_type(parts[0]), of_type(parts[1]), max_size=3)
    assert isinstance(declared, type)
    assert is_dataclass(declared)
    hints = get_type_hints(declared)
    return _made(declared, {field.name: of_type(hints[field.name]) for field in fields(declared)})


FACTS: st.SearchStrategy[Fact] = st.one_of(*map(of_type, get_args(Fact)))
EVENTS: st.SearchStrategy[Event] = st.one_of(*map(of_type, get_args(Event)))
