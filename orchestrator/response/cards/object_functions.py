"""Prebuilt functions of the card language that take and make objects. Pure: they give changed copies.

The reference changes the object it is given, and with it the data of later expressions. Here data stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.response.cards.arguments import exact_text, named
from orchestrator.response.cards.coercion import double, script_number, script_text, whole
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.json_text import is_index, json_text
from orchestrator.response.cards.jspath import found_by
from orchestrator.response.cards.jspath_syntax import BadPath, parsed_path
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.markup import xml_text
from orchestrator.response.cards.utf16 import WHITE_SPACE, units
from orchestrator.response.cards.values import ABSENT, Ticks, Value, from_json
from runtimes.values import InvalidJson, parse_json

_MANY_DIGITS = re.compile(r"[0-9]{16}")
"""What may be an integer that no double is equal to."""

_EXACT_BELOW = 2**53
_MAX_LENGTH = 2**32


def _nearest(value: Value) -> Value:
    is_large = isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT_BELOW
    return double(value) if is_large and isinstance(value, int) else value


def _with_doubles(value: Value, budget: Budget) -> Value:
    """The same with doubles for large integers; containers are new, and changed in place."""
    stack = [value]
    while stack:
        node = stack.pop()
        budget.spend()
        if isinstance(node, dict):
            for name, member in node.items():
                node[name] = _nearest(member)
            stack.extend(node.values())
        elif isinstance(node, list):
            node[:] = map(_nearest, node)
            stack.extend(node)
    return _nearest(value)


def parsed(text: str, budget: Budget) -> Value:
    """The value of a JSON text. Raises: `NoValue`, `CardLimit`."""
    budget.make(len(text))
    try:
        value = from_json(parse_json(text.strip(WHITE_SPACE)))
    except InvalidJson as error:
        raise NoValue(f"{named(text)} is no JSON: {error}") from None
    return _with_doubles(value, budget) if _MANY_DIGITS.search(text) else value


def _json(arguments: Sequence[Value], setting: Setting) -> Value:
    return parsed(exact_text(arguments[0]), setting.budget)


def _json_stringify(arguments: Sequence[Value], setting: Setting) -> Value:
    return ABSENT if arguments[0] is ABSENT else json_text(arguments[0], setting.budget)


def _resized(items: list[Value], length: Value, budget: Budget) -> list[Value]:
    size = whole(script_number(length, budget))
    if size is None or not 0 <= size < _MAX_LENGTH:
        raise NoValue(f"{named(length)} is no length of an array")
    budget.make(size)
    return items[:size] + [ABSENT] * (size - len(items))


def _with_element(items: list[Value], name: str, value: Value, budget: Budget) -> list[Value]:
    """What the reference's own language makes of a member of an array: an element, the length, or nothing."""
    if name == "length":
        return _resized(items, value, budget)
    if not is_index(name):
        return items
    place = int(name)
    changed = _resized(items, max(len(items), place + 1), budget)
    changed[place] = value
    return changed


def _with_member(target: Value, name: str, value: Value, setting: Setting) -> Value:
    if isinstance(target, dict):
        setting.budget.make(len(target) + 1)
        return {**target, name: value}
    if isinstance(target, list):
        return _with_element(target, name, value, setting.budget)
    if isinstance(target, Ticks):
        return target
    raise NoValue(f"{named(target)} has no members")


def _set_property(arguments: Sequence[Value], setting: Setting) -> Value:
    target, name, value = arguments
    return _with_member(target, script_text(name, setting.budget), value, setting)


def _add_property(arguments: Sequence[Value], setting: Setting) -> Value:
    target, given, value = arguments
    name = script_text(given, setting.budget)
    is_there = isinstance(target, dict) and name in target
    if isinstance(target, list):
        is_there = name == "length" or (is_index(name) and int(name) < len(target))
    if is_there:
        raise NoValue(f"there is a member {named(name)} already")
    return _with_member(target, name, value, setting)


def _remove_property(arguments: Sequence[Value], setting: Setting) -> Value:
    target, name = arguments[0], script_text(arguments[1], setting.budget)
    if target is None or target is ABSENT:
        raise NoValue(f"{named(target)} has no members")
    if isinstance(target, dict):
        setting.budget.make(len(target))
        return {key: member for key, member in target.items() if key != name}
    if not isinstance(target, str | list | bytes):
        return target
    length = len(units(target)) if isinstance(target, str) else len(target)
    is_place = is_index(name) and int(name) < length
    if isinstance(target, list) and is_place:
        return _with_element(target, name, ABSENT, setting.budget)
    if is_place or (name == "length" and not isinstance(target, bytes)):
        raise NoValue(f"the member {named(name)} of {named(target)} cannot be removed")
    return target


def _objects(argument: Value) -> list[Value]:
    """Raises: `NoValue`."""
    if isinstance(argument, dict | bytes | Ticks):
        return [argument]
    if not isinstance(argument, list):
        raise NoValue(f"{named(argument)} is neither an object nor an array of objects")
    for item in argument:
        if item is not None and not isinstance(item, dict | bytes | Ticks):
            raise NoValue(f"{named(item)} in an array is no object")
    return argument


def _merge(arguments: Sequence[Value], setting: Setting) -> Value:
    merged: dict[str, Value] = {}
    for argument in arguments:
        for item in _objects(argument):
            setting.budget.make(1 + len(item) if isinstance(item, dict | bytes) else 1)
            if isinstance(item, bytes):
                merged.update((str(place), byte) for place, byte in enumerate(item))
            elif isinstance(item, dict):
                merged.update(item)
    return merged


def _xml(arguments: Sequence[Value], setting: Setting) -> Value:
    given = arguments[0]
    value = parsed(given, setting.budget) if isinstance(given, str) else given
    return xml_text(value, setting.budget).strip(WHITE_SPACE)


def _x_path(arguments: Sequence[Value], setting: Setting) -> Value:
    del arguments, setting
    raise NoValue("xPath is not offered: XML of strangers is not read; give the data as JSON and use jPath")


def _j_path(arguments: Sequence[Value], setting: Setting) -> Value:
    given, path = arguments
    if path is None or path is ABSENT:
        raise NoValue(f"{named(path)} is no path")
    root = parsed(given, setting.budget) if isinstance(given, str) else given
    if isinstance(given, bool | int | float) or given is ABSENT:
        raise NoValue(f"{named(given)} has nothing that a path leads to")
    text = script_text(path, setting.budget)
    try:
        return found_by(parsed_path(text), root, setting.budget)
    except BadPath as error:
        raise NoValue(f"{named(text)} is no path: {error}") from None


_TEXT = Kind.STRING

FUNCTIONS: tuple[Function, ...] = (
    Function(name="json", takes=(_TEXT,), call=_json),
    Function(name="jsonStringify", gives=_TEXT, takes=(Kind.ANY,), call=_json_stringify),
    Function(name="addProperty", takes=(Kind.ANY, _TEXT, Kind.ANY), call=_add_property),
    Function(name="setProperty", takes=(Kind.ANY, _TEXT, Kind.ANY), call=_set_property),
    Function(name="removeProperty", takes=(Kind.ANY, _TEXT), call=_remove_property),
    Function(name="merge", takes=(Kind.ANY,), rest=Kind.ANY, call=_merge),
    Function(name="jPath", takes=(Kind.ANY, _TEXT), call=_j_path),
    Function(name="xPath", takes=(Kind.ANY, _TEXT), call=_x_path),
    Function(name="xml", gives=_TEXT, takes=(Kind.ANY,), call=_xml),
)
