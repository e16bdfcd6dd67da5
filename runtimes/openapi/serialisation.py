"""A parameter and its value as text of the place it goes to, with what that place cannot carry refused."""

from __future__ import annotations

import re
from urllib.parse import unquote

from runtimes.openapi.nested_arrays import flattened, keeping_separators
from runtimes.openapi.parameters import PLAIN_TEXT, Parameter
from runtimes.openapi.styles import (
    Encode,
    InvalidArgument,
    cookie_name,
    cookie_octets,
    inline_text,
    json_text,
    named_pairs,
    percent,
    percent_reserved,
    scalar_text,
    verbatim,
)
from runtimes.values import Json

MAX_DECODINGS = 4
"""How many times percent-encoding may be removed on the way to an operation, our own included."""

MAX_QUOTED = 20
"""Characters of a value that a message quotes."""

_SEPARATORS = re.compile(r"[/\\;]")
_NOTHING_FIRST = re.compile(r"[/\\]*;")
"""An empty segment, to whoever decodes it and ends it at a semicolon."""
_CONTROLS = re.compile(r"[\r\n\0]")
_NOT_IN_HEADERS = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def _decoded(text: str) -> str:
    """As it is to the last server or proxy between here and there that decodes before it routes."""
    for _ in range(MAX_DECODINGS):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def _has_dots(decoded: str) -> bool:
    """Some servers take a backslash for a slash, or end a segment at a semicolon."""
    return any(segment in {".", ".."} for segment in _SEPARATORS.split(decoded))


def has_dot_segment(text: str) -> bool:
    """True when a segment of an encoded path is `.` or `..` to any server or proxy between here and there."""
    return _has_dots(_decoded(text))


def _unsendable(parameter: Parameter, error: InvalidArgument) -> InvalidArgument:
    return InvalidArgument(f"{parameter.name!r} cannot be sent: {error}")


def _content_text(parameter: Parameter, value: Json, *, ascii_only: bool = False) -> str:
    """The value in the media type that the parameter has of its own."""
    try:
        if parameter.media_type == PLAIN_TEXT:
            return scalar_text(value)
        return json_text(value, ascii_only=ascii_only)
    except InvalidArgument as error:
        raise _unsendable(parameter, error) from None


def _inline(parameter: Parameter, value: Json, encode: Encode) -> str | None:
    style, explode = parameter.style, parameter.explode
    try:
        if parameter.within:
            value = flattened(value, parameter.within, style, explode=explode)
            encode = keeping_separators(encode, parameter.within)
        return inline_text(parameter.name, value, style=style, explode=explode, encode=encode)
    except InvalidArgument as error:
        raise _unsendable(parameter, error) from None


def _pairs(parameter: Parameter, value: Json, encode: Encode, name_encode: Encode) -> list[str]:
    if parameter.media_type:
        return [f"{percent(parameter.name)}={percent(_content_text(parameter, value))}"]
    style, explode = parameter.style, parameter.explode
    try:
        if parameter.within:
            value = flattened(value, parameter.within, style, explode=explode)
            encode = keeping_separators(encode, parameter.within)
        pairs = named_pairs(parameter.name, value, style=style, explode=explode, encode=encode, name_encode=name_encode)
    except InvalidArgument as error:
        raise _unsendable(parameter, error) from None
    return [f"{name}={text}" for name, text in pairs]


def path_text(parameter: Parameter, value: Json) -> str:
    """The percent-encoded text in the place of `{name}`. Raises: `InvalidArgument`."""
    if parameter.media_type:
        text = percent(_content_text(parameter, value))
    else:
        text = _inline(parameter, value, percent) or ""
    decoded = _decoded(text)
    is_label = parameter.style == "label" and bool(text)
    given = decoded.removeprefix(".") if is_label else decoded
    is_empty = not (is_label or _SEPARATORS.sub("", given))
    if is_empty or _has_dots(given) or (parameter.style != "matrix" and _NOTHING_FIRST.match(given)):
        shown = scalar_text(value)[:MAX_QUOTED]
        raise InvalidArgument(f"{parameter.name!r} is part of the path and cannot be {shown!r}")
    if _CONTROLS.search(decoded):
        raise InvalidArgument(f"{parameter.name!r} is part of the path and cannot have line breaks or NUL in it")
    return text


def query_pairs(parameter: Parameter, value: Json) -> list[str]:
    """The percent-encoded `name=value` pairs of a query; none for null and for what is empty.

    Where the parameter allows an empty value, its name stands alone for those. Raises: `InvalidArgument`.
    """
    pairs = _pairs(parameter, value, percent_reserved if parameter.allows_reserved else percent, percent)
    return pairs if pairs or not parameter.allows_empty else [f"{percent(parameter.name)}="]


def cookie_pairs(parameter: Parameter, value: Json) -> list[str]:
    """The `name=value` pairs of the Cookie header, one for each item of what is exploded. Raises: `InvalidArgument`."""
    if parameter.style == "cookie":
        return _pairs(parameter, value, cookie_octets, cookie_name)
    return _pairs(parameter, value, percent, percent)


def header_text(parameter: Parameter, value: Json) -> str | None:
    """The value of a header field; None for null and for what is empty.

    Raises: `InvalidArgument` for text that a header cannot carry.
    """
    if parameter.media_type:
        text: str | None = _content_text(parameter, value, ascii_only=True)
    else:
        text = _inline(parameter, value, verbatim)
    if text is None:
        return None
    if _NOT_IN_HEADERS.search(text):
        raise InvalidArgument(f"{parameter.name!r} is a header and cannot have line breaks or non-Latin text in it")
    return text.strip(" \t")
