"""Where, at the end of what has come of a text, a secret may begin that is not there whole yet. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from auth.forms import Form, Found

MAX_HELD = 16_384
"""Characters at the end of what has come that are held back at most; a secret that is written with more, and split, is
not found."""


def _first_two(forms: Iterable[Form]) -> re.Pattern[str] | None:
    """Matches, without taking it, where the first two letters stand of what is looked for, or the first at the end.

    None where something that is looked for begins with anything but a letter or a digit.
    """
    seconds: dict[str, set[str]] = {}
    for form in forms:
        if not form.head:
            return None
        seconds.setdefault(form.head[0], set()).add(form.head[1:2])
    branches = (
        first if "" in after else f"{first}(?:[{''.join(sorted(after))}]|\\Z)" for first, after in seconds.items()
    )
    return re.compile(f"(?={'|'.join(branches)})") if seconds else None


class Beginnings:
    """Finds where, at the end of a text, a secret may begin that is not there whole yet."""

    def __init__(self, forms: Sequence[Form]) -> None:
        """`forms` are what is looked for."""
        self._by_letter: dict[str, list[Form]] = {}
        self._anywhere: list[Form] = []
        for form in forms:
            (self._by_letter.setdefault(form.head[0], []) if form.head else self._anywhere).append(form)
        self._candidates = _first_two(forms)
        self.is_empty = not self._by_letter and not self._anywhere
        """True where no secret is known."""

    def _forms_at(self, letter: str) -> Iterator[Form]:
        yield from self._by_letter.get(letter, ())
        yield from self._anywhere

    def _places(self, text: str) -> Iterable[int]:
        """Where one may begin at all."""
        start = max(0, len(text) - MAX_HELD)
        if self._candidates is None:
            return range(start, len(text))
        return (match.start() for match in self._candidates.finditer(text, start))

    def first(self, text: str, places: Sequence[Found]) -> int:
        """Where that is, secrets having been found whole in these places; the length of the text for nowhere."""
        past: dict[Form, int] = {}
        for place in places:
            past[place.form] = place.start if place.form.may_grow(text[place.end :]) else place.end
        for at in self._places(text):
            if any(past.get(form, 0) <= at and form.may_begin(text, at) for form in self._forms_at(text[at])):
                return at
        return len(text)
