"""Where in a Markdown text that is still being written a block of code certainly is. Pure.

A fence is certain at the very start of a line, and exactly where the text of a list's outermost item stands; one
behind other blanks may belong to something else, whose end would end the block too. Indented code is certain behind an
empty line and a paragraph that is in no list.
"""

from __future__ import annotations

import re

MAX_HELD = 4096
"""Characters that wait for what decides about them; what is undecided then is taken for the worse."""

_LINE_START = re.compile(r"([ \t]*)(`+|~+|)((?:[-*+]|\d{1,9}[.)]?)? *)([^ \t\n]{0,2})")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)]) {1,3}")
_ITEM_TEXT = re.compile(r"\*\*|[\w\"'(\[]")
"""What an item begins with that is certainly words, and not a block of another kind."""
_CLOSING = re.compile(r"( *)(`+|~+|)[ \t]*")
_FENCE = 3
"""The fewest signs of a fence."""
_CODE_INDENT = 4
"""Columns of blanks behind which no fence can stand, outside of lists and quotes."""


def is_open(text: str, start: int, end: int, *, is_complete: bool, limit: int = MAX_HELD) -> bool:
    """True while what was read from `start` to `end` may go on in the next piece of the text."""
    return end >= len(text) and not is_complete and end - start < limit


class CodeBlocks:
    """Reads the start of each line."""

    def __init__(self) -> None:
        self._fence = ""
        self._margin = 0
        """Columns before the text of the item that the fence is in."""
        self._is_sure = True
        """False after a fence that may or may not have opened a block."""
        self._item = 0
        """Columns before the text of the item of a list that is open, for certain; 0 for none."""
        self._is_ordered = False
        self._is_paragraph = False
        """True while nothing but paragraphs that begin with a letter has been read since any list."""
        self._is_start = True
        """True until a line has words: apps may drop the blanks that a text begins with."""
        self._is_indented_code = False
        self.is_blank = False
        """True when the line that was read last ends a paragraph, whatever it is in."""
        self.info: tuple[int, int] | None = None
        """Where the info string of the fence stands that the line has opened."""

    @property
    def closing(self) -> re.Pattern[str]:
        """What the block that a fence has opened ends with."""
        columns = self._margin + _CODE_INDENT - 1
        return re.compile(rf"\n {{0,{columns}}}{self._fence}{self._fence[0]}*[ \t]*\n")

    @property
    def is_inside(self) -> bool:
        """True where the rest of the line is certain to be code."""
        return bool(self._fence) or self._is_indented_code

    def read(self, text: str, at: int, *, is_complete: bool) -> int | None:
        """Takes in the start of a line. Gives where its fence ends, if it closes a block, else its start; None where
        more is needed."""
        self.info = None
        if self._fence:
            return self._within(text, at, is_complete=is_complete)
        return self._outside(text, at, is_complete=is_complete)

    def _within(self, text: str, at: int, *, is_complete: bool) -> int | None:
        found = _CLOSING.match(text, at, at + MAX_HELD)
        assert found is not None
        end, indent = found.end(), len(found[1])
        if is_open(text, at, end, is_complete=is_complete):
            return None
        self.is_blank = False
        ends_line = text[end : end + 1] in ("", "\n")
        if end - at >= MAX_HELD or (indent < self._margin and (found[2] or not ends_line)):
            self._fence, self._is_sure, self._item = "", False, 0
        elif ends_line and found[2].startswith(self._fence) and indent - self._margin < _CODE_INDENT:
            self._fence, self.is_blank = "", True
            return end
        return at

    def _outside(self, text: str, at: int, *, is_complete: bool) -> int | None:
        found = _LINE_START.match(text, at, at + MAX_HELD)
        assert found is not None
        is_word = found[4][:1].isalpha()  # nothing that follows makes another thing of what stands before it
        if not is_word and is_open(text, at, found.end(), is_complete=is_complete):
            return None
        indent, run = found[1], found[2]
        limit = min(len(text), at + MAX_HELD)
        line_end = text.find("\n", found.end(), limit) if len(run) >= _FENCE else -1
        if len(run) >= _FENCE and line_end < 0 and is_open(text, at, limit, is_complete=is_complete):
            return None
        was_blank, was_code = self.is_blank, self._is_indented_code
        self.is_blank = found.end() == found.end(1) and text[found.end() : found.end() + 1] == "\n"
        self._is_indented_code = False
        if self.is_blank:
            return at
        if self._is_certainly_indented(indent, follows=was_blank or was_code):
            self._is_indented_code = True
            return at
        self._place(found, was_blank=was_blank)
        self._is_start = False
        if len(run) >= _FENCE:
            is_whole_line = line_end >= 0 or limit < at + MAX_HELD
            self._open(text, found, line_end if line_end >= 0 else limit, is_whole_line=is_whole_line)
        return at

    def _is_certainly_indented(self, indent: str, *, follows: bool) -> bool:
        is_deep = len(indent) >= _CODE_INDENT and "\t" not in indent
        return is_deep and follows and self._is_paragraph and self._is_sure

    def _place(self, found: re.Match[str], *, was_blank: bool) -> None:
        """Takes in whether the line begins, goes on with or ends an item of a list."""
        indent, run, marker, first = found.groups()
        if not indent and not run and _ITEM.fullmatch(marker) and _ITEM_TEXT.match(first):
            is_ordered = marker[0].isdigit()
            interrupts = not is_ordered or marker.rstrip(" ")[:-1] == "1"
            is_item = was_blank or interrupts or (self._item > 0 and self._is_ordered)
            self._item, self._is_ordered = (len(marker) if is_item else 0), is_ordered
            self._is_paragraph = False
            return
        if self._item and len(indent) >= self._item and "\t" not in indent:
            return
        self._item = 0
        is_new = was_blank or self._is_start
        begins = not indent and not run and not marker and first[:1].isalpha()
        self._is_paragraph = begins and (is_new or self._is_paragraph)

    def _open(self, text: str, found: re.Match[str], end: int, *, is_whole_line: bool) -> None:
        indent, run = found[1], found[2]
        is_placed = "\t" not in indent and len(indent) == self._item
        if not is_placed and (len(indent) >= _CODE_INDENT or "\t" in indent):
            return
        info = text[found.end(2) : end]
        if "|" in info or not is_whole_line or not (is_placed or not indent):
            self._is_sure = False
        elif self._is_sure and not (run[0] == "`" and "`" in info):
            self._fence, self._margin = run, len(indent)
            self.info = (found.end(2), end)
