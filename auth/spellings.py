"""The ways in which a text may be written, as expressions: JSON, percent signs, HTML, base64. Pure."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator, Mapping
from itertools import groupby

PLAIN = frozenset(string.ascii_letters + string.digits)
"""Characters that no encoding of text changes."""

_ESCAPED = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
"""The letters of JSON's short escapes."""

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
"""The names of HTML's entities."""

_BACKSLASHES = r"\\{1,7}"
"""Before an escaped character: JSON within JSON within JSON has seven of them."""

_PERCENT = "%(?:25){0,3}"
"""Before the digits of an encoded byte: a URL within a URL has its percent signs encoded again."""

URL_SAFE = {"+": "-", "/": "_"}
"""The letters of the alphabet of base64 that is meant for URLs, for those of the usual one."""

_ALIGNED = ((0, 0), (1, 2), (2, 3))
"""Bytes that stand before a secret in its group of three, with the letters of base64 that depend on them."""


def _any_case(digits: str) -> str:
    return "".join(f"[{one}{one.lower()}]" if one.isalpha() else one for one in digits.upper())


def _json_escapes(character: str) -> Iterator[str]:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(f"{_BACKSLASHES}u{_any_case(units[at : at + 4])}" for at in range(0, len(units), 4))
    if character in _ESCAPED:
        yield _BACKSLASHES + _ESCAPED[character]
    if character in '"/':
        yield _BACKSLASHES + re.escape(character)


def _byte_escapes(data: bytes) -> str:
    return "".join(f"{_BACKSLASHES}x{_any_case(f'{byte:02x}')}" for byte in data)


def _spellings(character: str) -> Iterator[str]:
    """Expressions for each way to write a character."""
    encoded = character.encode("utf-8", "surrogatepass")
    yield from _json_escapes(character)
    yield _byte_escapes(encoded)
    if 0x80 <= ord(character) < 0x100:  # what is one byte in Latin-1, and not in UTF-8
        yield _byte_escapes(bytes((ord(character),)))
    yield "".join(f"{_PERCENT}{_any_case(f'{byte:02x}')}" for byte in encoded)
    yield f"&#(?:0{{0,5}}{ord(character)}|[xX]0{{0,5}}{_any_case(f'{ord(character):x}')});"
    if character in _ENTITIES:
        yield f"&{_ENTITIES[character]};"
    if character == " ":
        yield r"\+"
    if not character.isascii():
        yield re.escape(encoded.decode("latin-1"))
    yield re.escape(character)


def _backslashes(count: int) -> str:
    """So many in a row: one expression, since there are too many ways to tell apart which of them escapes which."""
    encoded = rf"(?:{_BACKSLASHES}(?:u00|x)5[cC]|{_PERCENT}5[cC]|&#(?:0{{0,5}}92|[xX]0{{0,5}}5[cC]);){{{count}}}"
    return rf"(?:\\{{{count},{8 * count}}}|{encoded})"


def _kind(character: str) -> str:
    return "plain" if character in PLAIN else "\\" if character == "\\" else ""


def written(text: str, also: Mapping[str, str] | None = None) -> str:
    """An expression for a text in any encoding that leaves letters and digits as they are."""
    parts: list[str] = []
    for kind, run in groupby(text, _kind):
        if kind == "plain":
            parts.append("".join(run))
            continue
        if kind:
            parts.append(_backslashes(len(tuple(run))))
            continue
        for character in run:
            others = (re.escape((also or {}).get(character, character)),)
            parts.append(f"(?:{'|'.join(dict.fromkeys((*_spellings(character), *others)))})")
    return "".join(parts)


def encoded(data: bytes) -> Iterator[str]:
    """Base64 of the data, wherever it stands in what is encoded."""
    yield base64.b64encode(data).decode("ascii")
    for before, dependent in _ALIGNED:
        letters = base64.b64encode(bytes(before) + data).decode("ascii")
        yield letters[dependent : (before + len(data)) * 8 // 6]
