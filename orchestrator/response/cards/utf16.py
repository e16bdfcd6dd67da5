"""Text as the card language counts it, in UTF-16 units: a character beyond the first plane counts twice. Pure."""

from __future__ import annotations

import re

WHITE_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What the language trims and splits words at; not what Python takes for white space."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")


def _halves(match: re.Match[str]) -> str:
    code = ord(match[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _whole(match: re.Match[str]) -> str:
    high, low = map(ord, match[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def units(text: str) -> str:
    """The text with one character for each of its units: `len`, slices, order and search are then the language's."""
    return text if text.isascii() else _ASTRAL.sub(_halves, text)


def mended(text: str) -> str:
    """The opposite: halves that stand beside each other are one character again; a half alone stays a half."""
    return text if text.isascii() else _PAIR.sub(_whole, text)


def joined(left: str, right: str) -> str:
    """Both, one after the other."""
    if "\ud800" <= left[-1:] <= "\udbff" and "\udc00" <= right[:1] <= "\udfff":
        return left[:-1] + mended(left[-1] + right[0]) + right[1:]
    return left + right


def has_halves(text: str) -> bool:
    """True for text with half a character in it, which cannot be written as UTF-8."""
    return not text.isascii() and _HALF.search(text) is not None


def encoded(text: str) -> bytes:
    """As UTF-8, with U+FFFD for every half character."""
    return (text if text.isascii() else _HALF.sub("\ufffd", text)).encode()
