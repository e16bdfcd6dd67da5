"""Text that arrives in pieces: laid out block by block on a terminal, passed on as it comes in a pipe."""

from __future__ import annotations

from rich.console import Console

from orchestrator.render.sanitize import Sanitizer

_QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_CLOSERS = " \n*_`\"'\u201d\u2019\u00bb)]\uff09"
"""What may stand after the last sign of a sentence."""


def ends_in_question(text: str) -> bool:
    """True where the last words of an answer ask something."""
    return text.rstrip(_CLOSERS).endswith(_QUESTION_MARKS)


class Answer:
    """One text of the model. A block that can no longer change is printed for good; `pending` is the rest.

    `has_blocks` is true when something was printed.
    """

    def __init__(self, console: Console, *, is_live: bool) -> None:
        self._console = console
        self._is_live = is_live
        self._sanitizer = Sanitizer()
        self._held = ""
        self.has_blocks = False
        self.pending = ""

    def feed(self, text: str) -> None:
        """Takes the next piece, from outside and unclean."""
        piece = self._sanitizer.feed(text)
        if not self._is_live:
            self._write(piece)
            return
        from orchestrator.render.markdown import settled

        self.pending += piece
        if "\n" in piece and (end := settled(self.pending)):
            block, self.pending = self.pending[:end], self.pending[end:]
            self._print(block)

    def finish(self) -> None:
        """Prints what is left."""
        if self._is_live:
            block, self.pending = self.pending, ""
            self._print(block)
        elif self.has_blocks:
            self._console.print()

    def _print(self, block: str) -> None:
        from orchestrator.render.markdown import Prose

        if not (text := block.strip("\n")).strip():
            return
        if self.has_blocks:
            self._console.print()
        self.has_blocks = True
        self._console.print(Prose(text))

    def _write(self, piece: str) -> None:
        """Line ends are held back until more text follows, so that the text ends in exactly one."""
        text = self._held + piece if self.has_blocks else piece.lstrip("\n")
        shown = text.rstrip("\n")
        self._held = text[len(shown) :]
        if shown:
            self.has_blocks = True
            self._console.out(shown, end="", highlight=False)
