"""JSON of which only single values cannot be kept: half a surrogate pair, a number beyond all doubles. Pure.

Some servers cut texts in the middle of a character, and write what is infinite to them as a large number. The rest of
such an answer is as good as any.
"""

from __future__ import annotations

import re

_MENDABLE = re.compile(r"\\u[dD][89a-fA-F]|[0-9][eE]\+?[0-9]{3}")
"""What there is in any text that can be mended."""

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|(?<![0-9.])-?[0-9]++(?:\.[0-9]++)?+[eE]\+?[0-9]{3,}+', re.DOTALL)
"""A string or a number that may be too large; what has no end is taken to the end, so that nothing is read twice."""
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)


class _Mender:
    def __init__(self) -> None:
        self.mended = 0

    def _escape(self, match: re.Match[str]) -> str:
        if match["lone"] is None:
            return match[0]
        self.mended += 1
        return r"\ufffd"

    def token(self, match: re.Match[str]) -> str:
        token = match[0]
        if token[0] == '"':
            return _ESCAPE.sub(self._escape, token) if "\\u" in token else token
        if abs(float(token)) != float("inf"):
            return token
        self.mended += 1
        return f'"{token}"'


def mended(text: str) -> tuple[str, int]:
    """The text with U+FFFD for half a surrogate pair and a string for a number beyond doubles, and how many there were.

    Whatever else is wrong with it stays so.
    """
    if not _MENDABLE.search(text):
        return text, 0
    mender = _Mender()
    return _TOKEN.sub(mender.token, text), mender.mended
