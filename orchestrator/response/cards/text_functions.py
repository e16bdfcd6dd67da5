"""Prebuilt functions of the card language that take and make text. Pure but for the random numbers it is given."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

from orchestrator.response.cards.arguments import array, at, exact_text, integer, named, place, text
from orchestrator.response.cards.case_functions import FUNCTIONS as CASE_FUNCTIONS
from orchestrator.response.cards.coercion import script_text, text_of
from orchestrator.response.cards.equality import is_same
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.pattern_functions import FUNCTIONS as PATTERN_FUNCTIONS
from orchestrator.response.cards.utf16 import WHITE_SPACE, joined, mended, units
from orchestrator.response.cards.values import ABSENT, Value, number_text

_SPACES = re.compile(f"[{WHITE_SPACE}]+")
_TEENS = (11, 12, 13)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def _both(first: Value, second: Value, setting: Setting) -> Value:
    first = ABSENT if first is None else first
    second = ABSENT if second is None else second
    if first is ABSENT and (second is ABSENT or isinstance(second, list)):
        return second
    if isinstance(first, list) and second is ABSENT:
        return first
    if isinstance(first, list) and isinstance(second, list):
        setting.budget.make(len(first) + len(second))
        return [*first, *second]
    left, right = text_of(first, setting.budget), text_of(second, setting.budget)
    setting.budget.make(len(left) + len(right))
    return joined(left, right)


def concat(arguments: Sequence[Value], setting: Setting) -> Value:
    """Arrays as one array, everything else as one text; what interpolation does too. Raises: `CardLimit`."""
    so_far = arguments[0]
    for following in arguments[1:]:
        so_far = _both(so_far, following, setting)
    return so_far


def _length(arguments: Sequence[Value], setting: Setting) -> Value:
    given = text(arguments[0])
    setting.budget.read(len(given))
    return len(units(given))


def _replace(arguments: Sequence[Value], setting: Setting) -> Value:
    given, old, new = map(text, arguments)
    if not old:
        raise NoValue("what is to be replaced is an empty text")
    setting.budget.read(len(given))
    given, old, new = units(given), units(old), units(new)
    setting.budget.make(len(given) + given.count(old) * max(len(new) - len(old), 0))
    return mended(given.replace(old, new))


def _split(arguments: Sequence[Value], setting: Setting) -> Value:
    given, separator = text(arguments[0]), text(at(arguments, 1))
    setting.budget.read(len(given))
    given, separator = units(given), units(separator)
    setting.budget.make(given.count(separator) + 1)
    if not separator:
        return list(given)
    return [mended(part) for part in given.split(separator)]


def _substring(arguments: Sequence[Value], setting: Setting) -> Value:
    if arguments[0] is ABSENT:
        return ""
    given = exact_text(arguments[0])
    setting.budget.read(len(given))
    given = units(given)
    start = place(arguments[1], len(given))
    length = place(arguments[2], len(given) - start) if len(arguments) > 2 else len(given) - start
    return mended(given[start : start + length])


def _nothing_of_nothing(before: Sequence[Value]) -> Value:
    """Of missing data every part is empty, wherever it starts."""
    if before and before[0] is ABSENT:
        return ""
    raise NoValue("where the text starts or how long it is has no value")


def _trim(arguments: Sequence[Value], setting: Setting) -> Value:
    given = text(arguments[0])
    setting.budget.read(len(given))
    return given.strip(WHITE_SPACE)


def _written(items: Sequence[Value], separator: Value, setting: Setting) -> str:
    budget = setting.budget
    between = "," if separator is ABSENT else script_text(separator, budget)
    texts = ["" if item is None or item is ABSENT else script_text(item, budget) for item in items]
    budget.make(sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0))
    return mended(between.join(texts))


def _join(arguments: Sequence[Value], setting: Setting) -> Value:
    items = array(arguments[0])
    if len(arguments) == 2:
        return _written(items, arguments[1], setting)
    if len(items) < 3:
        return _written(items, arguments[2], setting)
    last = script_text(arguments[2], setting.budget), script_text(items[-1], setting.budget)
    setting.budget.make(len(last[0]) + len(last[1]))
    return mended(_written(items[:-1], arguments[1], setting) + "".join(last))


def _ends_with(arguments: Sequence[Value], setting: Setting) -> Value:
    given, end = map(text, arguments)
    setting.budget.read(len(end))
    return units(given[-len(end) - 1 :]).endswith(units(end))


def _starts_with(arguments: Sequence[Value], setting: Setting) -> Value:
    given, start = map(text, arguments)
    setting.budget.read(len(start))
    return units(given[: len(start) + 1]).startswith(units(start))


def _count_word(arguments: Sequence[Value], setting: Setting) -> Value:
    given = text(arguments[0])
    setting.budget.read(len(given))
    return len(_SPACES.split(given.strip(WHITE_SPACE)))


def _add_ordinal(arguments: Sequence[Value], setting: Setting) -> Value:
    del setting
    number = integer(arguments[0])
    written = number_text(number)
    if number <= 0:
        return written
    return written + ("th" if number % 100 in _TEENS else _ENDINGS.get(number % 10, "th"))


def _new_guid(arguments: Sequence[Value], setting: Setting) -> Value:
    del arguments
    return str(uuid.UUID(int=setting.random.getrandbits(128), version=4))


def _line_end(arguments: Sequence[Value], setting: Setting) -> Value:
    del arguments, setting
    return "\n"


def _sought(arguments: Sequence[Value], setting: Setting) -> tuple[str, str] | None:
    """Where to look for what, if both are text. Raises: `NoValue`."""
    where, what = arguments
    if isinstance(where, list):
        setting.budget.spend(len(where))
        return None
    if where is not None and where is not ABSENT and not isinstance(where, str):
        raise NoValue(f"{named(where)} is neither text nor an array")
    setting.budget.read(len(where) if isinstance(where, str) else 0)
    return units(where if isinstance(where, str) else ""), units(text(what))


def _index_of(arguments: Sequence[Value], setting: Setting) -> Value:
    if sought := _sought(arguments, setting):
        return sought[0].find(sought[1])
    items = array(arguments[0])
    return next((index for index, item in enumerate(items) if is_same(item, arguments[1])), -1)


def _last_index_of(arguments: Sequence[Value], setting: Setting) -> Value:
    if sought := _sought(arguments, setting):
        where, what = sought
        return where.rfind(what, 0, max(len(where) - 1, 0) + len(what))
    items = array(arguments[0])
    return next((index for index in reversed(range(len(items))) if is_same(items[index], arguments[1])), -1)


_TEXT = Kind.STRING
_TEXT_OR_ARRAY = Kind.STRING | Kind.ARRAY

FUNCTIONS: tuple[Function, ...] = (
    *CASE_FUNCTIONS,
    *PATTERN_FUNCTIONS,
    Function(name="concat", gives=_TEXT_OR_ARRAY, takes=(Kind.ANY,), rest=Kind.ANY, call=concat),
    Function(name="length", gives=Kind.NUMBER, takes=(_TEXT,), call=_length),
    Function(name="replace", gives=_TEXT, takes=(_TEXT, _TEXT, _TEXT), call=_replace),
    Function(name="split", gives=Kind.ARRAY, takes=(_TEXT,), may_take=(_TEXT,), call=_split),
    Function(
        name="substring",
        gives=_TEXT,
        takes=(_TEXT, Kind.NUMBER),
        may_take=(Kind.NUMBER,),
        call=_substring,
        rescue=_nothing_of_nothing,
    ),
    Function(name="trim", gives=_TEXT, takes=(_TEXT,), call=_trim),
    Function(name="join", gives=_TEXT, takes=(Kind.ARRAY, _TEXT), may_take=(_TEXT,), call=_join),
    Function(name="endsWith", gives=Kind.BOOLEAN, takes=(_TEXT, _TEXT), call=_ends_with),
    Function(name="startsWith", gives=Kind.BOOLEAN, takes=(_TEXT, _TEXT), call=_starts_with),
    Function(name="countWord", gives=Kind.NUMBER, takes=(_TEXT,), call=_count_word),
    Function(name="addOrdinal", gives=_TEXT, takes=(Kind.NUMBER,), call=_add_ordinal),
    Function(name="newGuid", gives=_TEXT, call=_new_guid),
    Function(name="EOL", gives=_TEXT, call=_line_end),
    Function(name="indexOf", gives=Kind.NUMBER, takes=(_TEXT_OR_ARRAY, Kind.ANY), call=_index_of),
    Function(name="lastIndexOf", gives=Kind.NUMBER, takes=(_TEXT_OR_ARRAY, Kind.ANY), call=_last_index_of),
)
