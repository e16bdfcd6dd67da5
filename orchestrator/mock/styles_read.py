"""Texts of a request taken apart by the style of a parameter (OpenAPI 3.1.1, Style Values; RFC 6570). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from orchestrator.mock.shapes import Shape, first_valid, scalar
from runtimes.values import Json, JsonObject

MAX_BRACKETS = 32
"""How deep an object may nest that is written with brackets."""

_DELIMITERS = {
    "spaceDelimited": re.compile(r"%20|\+| "),
    "pipeDelimited": re.compile(r"%7[Cc]|\|"),
    "tabDelimited": re.compile(r"%09|\t"),
}
_FORMATS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
_STEPS = re.compile(r"\[([^\[\]]*)\]")

Decode = Callable[[str], str]
RawPair = tuple[str, str]
"""A name, decoded, and a value, as it arrived."""


class Unreadable(ValueError):
    """A text is not of the style that it is to be in; the message says why."""


def decoded(text: str) -> str:
    """Percent-decoded; bytes that are no UTF-8 become the replacement character."""
    return unquote(text, errors="replace")


def decoded_form(text: str) -> str:
    """As `decoded`, a plus sign being a space, as all readers of queries and forms have it."""
    return decoded(text.replace("+", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The ways in which a text can be taken; None for one that it cannot be taken in."""

    text: str | None = None
    items: tuple[str, ...] | None = None
    members: tuple[tuple[str, str], ...] | None = None
    value: tuple[Json] | None = None
    """A value that needs no further look."""


