"""One way in which a secret may be written, and a place where it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from auth.spellings import PLAIN, written

if TYPE_CHECKING:
    import regex  # type: ignore[import-untyped]  # pyright has its stubs

_GROWING = "\\%&"
"""Characters that are written in several ways which begin alike."""

_GROWTH = re.compile(r"[\\%&#;A-Za-z0-9]{0,24}")
"""What may follow on such a beginning."""


def _head(text: str) -> str:
    """The letters and digits that it begins with."""
    return "".join(takewhile(PLAIN.__contains__, text))


class Form:
    """One way in which a secret may be written; its expression is made when it may be there."""

    __slots__ = ("_also", "_beginning", "_expression", "_text", "head", "sure")

    def __init__(self, text: str, also: Mapping[str, str] | None = None) -> None:
        self._text = text
        self._also = also
        self._expression: str | None = None
        self._beginning: regex.Pattern[str] | None = None
        runs = ("".join(run) for is_plain, run in groupby(text, PLAIN.__contains__) if is_plain)
        self.sure: str = max(runs, key=len, default="")
        """Stands in it however it is written: the longest run of letters and digits."""
        self.head = _head(text)
        """Whatever it is written like, it begins so."""

    def __repr__(self) -> str:
        """Tells no secret."""
        return "<Form>"

    def may_grow(self, rest: str) -> bool:
        """True where what follows it may belong to it, together with what is still to come: `%` may become `%25`."""
        return self._text[-1] in _GROWING and _GROWTH.fullmatch(rest) is not None

    def _written(self) -> str:
        if self._expression is None:
            self._expression = written(self._text, self._also)
        return self._expression

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """Where it stands."""
        return re.finditer(self._written(), text)

    def may_begin(self, text: str, at: int) -> bool:
        """True where the text, from there to its end, may be the beginning of it."""
        if len(text) - at < len(self.head):
            return self.head.startswith(text[at:])
        if not text.startswith(self.head, at):
            return False
        if self._beginning is None:
            import regex  # here because it is a large module; it knows of matches that are not complete

            self._beginning = regex.compile(self._written())
        match = self._beginning.match(text, at, partial=True)
        return match is not None and (match.partial or self.may_grow(text[match.end() :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place where a secret stands."""

    start: int
    end: int
    label: str
    form: Form
