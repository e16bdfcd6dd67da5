"""The text that a value becomes: the styles of OpenAPI 3.0.4, which are RFC 6570 and a few relatives of its `form`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal
from urllib.parse import quote

from runtimes.values import Json, JsonObject, dump_json

DelimitedStyle = Literal["spaceDelimited", "pipeDelimited", "tabDelimited"]
Style = Literal["simple", "label", "matrix", "form", "cookie", "deepObject"] | DelimitedStyle
Encode = Callable[[str], str]

DELIMITERS: Mapping[Style, str] = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
"""What stands between the items of a delimited style; tabs are Swagger 2.0's `tsv`."""

MAX_WHOLE_FLOAT = 2.0**53
"""Up to here floats have all whole numbers."""

MAX_NESTING = 16
"""How many objects and arrays deep a `deepObject` may be."""

_RESERVED = "/:?@!$'()*,;="
_TRIPLE = re.compile(r"(%[0-9A-Fa-f]{2})")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_COOKIE_OCTETS = re.compile(r"[!#-+\--:<-\[\]-~]*")


class InvalidArgument(ValueError):
    """A value cannot be sent; the message says which and why."""


def json_text(value: Json, *, ascii_only: bool = False) -> str:
    """Compact JSON text. Raises: `InvalidArgument` for a number that JSON cannot write."""
    try:
        return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise InvalidArgument("a number is too large to be written, or is none") from None


def scalar_text(value: Json) -> str:
    """A value as text, a string as it is; a whole number has no fraction, however it was written.

    Objects and arrays inside others are JSON text: no style says what else they could be. Raises: `InvalidArgument`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArgument("a number is too large to be written, or is none")
        return str(int(value)) if value.is_integer() and abs(value) <= MAX_WHOLE_FLOAT else dump_json(value)
    return json_text(value)


def percent(text: str) -> str:
    """Percent-encodes all but the unreserved characters of RFC 3986."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def percent_reserved(text: str) -> str:
    """As `percent`, for `allowReserved`: reserved characters and %-triples stay.

    But for those that cannot stand in a query, `#`, `[` and `]`, and those that would end the value there, `&` and `+`.
    """
    pieces = _TRIPLE.split(text)
    return "".join(piece if index % 2 else quote(piece, safe=_RESERVED) for index, piece in enumerate(pieces))


def verbatim(text: str) -> str:
    """The text itself, for headers: nothing in them is percent-encoded."""
    return text


def cookie_octets(text: str) -> str:
    """The text itself, if a cookie can carry it. Raises: `InvalidArgument`."""
    if not _COOKIE_OCTETS.fullmatch(text):
        raise InvalidArgument("a cookie cannot have spaces, quotes, commas, semicolons or non-ASCII text in it")
    return text


def cookie_name(text: str) -> str:
    """The text itself, if it can be the name of a cookie. Raises: `InvalidArgument`."""
    if not _TOKEN.fullmatch(text):
        raise InvalidArgument(f"{text[:40]!r} cannot be the name of a cookie")
    return text


def _items(value: list[Json], encode: Encode) -> list[str]:
    return [encode(scalar_text(item)) for item in value if item is not None]


def _members(value: JsonObject, name_encode: Encode, encode: Encode) -> list[tuple[str, str]]:
    return [(name_encode(name), encode(scalar_text(item))) for name, item in value.items() if item is not None]


def _delimited(value: Json, style: Style, encode: Encode) -> str:
    """Items, or names and values in turn, with the delimiter between.

    Raises: `InvalidArgument` where that could not be taken apart again: the style knows no escape for its delimiter.
    """
    delimiter = DELIMITERS[style]
    members = (
        [part for pair in value.items() if pair[1] is not None for part in pair] if isinstance(value, dict) else []
    )
    items = value if isinstance(value, list) else members
    for item in items:
        if isinstance(item, list | dict):
            raise InvalidArgument(f"the style {style!r} has no way to write an array or object inside another")
        if isinstance(item, str) and delimiter in item:
            raise InvalidArgument(f"an item cannot have {delimiter!r} in it: it stands between the items")
    return encode(delimiter).join(_items(items, encode))