def _alternating(parts: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    return tuple(zip(parts[::2], parts[1::2], strict=True)) if len(parts) % 2 == 0 else None


def _joined(parts: Sequence[str], decode: Decode) -> tuple[tuple[str, str], ...] | None:
    cut = [part.partition("=") for part in parts]
    return tuple((decode(name), decode(value)) for name, _, value in cut) if all(joint for _, joint, _ in cut) else None


def _listed(text: str, separator: str, decode: Decode, *, explode: bool) -> Reading:
    parts = text.split(separator)
    plain = tuple(decode(part) for part in parts)
    return Reading(text=decode(text), items=plain, members=_joined(parts, decode) if explode else _alternating(plain))


def in_segment(text: str, name: str, style: str, *, explode: bool) -> Reading:
    """A piece of a path. Raises: `Unreadable`."""
    if style == "label":
        if not text.startswith("."):
            raise Unreadable("the style 'label' starts with a full stop")
        return _listed(text[1:], "." if explode else ",", decoded, explode=explode)
    if style == "matrix":
        return _matrix(text, name, explode=explode)
    return _listed(text, ",", decoded, explode=explode)


def _matrix(text: str, name: str, *, explode: bool) -> Reading:
    if not text.startswith(";"):
        raise Unreadable("the style 'matrix' starts with a semicolon")
    cut = [part.partition("=") for part in text[1:].split(";")]
    pairs = tuple((decoded(key), value) for key, _, value in cut)
    own = [value for key, value in pairs if key == name]
    if explode:
        members = tuple((key, decoded(value)) for key, value in pairs)
        plain = tuple(decoded(value) for value in own)
        return Reading(text=plain[0] if len(plain) == 1 else None, items=plain or None, members=members)
    if len(own) != 1 or len(pairs) != 1:
        raise Unreadable(f"the style 'matrix' has the name {name!r} once")
    return _listed(own[0], ",", decoded, explode=False)


def in_header(text: str, *, explode: bool) -> Reading:
    """A header field, in which nothing is encoded."""
    parts = [part.strip(" \t") for part in text.split(",")]
    plain = Reading(text=text, items=tuple(parts), members=_alternating(parts))
    return Reading(text=text, items=plain.items, members=_joined(parts, str)) if explode else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Pairs of a query, a form or a cookie, and who else is in them."""

    pairs: tuple[RawPair, ...]
    decode: Decode
    others: frozenset[str] = frozenset()
    """The names of the other parameters there."""


def _exploded(place: Place, own: Sequence[str], shape: Shape, *, is_form: bool) -> Reading | None:
    """A pair for each item, or for each member: one without a name of its own may be a member too."""
    plain = tuple(place.decode(value) for value in own)
    is_open = shape.takes_more and not own
    mine = (
        (key, place.decode(value))
        for key, value in place.pairs
        if key in shape.properties or (is_open and key.partition("[")[0] not in place.others)
    )
    members = tuple(mine) if is_form and "object" in shape.kinds else ()
    if not plain and not members:
        return None
    return Reading(text=plain[0] if len(plain) == 1 else None, items=plain or None, members=members or None)


def in_pairs(place: Place, name: str, style: str, *, explode: bool, shape: Shape) -> Reading | None:
    """A parameter in pairs; None where it is not among them. Raises: `Unreadable`."""
    pairs, decode = place.pairs, place.decode
    own = [value for key, value in pairs if key == name]
    if style == "deepObject" and not own:
        return _deep(pairs, name, decode, shape)
    if explode or style == "deepObject":
        return _exploded(place, own, shape, is_form=explode and style in {"form", "cookie"})
    if not own:
        return None
    if len(own) > 1:
        raise Unreadable(f"it stands there {len(own)} times, and is written once")
    if style not in _DELIMITERS:
        return _listed(own[0], ",", decode, explode=False)
    plain = tuple(decode(part) for part in _DELIMITERS[style].split(own[0]))
    return Reading(text=decode(own[0]), items=plain, members=_alternating(plain))


def _deep(pairs: Sequence[RawPair], name: str, decode: Decode, shape: Shape) -> Reading | None:
    found: JsonObject = {}
    for key, raw in pairs:
        if not key.startswith(f"{name}["):
            continue
        steps = _STEPS.findall(key[len(name) :])
        if "".join(f"[{step}]" for step in steps) != key[len(name) :] or len(steps) > MAX_BRACKETS:
            raise Unreadable(f"the brackets of {key[:80]!r} make no sense")
        _put(found, steps, decode(raw))
    return Reading(value=(_typed(found, shape),)) if found else None


def _put(place: JsonObject, steps: Sequence[str], text: str) -> None:
    *outer, last = steps
    for step in outer:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Unreadable(f"{step!r} is a value and an object at once")
        place = inner
    known = place.get(last)
    if isinstance(known, dict):
        raise Unreadable(f"{last!r} is a value and an object at once")
    place[last] = text if known is None else [*known, text] if isinstance(known, list) else [known, text]


def _typed(value: Json, shape: Shape) -> Json:
    """An object of texts as what they stand for."""
    if isinstance(value, list):
        return [_typed(item, shape.items) for item in value]
    if isinstance(value, str):
        plain = scalar(value, shape)
        return [_typed(value, shape.items)] if "array" in shape.kinds and not shape.admits(plain) else plain
    if not isinstance(value, dict):
        return value
    if "array" in shape.kinds and value and all(name.isdecimal() for name in value) and "object" not in shape.kinds:
        return [_typed(item, shape.items) for _, item in sorted(value.items(), key=lambda pair: int(pair[0][:9]))]
    return {name: _typed(item, shape.member(name)) for name, item in value.items()}


def _item(text: str, shape: Shape, within: Sequence[str]) -> Json:
    """One item, which is an array itself where a format of Swagger 2.0 says how it is written."""
    if not within or "array" not in shape.kinds:
        return scalar(text, shape)
    return [_item(part, shape.items, within[1:]) for part in text.split(_FORMATS.get(within[0], ","))]


def value_of(reading: Reading, shape: Shape, within: Sequence[str] = ()) -> Json:
    """What a text stands for, by the schema; `within` are the formats of the arrays inside an array.

    Raises: `Unreadable` where it can be nothing of the kind.
    """
    if reading.value is not None:
        return reading.value[0]
    candidates: list[Json] = []
    if reading.members is not None and "object" in shape.kinds:
        candidates.append({name: scalar(text, shape.member(name)) for name, text in reading.members})
    if reading.items is not None and "array" in shape.kinds:
        candidates.append([_item(text, shape.items, within) for text in reading.items])
    if reading.text is not None and (shape.kinds - {"array", "object"} or not candidates):
        is_open = len(shape.kinds) > 3
        candidates.insert(0 if is_open else len(candidates), scalar(reading.text, shape))
    if not candidates:
        raise Unreadable("it stands there several times, and is one value")
    return first_valid(shape, candidates)
