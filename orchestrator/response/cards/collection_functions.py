"""Prebuilt functions of the card language that take and make arrays. Pure; what they are given stays as it is."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence

from orchestrator.response.cards.arguments import array, integer, named, place
from orchestrator.response.cards.coercion import order, script_text
from orchestrator.response.cards.equality import identity, is_equal, is_same
from orchestrator.response.cards.errors import Crash
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.json_text import members
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.utf16 import mended, units
from orchestrator.response.cards.values import ABSENT, Ticks, Value, is_number

_MAX_FLATTENED = 100
"""Levels that are flattened where no number is given."""


def _members_of(value: Value) -> list[tuple[str, Value]] | None:
    """What a value other than an array has by name; None for text and other scalars. Bytes have their places."""
    if isinstance(value, dict):
        return members(value)
    if isinstance(value, bytes):
        return [(str(index), byte) for index, byte in enumerate(value)]
    return [("value", value)] if isinstance(value, Ticks) else None


def _count(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, str):
        setting.budget.read(len(value))
        return len(units(value))
    if isinstance(value, list | dict | bytes):
        return len(value)
    if isinstance(value, Ticks):
        return 1
    raise NoValue(f"{named(value)} has nothing to count")


def _has_member(value: Value, name: str) -> bool:
    folded = name.lower()
    found = next((member for key, member in _members_of(value) or () if key.lower() == folded), ABSENT)
    return found is not ABSENT


def _contains(arguments: Sequence[Value], setting: Setting) -> Value:
    where, what = arguments
    budget = setting.budget
    if isinstance(where, str):
        budget.read(len(where))
        return isinstance(what, str) and units(what) in units(where)
    if isinstance(where, list):
        return any(is_equal(item, what, budget) for item in where)
    if isinstance(where, dict | bytes):
        budget.spend(len(where))
    return isinstance(what, str) and _has_member(where, what)


def _is_false(before: Sequence[Value]) -> Value:
    del before
    return False


def _empty(arguments: Sequence[Value], setting: Setting) -> Value:
    del setting
    value = arguments[0]
    if value is None or value is ABSENT:
        return True
    return isinstance(value, str | list | dict | bytes) and len(value) == 0


def _first(arguments: Sequence[Value], setting: Setting) -> Value:
    del setting
    value = arguments[0]
    if isinstance(value, str):
        return units(value[:1])[:1] or ABSENT
    return value[0] if isinstance(value, list) and value else ABSENT


def _last(arguments: Sequence[Value], setting: Setting) -> Value:
    del setting
    value = arguments[0]
    if isinstance(value, str):
        return units(value[-1:])[-1:] or ABSENT
    return value[-1] if isinstance(value, list) and value else ABSENT


def _once(items: Sequence[Value], setting: Setting) -> list[Value]:
    """Each of them at the place where it comes first."""
    setting.budget.make(len(items))
    found: dict[Hashable, Value] = {}
    for item in items:
        found.setdefault(identity(item), item)
    return list(found.values())


def _union(arguments: Sequence[Value], setting: Setting) -> Value:
    return _once([item for argument in [array(each) for each in arguments] for item in argument], setting)


def _intersection(arguments: Sequence[Value], setting: Setting) -> Value:
    arrays = [array(argument) for argument in arguments]
    setting.budget.make(sum(map(len, arrays)))
    shared = {identity(item) for item in arrays[0]}
    for each in arrays:
        shared &= {identity(item) for item in each if is_same(item, item)}
    return _once([item for item in arrays[0] if identity(item) in shared], setting)


def _unique(arguments: Sequence[Value], setting: Setting) -> Value:
    return _once(array(arguments[0]), setting)


def _skip(arguments: Sequence[Value], setting: Setting) -> Value:
    items = array(arguments[0])
    setting.budget.make(len(items))
    return items[max(integer(arguments[1]), 0) :]


def _take(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, str):
        setting.budget.make(len(value))
        return mended(units(value)[: max(integer(arguments[1]), 0)])
    if not isinstance(value, list):
        raise NoValue(f"{named(value)} is neither an array nor text")
    setting.budget.make(len(value))
    return value[: max(integer(arguments[1]), 0)]


def _sub_array(arguments: Sequence[Value], setting: Setting) -> Value:
    items = array(arguments[0])
    setting.budget.make(len(items))
    start = place(arguments[1], len(items))
    return items[start : place(arguments[2], len(items)) if len(arguments) > 2 else len(items)]


def _element_by_name(value: Value, name: str) -> Value:
    """What the reference's own language finds under a name: exactly that member, a place, or the length."""
    if isinstance(value, dict):
        return value.get(name, ABSENT)
    if not isinstance(value, str | list):
        return ABSENT
    parts: Sequence[Value] = units(value) if isinstance(value, str) else value
    if name == "length":
        return len(parts)
    is_place = name.isascii() and name.isdigit() and str(int(name[:10])) == name and int(name) < len(parts)
    return parts[int(name)] if is_place else ABSENT


def _by_member(items: list[Value], name: str, budget: Budget) -> list[Value]:
    if len(items) > 1 and any(item is None for item in items):
        raise Crash(f"null has no member {name!r} to sort by")
    keyed = [(_element_by_name(item, name), item) for item in items]

    def compare(left: tuple[Value, Value], right: tuple[Value, Value]) -> int:
        return order(left[0], right[0], budget)

    return [item for _, item in sorted(keyed, key=functools.cmp_to_key(compare))]


