"""Texts and numbers that look like what a schema asks for: by format, within bounds. Pure."""

from __future__ import annotations

import base64
import math
import random
import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from orchestrator.mock.patterns import NotMadeUp, text_matching
from runtimes.values import Json, JsonObject

MAX_TEXT_CHARS = 4096
"""Of a text that is made, whatever a schema asks for."""

WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper", "karst", "lagoon",
    "meadow", "north", "ocean", "pine", "quartz", "river", "summit", "tundra", "umber", "valley", "willow", "zephyr",
)  # fmt: skip

_FIRST_DAY = date(2024, 1, 1)
_DAYS = 900
_SMALL, _LARGE = 1, 1000
_SPAN = 1000
"""How far from its only bound a number may lie."""

_MAX_EXACT = 2**53


def _word(chance: random.Random) -> str:
    return chance.choice(WORDS)


def _date(chance: random.Random) -> str:
    return (_FIRST_DAY + timedelta(days=chance.randrange(_DAYS))).isoformat()


def _time(chance: random.Random) -> str:
    return f"{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _base64(chance: random.Random) -> str:
    return base64.b64encode(_word(chance).encode()).decode()


_FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "date": _date,
    "date-time": lambda chance: f"{_date(chance)}T{_time(chance)}",
    "time": _time,
    "duration": lambda chance: f"P{chance.randint(1, 9)}D",
    "uuid": _uuid,
    "guid": _uuid,
    "email": lambda chance: f"{_word(chance)}@example.com",
    "idn-email": lambda chance: f"{_word(chance)}@example.com",
    "hostname": lambda chance: f"{_word(chance)}.example.com",
    "idn-hostname": lambda chance: f"{_word(chance)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randint(1, 254)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randint(1, 0xFFFF):x}",
    "uri": lambda chance: f"https://example.com/{_word(chance)}",
    "url": lambda chance: f"https://example.com/{_word(chance)}",
    "iri": lambda chance: f"https://example.com/{_word(chance)}",
    "uri-reference": lambda chance: f"/{_word(chance)}",
    "iri-reference": lambda chance: f"/{_word(chance)}",
    "uri-template": lambda chance: f"/{_word(chance)}/{{id}}",
    "json-pointer": lambda chance: f"/{_word(chance)}",
    "relative-json-pointer": lambda chance: f"{chance.randint(0, 3)}/{_word(chance)}",
    "regex": lambda chance: f"^{_word(chance)}$",
    "byte": _base64,
    "binary": _word,
    "phone": lambda chance: f"+1 206 555 01{chance.randrange(100):02}",
}


def _count(schema: JsonObject, name: str, otherwise: int) -> int:
    value = schema.get(name)
    return value if isinstance(value, int) else otherwise


def _by_format(schema: JsonObject, chance: random.Random) -> str | None:
    """A text in the schema's format, where it has one and the text fits the pattern too."""
    format_name, pattern = schema.get("format"), schema.get("pattern")
    if not isinstance(format_name, str) or format_name not in _FORMATS:
        return None
    made = _FORMATS[format_name](chance)
    return made if not isinstance(pattern, str) or _fits(made, pattern) else None


def _fits(made: str, pattern: str) -> bool:
    import jsonschema_rs

    try:
        return jsonschema_rs.is_valid({"pattern": pattern}, made)
    except ValueError:  # a pattern that cannot be read forbids nothing
        return True


def text(schema: JsonObject, chance: random.Random) -> str:
    """A text for a schema: by its format, where that fits its pattern, else by its pattern, else words."""
    pattern = schema.get("pattern")
    if (formatted := _by_format(schema, chance)) is not None:
        return formatted
    least, most = _count(schema, "minLength", 0), _count(schema, "maxLength", MAX_TEXT_CHARS)
    if isinstance(pattern, str):
        try:
            made = text_matching(pattern, chance)
        except NotMadeUp:
            made = ""
        if made or least == 0:
            return _stretched(made, least) if len(made) < least and not pattern.endswith("$") else made
    said = " ".join(chance.sample(WORDS, 2)).capitalize()
    if len(said) > most:
        said = _word(chance)[:most]
    return _stretched(said, least)


def _stretched(said: str, least: int) -> str:
    least = min(least, MAX_TEXT_CHARS)
    while len(said) < least:
        said = f"{said} {said}" if said else "amber"
        said = said[: max(least, 1)]
    return said


def _bounds(schema: JsonObject) -> tuple[float, float, bool, bool]:
    """The closed range that a number may lie in, and which of its ends do not belong to it."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    lows = [(float(one), index == 1) for index, one in enumerate((low, above)) if isinstance(one, int | float)]
    highs = [(float(one), index == 0) for index, one in enumerate((below, high)) if isinstance(one, int | float)]
    start, is_open = max(lows) if lows else (-math.inf, False)
    end, closed = min(highs) if highs else (math.inf, True)
    if math.isinf(start) and math.isinf(end):
        return _SMALL, _LARGE, False, False
    if math.isinf(start):
        start = min(_SMALL, end - _SPAN)
    if math.isinf(end):
        end = max(_LARGE, start + _SPAN)
    return start, end, is_open, bool(highs) and not closed


def integer(schema: JsonObject, chance: random.Random) -> int:
    """A whole number for a schema."""
    start, end, above, below = _bounds(schema)
    low = math.floor(start) + 1 if above else math.ceil(start)
    high = math.ceil(end) - 1 if below else math.floor(end)
    step = schema.get("multipleOf")
    if isinstance(step, int) or (isinstance(step, float) and step.is_integer()):
        size = int(step)
        first, last = -(-low // size), max(high // size, -(-low // size))
        return size * chance.randint(first, min(last, first + _SPAN))
    return chance.randint(low, max(low, high))


def number(schema: JsonObject, chance: random.Random) -> int | float:
    """A number for a schema, one that short decimals write."""
    step = schema.get("multipleOf")
    start, end, above, below = _bounds(schema)
    if isinstance(step, int | float):
        first = math.floor(start / step) + 1 if above else math.ceil(start / step)
        last = math.ceil(end / step) - 1 if below else math.floor(end / step)
        count = chance.randint(first, max(first, min(last, first + _SPAN)))
        made = count * step
        return made if isinstance(made, int) else round(made, 10)
    if end - start >= 1 and abs(start) < _MAX_EXACT:
        made = round(chance.uniform(start, end), 2)
        if (start < made or (made == start and not above)) and (made < end or (made == end and not below)):
            return made
    return (start + end) / 2 if above or below else start


def constant(schema: JsonObject, chance: random.Random) -> tuple[Json] | None:
    """The value that a schema names, or one of those; None where it names none."""
    if "const" in schema:
        return (schema["const"],)
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        plain = [one for one in choices if one is not None] or choices
        return (chance.choice(plain),)
    return None
