"""What hides in a text from outside, dropped or made visible, whoever reads it: a person or a model. Pure.

Control characters (all but newline and tab) and whole escape sequences are dropped. Characters that are invisible or
turn the reading direction are written out as `<U+202E>`. Nothing is held back, so the pieces of a stream can be
cleaned as they come, wherever a sequence is split.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it is read before the packages that this module rests on are known to be there
    from runtimes.values import Json, JsonObject

MAX_SEQUENCE = 4096
"""How many characters of one escape sequence are dropped at most; what follows is text again."""

_JOINERS = "\u200c\u200d"
"""Zero width, but needed inside emoji and in Persian or Hindi words; visible anywhere else."""
_STYLES = "\ufe0e\ufe0f"
"""They choose between a sign as text and as an emoji; visible where they do not follow a sign."""
_LINE_ENDS = "\u2028\u2029"
_INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
HIDING = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_JOINERS}{_STYLES}{_LINE_ENDS}{_INVISIBLE}\ud800-\udfff]")
"""One character that may hide something; whether it stays is for `Sanitizer` to say."""

_CONTROLS = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])
_ESCAPES = (b"\\u00", b"\\b", b"\\f", b"\\r")
"""How JSON begins the control characters that do not stay."""
_DELETE = b"\x7f"
"""The only control character that stands in JSON as it is."""
_KEYCAPS = "0123456789#*\u2139"
_STRING_OPENERS_7 = "]PX^_"
_STRING_OPENERS_8 = "\x90\x98\x9d\x9e\x9f"
_STRING_CLOSERS = "\x07\x9c"


class _Place(Enum):
    """Where in an escape sequence (ECMA-48) the reader stands."""

    TEXT = auto()
    ESCAPE = auto()
    CONTROL_SEQUENCE = auto()
    CONTROL_STRING = auto()


def _may_be_joined(char: str) -> bool:
    """True for an emoji, and for a letter or mark of a script that has joiners: one without cases, and no ideograph."""
    category = unicodedata.category(char)
    if category == "Lo":
        return unicodedata.east_asian_width(char) not in "WF"
    return category in ("Mn", "Mc", "So", "Sk")


def _may_be_styled(char: str) -> bool:
    return char in _KEYCAPS or (char > "\x7f" and unicodedata.category(char) in ("So", "Sm", "Sk", "Po", "Pd"))


class Sanitizer:
    """Cleans one stream of text; `feed` may be given it in any pieces."""

    def __init__(self) -> None:
        self._place = _Place.TEXT
        self._dropped = 0
        self._last = "\n"

    def feed(self, text: str) -> str:
        """What may be shown of the next piece."""
        if self._place is _Place.TEXT and text and HIDING.search(text) is None:
            self._last = text[-1]
            return text
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._place is _Place.TEXT:
                found = HIDING.search(text, at)
                end = found.start() if found else len(text)
                self._keep(text[at:end], out)
                at = end
                if not found:
                    break
            self._keep(self._step(text[at]), out)
            at += 1
        return "".join(out)

    def _keep(self, text: str, out: list[str]) -> None:
        if text:
            out.append(text)
            self._last = text[-1]

    def _step(self, char: str) -> str:
        self._dropped += 1
        if self._place is _Place.TEXT or char == "\n" or self._dropped > MAX_SEQUENCE:
            return self._text(char)
        if char == "\x1b":
            return self._enter(_Place.ESCAPE)
        if self._place is _Place.ESCAPE:
            return self._escape(char)
        if self._place is _Place.CONTROL_STRING:
            return self._enter(_Place.TEXT) if char in _STRING_CLOSERS else ""
        if " " <= char <= "?":
            return ""
        return self._enter(_Place.TEXT) if "@" <= char <= "~" else self._text(char)

    def _escape(self, char: str) -> str:
        if char == "[":
            return self._enter(_Place.CONTROL_SEQUENCE)
        if char in _STRING_OPENERS_7:
            return self._enter(_Place.CONTROL_STRING)
        if " " <= char <= "/":
            return ""
        return self._enter(_Place.TEXT) if "0" <= char <= "~" else self._text(char)

    def _enter(self, place: _Place) -> str:
        self._place = place
        self._dropped = 0
        return ""

    def _text(self, char: str) -> str:
        self._enter(_Place.TEXT)
        if char == "\x1b":
            return self._enter(_Place.ESCAPE)
        if char == "\x9b":
            return self._enter(_Place.CONTROL_SEQUENCE)
        if char in _STRING_OPENERS_8:
            return self._enter(_Place.CONTROL_STRING)
        return self._shown(char)

    def _shown(self, char: str) -> str:
        if not HIDING.match(char):
            return char
        if char in _LINE_ENDS:
            return "\n"
        if char < "\xa0":
            return ""
        if "\ud800" <= char <= "\udfff":
            return "\ufffd"
        return char if self._is_needed(char) else f"<U+{ord(char):04X}>"

    def _is_needed(self, char: str) -> bool:
        """True where a joiner or a style is part of what is written; two in a row never are."""
        last = self._last
        if char in _JOINERS:
            return last in _STYLES or (last not in _JOINERS and _may_be_joined(last))
        return char in _STYLES and last not in _STYLES and _may_be_styled(last)


def _is_plain(text: str) -> bool:
    """True for most texts that hide nothing; several times as fast as looking for what does."""
    return text.isascii() and len(text.encode("ascii").translate(None, _CONTROLS)) == len(text)


def _is_plain_json(text: bytes) -> bool:
    """As `_is_plain`, of a text in JSON."""
    if b"\\" in text and any(escape in text for escape in _ESCAPES):
        return False
    return text.isascii() and _DELETE not in text


def clean(text: str) -> str:
    """The text as it may be read; `\\n` and `\\t` stay."""
    return text if _is_plain(text) or HIDING.search(text) is None else Sanitizer().feed(text)


def clean_line(text: str) -> str:
    """As `clean`, on one line: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def clean_value(value: Json) -> Json:
    """The same value, every text in it and every name as it may be read."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_value(item) for item in value]
    return {clean(name): clean_value(item) for name, item in value.items()} if isinstance(value, dict) else value


def clean_object(value: JsonObject) -> JsonObject:
    """As `clean_value`; one that hides nothing is given back as it is, which is fast for large ones."""
    from runtimes.values import json_bytes

    if _is_plain_json(json_bytes(value)):
        return value
    return {clean(name): clean_value(item) for name, item in value.items()}
