"""The text of a body: by its byte order mark, its declared charset, what the markup says of itself, else UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DECLARATION_BYTES = 1024
"""How far into a page or an XML document its own word on its charset is looked for."""

_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_KNOWN_CHARSET = re.compile(
    r"utf-?(8|16|32)|utf-(16|32)(le|be)|(us-)?ascii|latin-?1|iso-?8859-\d{1,2}|(cp|windows-)125\d"
    r"|shift[_-]jis|gb18030|gbk|gb2312|big5|euc-(jp|kr)|koi8-r",
    re.IGNORECASE,
)
"""Charsets that are decoded in time proportional to the body; some others of Python's take the square of it."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""
_OWN_WORD = re.compile(
    rb"""<\?xml[^>]{0,100}\sencoding\s*=\s*["']([\w.-]{1,40})|<meta\b[^>]{0,200}charset\s*=\s*["']?([\w.-]{1,40})""",
    re.IGNORECASE,
)
_WIDE = re.compile(r"utf-?(16|32)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The text of a body."""

    text: str
    lost: int = 0
    """How many places were no characters and are marked with U+FFFD."""


def _own_word(body: bytes) -> Iterator[str]:
    found = _OWN_WORD.search(body[:MAX_DECLARATION_BYTES])
    charset = (found[1] or found[2]).decode("ascii", "replace") if found else ""
    if _KNOWN_CHARSET.fullmatch(charset) and not _WIDE.match(charset):  # what can be read like this is not so wide
        yield charset


def _charsets(body: bytes, content_type: str, *, is_json: bool, is_markup: bool) -> Iterator[str]:
    """The charsets a body may have, the likeliest first: JSON is UTF-8 whatever is declared (RFC 8259, 8.1)."""
    marked = next((charset for mark, charset in _MARKS if body.startswith(mark)), None)
    if marked is not None:
        yield marked
    if is_json and b"\0" not in body:
        yield "utf-8-sig"
    found = _CHARSET.search(content_type)
    if found and _KNOWN_CHARSET.fullmatch(found[1]):
        yield found[1]
    elif is_markup:
        yield from _own_word(body)


def decode(
    body: bytes, content_type: str, *, is_json: bool = False, is_markup: bool = False, is_cut: bool = False
) -> Decoded:
    """The text of a body; where its charset is unknown or lies, UTF-8 with marks for what is no character."""
    for charset in _charsets(body, content_type, is_json=is_json, is_markup=is_markup):
        try:
            text = codecs.getincrementaldecoder(charset)().decode(body, final=not is_cut)
        except (LookupError, ValueError):
            continue
        return Decoded(text=text.removeprefix("\ufeff"))
    text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode(body, final=not is_cut)
    lost = text.count("\ufffd") - body.count("\ufffd".encode())
    return Decoded(text=text, lost=max(0, lost))
