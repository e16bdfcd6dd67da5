"""The scalars of YAML 1.2 as JSON values, by its core schema: `on`, `no` and dates are strings. Pure."""

from __future__ import annotations

import math
import re

import yaml

from runtimes.limits import MAX_KEY_CHARS, MAX_NUMBER_DIGITS, MAX_STRING_CHARS
from runtimes.values import Json

MERGE = "<<"
"""The key whose value is merged into the mapping it stands in."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TOO_MANY_DIGITS = re.compile(f"[0-9a-fA-F]{{{MAX_NUMBER_DIGITS + 1},}}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAG = "tag:yaml.org,2002:"
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**64 - 1


class Refusal(Exception):
    """Why a value is no JSON; the place is added by whoever knows it."""


def _not_read(tag: str) -> Refusal:
    return Refusal(f"the tag {tag[:60]!r} is not read here")


def _integer(text: str) -> Json:
    value = int(text, 0) if _BASED.fullmatch(text) else int(text)
    return value if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER else _finite(value, text)


def _finite(number: int | str, text: str) -> float:
    try:
        value = float(number)
    except OverflowError:  # of an integer; too large a text becomes infinite
        value = math.inf
    if not math.isfinite(value):
        raise Refusal(f"the number {text[:20]!r} is too large")
    return value


def _plain(text: str) -> Json:
    """A scalar without quotes, by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "-+.0123456789":
        return text
    is_integer = _DECIMAL.fullmatch(text) or _BASED.fullmatch(text)
    if is_integer or _FLOAT.fullmatch(text):
        if _TOO_MANY_DIGITS.search(text):
            raise Refusal(f"a number has more than {MAX_NUMBER_DIGITS} digits")
        return _integer(text) if is_integer else _finite(text, text)
    if _NOT_FINITE.fullmatch(text):
        raise Refusal(f"{text!r} is no number in JSON")
    return text


def _text_of(event: yaml.ScalarEvent, limit: int, name: str) -> str:
    text: str = event.value
    if len(text) > limit:
        raise Refusal(f"{name} is longer than {limit} characters")
    if not text.isascii() and _SURROGATE.search(text):
        raise Refusal("a lone surrogate is no character")
    return text


def check_tag(tag: str | None, kind: str) -> None:
    """Raises: `Refusal` for any tag but that of its kind, such as `str`."""
    if tag and tag not in ("!", _TAG + kind):
        raise _not_read(tag)


def is_merge(event: yaml.ScalarEvent) -> bool:
    """True for a key that stands for the members of other mappings (YAML 1.1): `<<` without quotes."""
    return bool(event.value == MERGE and event.implicit[0])


def key_of(event: yaml.ScalarEvent) -> str:
    """The scalar as a key: its own text. Raises: `Refusal`.

    A tag is refused at once: a short mark may stand for a very long one, which costs its length each time.
    """
    check_tag(event.tag, "str")
    return _text_of(event, MAX_KEY_CHARS, "a key")


def scalar_of(event: yaml.ScalarEvent) -> Json:
    """The scalar as a value. Raises: `Refusal`."""
    text = _text_of(event, MAX_STRING_CHARS, "a string")
    if event.tag is None:
        return _plain(text) if event.implicit[0] else text
    tag = event.tag.removeprefix(_TAG)
    if tag == "str" or event.tag == "!":
        return text
    value = _plain(text)
    fitting = {"null": value is None, "bool": isinstance(value, bool), "float": isinstance(value, int | float)}
    if fitting.get(tag, tag == "int" and isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _not_read(event.tag)
