"""A text with the letters and digits spelled out that are escaped in it: JSON, bytes, percent signs, HTML. Pure."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator

_HEX = "[3-7][0-9A-Fa-f]"
"""The digits of ASCII's letters and digits, and of a few other characters."""

_ESCAPES = re.compile(
    rf"\\{{1,7}}(?:u00|x)({_HEX})"
    rf"|%(?:25){{0,3}}({_HEX})"
    rf"|&#[xX]0{{0,5}}({_HEX});"
    r"|&#0{0,5}([0-9]{2,3});"
)
_MARKS = ("\\", "%", "&#")
"""What stands before an escaped character; most texts have none of it, or nothing else."""


class Unescaped:
    """Such a text, and where each part of it stands in the one that it was made of."""

    def __init__(self, text: str) -> None:
        self._starts, self._origins = array("Q", (0,)), array("Q", (0,))
        """Of each run: where it begins here, and there. The runs are taken over as they are, or are one character."""
        parts: list[str] = []
        end = length = 0
        for start, after, letter in _letters(text):
            parts += (text[end:start], letter)
            length += start - end
            self._starts.extend((length, length + 1))
            self._origins.extend((start, after))
            length += 1
            end = after
        self.is_other = bool(parts)
        """False where nothing was escaped."""
        self.text = "".join((*parts, text[end:])) if parts else text

    def origin(self, at: int) -> int:
        """Where the character of that place begins in the other text, or its end ends."""
        run = bisect_right(self._starts, at) - 1
        return self._origins[run] + at - self._starts[run]


def _letters(text: str) -> Iterator[tuple[int, int, str]]:
    """Those that are escaped: where, and which."""
    if not any(mark in text for mark in _MARKS):
        return
    for match in _ESCAPES.finditer(text):
        digits, decimal = match[match.lastindex or 1], match.lastindex == 4
        letter = chr(int(digits, 10 if decimal else 16))
        if letter.isascii() and letter.isalnum():
            yield match.start(), match.end(), letter