def _by_text(items: list[Value], budget: Budget) -> list[Value]:
    keyed = [(units(script_text(item, budget)), item) for item in items]
    budget.spend(len(keyed) * len(keyed).bit_length())
    return [item for _, item in sorted(keyed, key=lambda pair: pair[0])]


def _sorted(arguments: Sequence[Value], setting: Setting) -> list[Value]:
    """Missing elements come last, and are compared with nothing."""
    items = array(arguments[0])
    setting.budget.make(len(items))
    there: list[Value] = [item for item in items if item is not ABSENT]
    missing: list[Value] = [ABSENT] * (len(items) - len(there))
    if len(arguments) == 1:
        return _by_text(there, setting.budget) + missing
    given = arguments[1]
    named_by = not (given is None or given is ABSENT or given is False or given == 0 or given == "")
    return _by_member(there, script_text(given, setting.budget) if named_by else "", setting.budget) + missing


def _sort_by(arguments: Sequence[Value], setting: Setting) -> Value:
    return _sorted(arguments, setting)


def _sort_by_descending(arguments: Sequence[Value], setting: Setting) -> Value:
    return _sorted(arguments, setting)[::-1]


def _flattened(items: list[Value], setting: Setting) -> list[Value]:
    flat: list[Value] = []
    for item in items:
        setting.budget.make(len(item) + 1 if isinstance(item, list) else 1)
        flat.extend(item if isinstance(item, list) else [item])
    return flat


def _flatten(arguments: Sequence[Value], setting: Setting) -> Value:
    items = array(arguments[0])
    given = arguments[1] if len(arguments) > 1 else _MAX_FLATTENED
    levels = given if isinstance(given, int | float) and is_number(given) and given >= 1 else 1
    done = 0
    while done < levels and any(isinstance(item, list) for item in items):
        items = _flattened(items, setting)
        done += 1
    setting.budget.make(len(items))
    return [None if item is ABSENT else item for item in items]


def _reverse(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, str):
        setting.budget.make(len(value))
        return mended(units(value)[::-1])
    if not isinstance(value, list):
        raise NoValue(f"{named(value)} is neither text nor an array")
    setting.budget.make(len(value))
    return value[::-1]


def _create_array(arguments: Sequence[Value], setting: Setting) -> Value:
    setting.budget.make(len(arguments))
    return list(arguments)


def _indices_and_values(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, list):
        setting.budget.make(4 * len(value))
        return [{"index": index, "value": item} for index, item in enumerate(value)]
    if value is None:
        raise Crash("null has neither elements nor members")
    pairs = _members_of(value)
    if pairs is None:
        raise NoValue(f"{named(value)} is neither an array nor an object")
    setting.budget.make(4 * len(pairs))
    return [{"index": name, "value": member} for name, member in pairs]


_ARRAY = Kind.ARRAY
_TEXT_OR_ARRAY = Kind.STRING | Kind.ARRAY

FUNCTIONS: tuple[Function, ...] = (
    Function(name="count", gives=Kind.NUMBER, takes=(_TEXT_OR_ARRAY,), call=_count),
    Function(name="contains", gives=Kind.BOOLEAN, takes=(Kind.ANY, Kind.ANY), call=_contains, rescue=_is_false),
    Function(
        name="empty",
        gives=Kind.BOOLEAN,
        takes=(Kind.ANY,),
        call=_empty,
        rescue=_is_false,
        compares=True,
    ),
    Function(name="first", takes=(Kind.ANY,), call=_first),
    Function(name="last", takes=(Kind.ANY,), call=_last),
    Function(name="union", gives=_ARRAY, takes=(_ARRAY,), rest=_ARRAY, call=_union),
    Function(name="intersection", gives=_ARRAY, takes=(_ARRAY,), rest=_ARRAY, call=_intersection),
    Function(name="unique", gives=_ARRAY, takes=(_ARRAY,), call=_unique),
    Function(name="skip", gives=_ARRAY, takes=(_ARRAY, Kind.NUMBER), call=_skip),
    Function(name="take", gives=_TEXT_OR_ARRAY, takes=(_TEXT_OR_ARRAY, Kind.NUMBER), call=_take),
    Function(name="subArray", gives=_ARRAY, takes=(_ARRAY, Kind.NUMBER), may_take=(Kind.NUMBER,), call=_sub_array),
    Function(name="sortBy", gives=_ARRAY, takes=(_ARRAY,), may_take=(Kind.STRING,), call=_sort_by),
    Function(name="sortByDescending", gives=_ARRAY, takes=(_ARRAY,), may_take=(Kind.STRING,), call=_sort_by_descending),
    Function(name="flatten", gives=_ARRAY, takes=(_ARRAY,), may_take=(Kind.NUMBER,), call=_flatten),
    Function(name="reverse", gives=_TEXT_OR_ARRAY, takes=(_TEXT_OR_ARRAY,), call=_reverse),
    Function(name="createArray", gives=_ARRAY, rest=Kind.ANY, call=_create_array),
    Function(name="indicesAndValues", gives=_ARRAY, takes=(Kind.ANY,), call=_indices_and_values),
)
