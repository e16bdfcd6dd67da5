"""What goes wrong with a card's expressions, and how a person is told of it."""

from __future__ import annotations

from orchestrator.errors import OrchestratorError

_EXCERPT = 100
"""Characters of a string that an error draws."""

_BEFORE = 40
"""Characters drawn in front of the place, when the string is longer."""


class Crash(Exception):  # like NoValue it is the author's, not ours
    """Evaluating breaks off: unlike `NoValue`, logic and comparisons do not take it for false."""

    def __init__(self, message: str, element: int = -1) -> None:
        super().__init__(message)
        self.element = element
        """Where the square brackets stand whose value or index there is not; text around them breaks off too."""


def _drawn(text: str, offset: int) -> str:
    """The part of a string around a place, with a caret below it."""
    start = max(0, offset - _BEFORE) if len(text) > _EXCERPT else 0
    excerpt = "".join(letter if letter.isprintable() else " " for letter in text[start : start + _EXCERPT])
    front, back = ("…" if start else ""), ("…" if start + _EXCERPT < len(text) else "")
    return f"  {front}{excerpt}{back}\n  {' ' * (offset - start + len(front))}^"


class CardError(OrchestratorError):
    """A card's template cannot be read or expanded; `str()` names the place and draws it."""

    def __init__(self, message: str, *, text: str, offset: int = 0, pointer: str = "") -> None:
        place = f" at {pointer}" if pointer else ""
        super().__init__(f"{message}{place}\n{_drawn(text, offset)}")
        self.message = message
        """What is wrong, in one line, without the place."""
        self.text = text
        """The string of the card, or the expression, that is at fault."""
        self.offset = offset
        """Where in `text`, in code points."""
        self.pointer = pointer
        """RFC 6901 pointer of the string in the card; empty for the card itself."""
