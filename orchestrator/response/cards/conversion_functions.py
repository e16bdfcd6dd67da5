"""Prebuilt functions of the card language that turn values of one kind into another. Pure."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote_to_bytes

from orchestrator.response.cards.arguments import at, exact_text, named
from orchestrator.response.cards.coercion import double, leading_integer, leading_number, script_text, text_of
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.number_formats import format_number
from orchestrator.response.cards.utf16 import encoded, has_halves, units
from orchestrator.response.cards.values import ABSENT, Ticks, Value, is_number, number_text

_DATA_URI = "data:text/plain;charset=utf-8;base64,"
_URI_SAFE = "-_.!~*'()"
_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_URL_ALPHABET = str.maketrans("-_", "+/")
_ALPHABET_BITS = 6


def _number(value: Value) -> float | None:
    return double(value) if isinstance(value, int | float) and is_number(value) else None


def _float(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, Ticks):
        return double(value)
    if not isinstance(value, str):
        number = _number(value)
        return ABSENT if number is None else value if value == number else number
    setting.budget.read(len(value))
    number = leading_number(value)
    if math.isnan(number):
        raise NoValue(f"{named(value)} starts with no number")
    return number


def _int(arguments: Sequence[Value], setting: Setting) -> Value:
    """Of a number it is what its text starts with, so that 1e+21 gives 1."""
    value = arguments[0]
    if isinstance(value, Ticks):
        return double(value)
    if isinstance(value, str):
        setting.budget.read(len(value))
        number = leading_integer(value)
        if math.isnan(number):
            raise NoValue(f"{named(value)} starts with no integer")
    elif (given := _number(value)) is not None:
        number = leading_integer(number_text(given))
    else:
        return ABSENT
    return int(number) if math.isfinite(number) and abs(number) < 2**53 else number


def _precision(number: float) -> int:
    return len(number_text(number).partition(".")[2])


def _string(arguments: Sequence[Value], setting: Setting) -> Value:
    value, language = arguments[0], at(arguments, 1)
    number = _number(value)
    if number is not None:
        locale = language if isinstance(language, str) else setting.locale
        return format_number(number, _precision(number), locale)
    if isinstance(value, bytes):
        setting.budget.make(len(value))
        return value.decode("utf-8-sig", "replace")
    return text_of(value, setting.budget)


def _bool(arguments: Sequence[Value], setting: Setting) -> Value:
    """False for null, 0, and whatever has the word false in it."""
    value = arguments[0]
    number = _number(value)
    if number is not None:
        return number != 0
    if isinstance(value, bool):
        return value
    text = script_text(value, setting.budget)
    setting.budget.read(len(text))
    return value is not None and value is not ABSENT and "false" not in text.lower()


def _is_false(before: Sequence[Value]) -> Value:
    del before
    return False


def _binary(arguments: Sequence[Value], setting: Setting) -> Value:
    text = exact_text(arguments[0])
    setting.budget.make(len(text))
    return encoded(text)


def _in_base64(text: str, budget: Budget) -> str:
    budget.make(2 * len(text))
    return base64.b64encode(encoded(text)).decode("ascii")


def _from_base64(text: str, budget: Budget) -> str:
    """Every byte is a character; what is none of the alphabet is passed over, and `=` ends it."""
    budget.make(len(text))
    narrow = units(text).encode("utf-16-le", "surrogatepass")[::2].decode("latin-1")
    letters = _NOT_BASE64.sub("", narrow.partition("=")[0].translate(_URL_ALPHABET))
    whole_bytes = len(letters) * _ALPHABET_BITS // 8
    padded = letters + "A" * (-len(letters) % 4)
    return base64.b64decode(padded)[:whole_bytes].decode("latin-1")


def _base64(arguments: Sequence[Value], setting: Setting) -> Value:
    value = arguments[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8-sig", "replace")
    return _in_base64(value, setting.budget) if isinstance(value, str) else ABSENT


def _base64_to_binary(arguments: Sequence[Value], setting: Setting) -> Value:
    return encoded(_from_base64(exact_text(arguments[0]), setting.budget))


def _base64_to_string(arguments: Sequence[Value], setting: Setting) -> Value:
    return _from_base64(exact_text(arguments[0]), setting.budget)


def _data_uri(arguments: Sequence[Value], setting: Setting) -> Value:
    return _DATA_URI + _in_base64(exact_text(arguments[0]), setting.budget)


def _data_uri_to_string(arguments: Sequence[Value], setting: Setting) -> Value:
    text = exact_text(arguments[0])
    return _from_base64(text[text.find(",") + 1 :], setting.budget)


def _uri_component(arguments: Sequence[Value], setting: Setting) -> Value:
    text = exact_text(arguments[0])
    if has_halves(text):
        raise NoValue(f"{named(text)} has half a character in it")
    setting.budget.make(3 * len(text))
    return quote(text, safe=_URI_SAFE)


def _uri_component_to_string(arguments: Sequence[Value], setting: Setting) -> Value:
    text = exact_text(arguments[0])
    setting.budget.make(len(text))
    if _BAD_ESCAPE.search(text):
        raise NoValue(f"{named(text)} has a % with no two hexadecimal digits behind it")
    if has_halves(text):
        return "".join(_unescaped(part) for part in re.split("([\ud800-\udfff])", text))
    return _unescaped(text)


def _unescaped(text: str) -> str:
    if has_halves(text):
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise NoValue(f"{named(text)} is not UTF-8 behind its % signs") from None


_ANY = (Kind.ANY,)
_TEXT = Kind.STRING

FUNCTIONS: tuple[Function, ...] = (
    Function(name="float", gives=Kind.NUMBER, takes=_ANY, call=_float),
    Function(name="int", gives=Kind.NUMBER, takes=_ANY, call=_int),
    Function(name="string", gives=_TEXT, takes=_ANY, may_take=(_TEXT,), call=_string),
    Function(name="bool", gives=Kind.BOOLEAN, takes=_ANY, call=_bool, rescue=_is_false, compares=True),
    Function(name="binary", takes=_ANY, call=_binary),
    Function(name="base64", gives=_TEXT, takes=_ANY, call=_base64),
    Function(name="base64ToBinary", takes=_ANY, call=_base64_to_binary),
    Function(name="base64ToString", gives=_TEXT, takes=_ANY, call=_base64_to_string),
    Function(name="dataUri", gives=_TEXT, takes=_ANY, call=_data_uri),
    Function(name="dataUriToBinary", takes=_ANY, call=_binary),
    Function(name="dataUriToString", gives=_TEXT, takes=_ANY, call=_data_uri_to_string),
    Function(name="uriComponent", gives=_TEXT, takes=_ANY, call=_uri_component),
    Function(name="uriComponentToString", gives=_TEXT, takes=_ANY, call=_uri_component_to_string),
)
