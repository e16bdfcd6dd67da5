"""How cards are to look: the room there is, the signs that can be written, the language, the numbers of choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

DEFAULT_WIDTH = 80
"""Cells of a line where nothing else is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is drawn with."""

    rule: str
    bar: str
    cross: str
    bullet: str
    arrow: str
    opens: str
    more: str


UNICODE_SIGNS = Signs(rule="─", bar="│", cross="┼", bullet="•", arrow="→", opens="▸", more="…")
ASCII_SIGNS = Signs(rule="-", bar="|", cross="+", bullet="*", arrow="->", opens=">", more="...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one card is to look."""

    width: int = DEFAULT_WIDTH
    """Cells of a line."""
    signs: Signs = UNICODE_SIGNS
    first: int | None = None
    """The number of its first choice; None where choices cannot be taken."""
    is_plain: bool = True
    """True where styles are not seen, so that what they say needs signs."""
    locale: str = ""
    """The tag of the language that dates are written in, where the card names none."""
    zone: tzinfo | None = None
    """Where times are told for; None for the process's own zone."""
