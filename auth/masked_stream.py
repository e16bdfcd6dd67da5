"""Takes secrets out of a text that comes in pieces, also where they are split between them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auth.masking import Form, Found, Masker, without

MAX_HELD = 16_384
"""Characters at the end of what has come that are held back at most; a secret that is written with more, and split, is
not found."""


class _Beginnings:
    """Finds where, at the end of a text, a secret may begin that is not there whole yet."""

    def __init__(self, masker: Masker) -> None:
        self.masker = masker
        self._by_letter: dict[str, list[Form]] = {}
        self._anywhere: list[Form] = []
        for form in masker.forms:
            (self._by_letter.setdefault(form.head[0], []) if form.head else self._anywhere).append(form)

    def _forms_at(self, letter: str) -> Iterator[Form]:
        yield from self._by_letter.get(letter, ())
        yield from self._anywhere

    def first(self, text: str, places: list[Found]) -> int:
        """The length of the text where there is none."""
        past: dict[Form, int] = {}
        for place in places:
            past[place.form] = place.start if place.form.may_grow(text[place.end :]) else place.end
        for at in range(max(0, len(text) - MAX_HELD), len(text)):
            if any(past.get(form, 0) <= at and form.may_begin(text, at) for form in self._forms_at(text[at])):
                return at
        return len(text)


class MaskedStream:
    """One text, piece by piece: `feed` gives what is certain of it by then, `finish` the rest.

    What is given is, all together, the whole text without secrets, however it was cut into pieces. Held back is only
    what may be the beginning of a secret, at most `MAX_HELD` characters; where no secret is known that is nothing.
    """

    def __init__(self, masker: Callable[[], Masker]) -> None:
        """`masker` is asked at each piece: secrets may have become known since the last one."""
        self._masker = masker
        self._held = ""
        self._beginnings = _Beginnings(Masker({}))

    def feed(self, text: str) -> str:
        """The next piece; what is given of the text so far."""
        masker = self._masker()
        if masker is not self._beginnings.masker:
            self._beginnings = _Beginnings(masker)
        text = self._held + text
        places = masker.found(text)
        end = self._beginnings.first(text, places)
        for place in reversed(places):
            if place.start < end < place.end:
                end = place.start
        self._held = text[end:]
        return without(text[:end], [place for place in places if place.end <= end])

    def finish(self) -> str:
        """The rest, once nothing follows."""
        held, self._held = self._held, ""
        return self._masker().masked(held)
