"""Texts that a regular expression matches: the part of ECMA-262 that descriptions use, read and played backwards. Pure.

What is beyond it (lookaround, back references, named classes) is not made up: the caller falls back to something else.
"""

from __future__ import annotations

import random
import string

MAX_PATTERN_CHARS = 1000
"""Of a pattern that is read."""

MAX_PATTERN_DEPTH = 20
"""Groups inside each other."""

MAX_TEXT_CHARS = 2000
"""Of a text that is made."""

MAX_EXTRA = 3
"""Repeats beyond the least that a pattern demands."""

_PRINTABLE = string.ascii_letters + string.digits
_CLASSES = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
    "s": " ",
    "D": string.ascii_letters,
    "W": " -",
    "S": _PRINTABLE,
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_ALL = "".join(map(chr, range(0x20, 0x7F)))


class NotMadeUp(ValueError):
    """A pattern is beyond what is played backwards here."""


class _Player:
    """Reads a pattern once, from left to right, and writes a text for it as it goes."""

    def __init__(self, pattern: str, chance: random.Random) -> None:
        self._pattern = pattern
        self._chance = chance
        self._at = 0
        self._depth = 0

    def play(self) -> str:
        """Raises: `NotMadeUp`."""
        text = self._alternatives()
        if self._at < len(self._pattern):
            raise NotMadeUp("a bracket closes that was not opened")
        return text

    def _peek(self, ahead: int = 0) -> str:
        return self._pattern[self._at + ahead : self._at + ahead + 1]

    def _take(self) -> str:
        found = self._peek()
        if not found:
            raise NotMadeUp("the pattern ends early")
        self._at += 1
        return found

    def _number(self) -> int:
        start = self._at
        while self._peek().isascii() and self._peek().isdigit():
            self._at += 1
        digits = self._pattern[start : self._at]
        if not digits or len(digits) > 6:
            raise NotMadeUp("a count makes no sense")
        return int(digits)

    def _alternatives(self) -> str:
        self._depth += 1
        if self._depth > MAX_PATTERN_DEPTH:
            raise NotMadeUp("nested too deep")
        found = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        self._depth -= 1
        return self._chance.choice(found)

    def _sequence(self) -> str:
        pieces: list[str] = []
        while self._peek() and self._peek() not in "|)":
            start = self._at
            pieces.append(self._repeated(self._atom(), start))
            if sum(map(len, pieces)) > MAX_TEXT_CHARS:
                raise NotMadeUp("the text becomes too long")
        return "".join(pieces)

    def _repeated(self, first: str, start: int) -> str:
        """The atom that began at a place as often as the quantifier after it says, made anew each time."""
        end = self._at
        least, most = self._quantifier()
        count = self._chance.randint(least, min(most, least + MAX_EXTRA))
        if count == 1 or not first:
            return first
        if count > MAX_TEXT_CHARS:
            raise NotMadeUp("the text becomes too long")
        after, pieces = self._at, [first] if count else []
        while len(pieces) < count:
            self._at = start
            pieces.append(self._atom())
            assert self._at == end
        self._at = after
        return "".join(pieces)

    def _quantifier(self) -> tuple[int, int]:
        simple = {"*": (0, MAX_EXTRA), "+": (1, 1 + MAX_EXTRA), "?": (0, 1)}.get(self._peek())
        if simple is not None:
            self._at += 1
        elif self._peek() == "{" and self._peek(1).isdigit():
            self._at += 1
            least = self._number()
            most = least
            if self._peek() == ",":
                self._at += 1
                most = self._number() if self._peek() != "}" else least + MAX_EXTRA
            if self._take() != "}" or most < least:
                raise NotMadeUp("a count makes no sense")
            simple = (least, most)
        else:
            return 1, 1
        if self._peek() == "?":
            self._at += 1
        return simple

    def _atom(self) -> str:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self._chance.choice(self._set())
        if char == "\\":
            return self._escaped()
        if char == ".":
            return self._chance.choice(_PRINTABLE)
        if char in "^$":
            return ""
        if char in "*+?":
            raise NotMadeUp("nothing to repeat")
        return char

    def _group(self) -> str:
        if self._peek() == "?":
            if self._peek(1) != ":":
                raise NotMadeUp("a group of a kind that is not made up")
            self._at += 2
        text = self._alternatives()
        if self._take() != ")":
            raise NotMadeUp("a group does not end")
        return text

    def _coded(self, char: str) -> str | None:
        """The character of `\\xHH` and `\\uHHHH`."""
        length = {"x": 2, "u": 4}.get(char)
        if length is None:
            return None
        digits = self._pattern[self._at : self._at + length]
        if len(digits) < length or not set(digits) <= set(string.hexdigits):
            raise NotMadeUp("an escape makes no sense")
        self._at += length
        return chr(int(digits, 16))

    def _escaped(self) -> str:
        char = self._take()
        if char in _CLASSES:
            return self._chance.choice(_CLASSES[char])
        if char in "bB":
            return ""
        if char in "123456789pPkc":
            raise NotMadeUp("an escape that is not made up")
        return self._coded(char) or _CONTROLS.get(char, char)

    def _set(self) -> str:
        """The characters that a class admits, those of ASCII where it names what it does not."""
        is_negated = self._peek() == "^"
        self._at += is_negated
        chars = ""
        while self._peek() != "]":
            low = self._member()
            if self._peek() == "-" and self._peek(1) != "]" and len(low) == 1:
                self._at += 1
                high = self._member()
                if len(high) != 1 or high < low:
                    raise NotMadeUp("a range makes no sense")
                chars += "".join(map(chr, range(ord(low), min(ord(high), ord(low) + 0x7F) + 1)))
            else:
                chars += low
        self._at += 1
        found = "".join(char for char in _ALL if char not in chars) if is_negated else chars
        if not found:
            raise NotMadeUp("a class admits nothing")
        return found

    def _member(self) -> str:
        char = self._take()
        if char != "\\":
            return char
        char = self._take()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in "pPkcB":
            raise NotMadeUp("an escape that is not made up")
        return self._coded(char) or ("\b" if char == "b" else _CONTROLS.get(char, char))


def text_matching(pattern: str, chance: random.Random) -> str:
    """Some text that a pattern matches. Raises: `NotMadeUp`."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise NotMadeUp(f"the pattern is longer than {MAX_PATTERN_CHARS} characters")
    return _Player(pattern, chance).play()
