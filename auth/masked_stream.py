"""Takes secrets out of a text that comes in pieces, also where they are split between them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from auth.beginnings import MAX_HELD, Beginnings
from auth.masking import Masker, without
from auth.unescaped import Unescaped

MAX_ESCAPE = 16
"""Characters of an escaped letter that is not there whole yet, at most."""


_CUT_ESCAPE = re.compile(
    r"(?:\\{1,7}(?:u(?:0(?:0[3-7]?)?)?|x[3-7]?)?"
    r"|%(?:25){0,3}[2-7]?"
    r"|&(?:#(?:[xX][0-9a-fA-F]{0,7}|[0-9]{0,8})?)?)\Z"
)
"""An escaped letter or digit, at the end of a text, that is not there whole yet; or anything else that begins so."""


def _first_escaped(beginnings: Beginnings, text: str) -> int:
    """Where a secret may begin some of whose letters and digits are escaped; the length of the text for nowhere."""
    cut = _CUT_ESCAPE.search(text, max(0, len(text) - MAX_ESCAPE))
    spelled = Unescaped(text[: cut.start()] if cut else text)
    if cut is None and not spelled.is_other:
        return len(text)
    at = spelled.origin(beginnings.first(spelled.text, ()))
    return max(at, len(text) - MAX_HELD)


class MaskedStream:
    """One text, piece by piece: `feed` gives what is certain of it by then, `finish` the rest.

    What is given is, all together, the whole text without secrets, however it was cut into pieces. Held back is only
    what may be the beginning of a secret, or of an escaped letter, at most `beginnings.MAX_HELD` characters; where no
    secret is known that is nothing.
    """

    def __init__(self, masker: Callable[[], Masker]) -> None:
        """`masker` is asked at each piece: secrets may have become known since the last one."""
        self._masker = masker
        self._held = ""

    def feed(self, text: str) -> str:
        """The next piece; what is given of the text so far."""
        masker = self._masker()
        text = self._held + text
        if masker.beginnings.is_empty:
            self._held = ""
            return text
        places = masker.found(text)
        end = min(masker.beginnings.first(text, places), _first_escaped(masker.beginnings, text))
        for place in reversed(places):
            if place.start < end < place.end:
                end = place.start
        self._held = text[end:]
        return without(text[:end], [place for place in places if place.end <= end])

    def finish(self) -> str:
        """The rest, once nothing follows."""
        held, self._held = self._held, ""
        return self._masker().masked(held)
