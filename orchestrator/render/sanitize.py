"""Makes text from outside harmless to a terminal: it can neither move the cursor nor hide what it says.

Control characters (all but newline and tab) and whole escape sequences are dropped. Characters that are invisible or
turn the reading direction are written out as `<U+202E>`. Nothing is held back, so the pieces of a stream can be
cleaned as they come, wherever a sequence is split.
"""

from __future__ import annotations

import json
import re
from enum import Enum, auto

MAX_SEQUENCE = 4096
"""How many characters of one escape sequence are dropped at most; what follows is text again."""

_JOINERS = "\u200c\u200d"
"""Zero width, but needed inside emoji and in Persian or Hindi words; visible after an ASCII character."""
_LINE_ENDS = "\u2028\u2029"
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_SPECIAL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_JOINERS}{_LINE_ENDS}{_HIDDEN}\ud800-\udfff]")
_STRING_OPENERS_7 = "]PX^_"
_STRING_OPENERS_8 = "\x90\x98\x9d\x9e\x9f"
_STRING_CLOSERS = "\x07\x9c"


class _Place(Enum):
    """Where in an escape sequence (ECMA-48) the reader stands."""

    TEXT = auto()
    ESCAPE = auto()
    CONTROL_SEQUENCE = auto()
    CONTROL_STRING = auto()


class Sanitizer:
    """Cleans one stream of text; `feed` may be given it in any pieces."""

    def __init__(self) -> None:
        self._place = _Place.TEXT
        self._dropped = 0
        self._last = "\n"

    def feed(self, text: str) -> str:
        """What may be shown of the next piece."""
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._place is _Place.TEXT:
                found = _SPECIAL.search(text, at)
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
        if not _SPECIAL.match(char):
            return char
        if char in _LINE_ENDS:
            return "\n"
        if char < "\xa0":
            return ""
        if "\ud800" <= char <= "\udfff":
            return "\ufffd"
        if char in _JOINERS and not self._last.isascii() and self._last not in _JOINERS:
            return char
        return f"<U+{ord(char):04X}>"


def clean(text: str) -> str:
    """The text as it may be shown on a terminal; `\\n` and `\\t` stay."""
    return Sanitizer().feed(text)


def clean_line(text: str) -> str:
    """As `clean`, on one line: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def plain_json(text: str) -> str:
    """JSON of the same value, in which what would move or mislead a terminal is written as escapes."""
    return _SPECIAL.sub(lambda match: json.dumps(match[0])[1:-1], text)