def _deep(name: str, value: Json, encode: Encode, depth: int = 0) -> Iterator[tuple[str, str]]:
    """`a[b][c]=v`; an array of scalars repeats its name, one of others numbers its items."""
    if depth > MAX_NESTING:
        raise InvalidArgument(f"nested more than {MAX_NESTING} deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if "[" in key or "]" in key:
                raise InvalidArgument(f"a name cannot have brackets in it, as {key[:40]!r} does")
            yield from _deep(f"{name}%5B{percent(key)}%5D", item, encode, depth + 1)
    elif isinstance(value, list):
        is_numbered = any(isinstance(item, list | dict) for item in value)
        for index, item in enumerate(value):
            yield from _deep(f"{name}%5B{index}%5D" if is_numbered else name, item, encode, depth + 1)
    elif value is not None:
        yield name, encode(scalar_text(value))


def _deep_pairs(name: str, value: list[Json] | JsonObject, encode: Encode) -> list[tuple[str, str]]:
    if isinstance(value, list):
        raise InvalidArgument("the style 'deepObject' has no way to write an array")
    return list(_deep(percent(name), value, encode))


def _several(
    name: str, value: list[Json] | JsonObject, style: Style, *, explode: bool, encode: Encode, name_encode: Encode
) -> list[tuple[str, str]]:
    if isinstance(value, list):
        if explode:
            return [(name, item) for item in _items(value, encode)]
        text = _delimited(value, style, encode) if style in DELIMITERS else ",".join(_items(value, encode))
        return [(name, text)] if any(item is not None for item in value) else []
    if explode:
        if style in DELIMITERS:
            raise InvalidArgument(f"the style {style!r} with explode has no way to write an object")
        return _members(value, name_encode, encode)
    if style in DELIMITERS:
        text = _delimited(value, style, encode)
    else:
        text = ",".join(f"{key},{item}" for key, item in _members(value, name_encode, encode))
    return [(name, text)] if text else []


def named_pairs(
    name: str,
    value: Json,
    *,
    style: Style,
    explode: bool,
    encode: Encode = percent,
    name_encode: Encode = percent,
) -> list[tuple[str, str]]:
    """The encoded names and values of a query, a form or a cookie; none for null, and for what is empty.

    A scalar is the only item of a delimited style, and in `deepObject` as in `form`. Raises: `InvalidArgument`.
    """
    if value is None:
        return []
    if isinstance(value, list | dict):
        if style == "deepObject":
            return _deep_pairs(name, value, encode)
        written = name_encode(name)
        return _several(written, value, style, explode=explode, encode=encode, name_encode=name_encode)
    if style in DELIMITERS:
        return [(name_encode(name), _delimited([value], style, encode))]
    return [(name_encode(name), encode(scalar_text(value)))]


def _matrix(name: str, value: Json, *, explode: bool, encode: Encode) -> str:
    """`;name=value`, and `;name` for what is empty (RFC 6570 3.2.7)."""
    key = encode(name)
    if isinstance(value, list):
        texts = _items(value, encode)
        pairs = [(key, text) for text in texts] if explode else [(key, ",".join(texts))]
    elif isinstance(value, dict):
        members = _members(value, encode, encode)
        pairs = members if explode else [(key, ",".join(f"{one},{text}" for one, text in members))]
    else:
        pairs = [(key, encode(scalar_text(value)))]
    return "".join(f";{one}={text}" if text else f";{one}" for one, text in pairs)


def _unnamed(value: Json, *, explode: bool, separator: str, encode: Encode) -> str:
    if isinstance(value, list):
        return separator.join(_items(value, encode))
    if isinstance(value, dict):
        joint = "=" if explode else ","
        return separator.join(f"{name}{joint}{text}" for name, text in _members(value, encode, encode))
    return encode(scalar_text(value))


def _is_undefined(value: Json) -> bool:
    """As RFC 6570 2.3 has it: null, and what has no member that is not."""
    if isinstance(value, dict):
        return all(item is None for item in value.values())
    return value is None or (isinstance(value, list) and all(item is None for item in value))


def inline_text(name: str, value: Json, *, style: Style, explode: bool, encode: Encode) -> str | None:
    """What stands in a path segment or a header; None for null, and for arrays and objects with nothing in them.

    Raises: `InvalidArgument`.
    """
    if _is_undefined(value):
        return None
    if style in DELIMITERS:
        return _delimited(value if isinstance(value, list | dict) else [value], style, encode)
    if style == "matrix":
        return _matrix(name, value, explode=explode, encode=encode)
    if style == "label":
        return "." + _unnamed(value, explode=explode, separator="." if explode else ",", encode=encode)
    return _unnamed(value, explode=explode, separator=",", encode=encode)
