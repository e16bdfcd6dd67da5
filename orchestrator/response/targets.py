"""Reads where a link of a Markdown text leads, and whether the link surely ends behind that. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.response.addresses import MAX_ADDRESS, Addresses
from orchestrator.response.code_blocks import is_open

_GAP = re.compile(r"[ \t]*\n?[ \t]*")
_TARGET = re.compile(r"(?:[^ \t\n()<>`\\\[\]]|\([^ \t\n()<>`\\\[\]]*\))*")
_ANGLED = re.compile(r"[^ \t\n<>`\\]*")
_TARGET_ENDS = ("", " ", "\t", "\n", ")")
_NO_TARGET = {"(": _TARGET_ENDS, ":": (*_TARGET_ENDS, "`", "[")}
"""Behind these there is either no target, or one that has no scheme and no host."""
_HARMLESS = re.compile(r"(?!.*www\.)[^:/\\&<>`@]+", re.IGNORECASE)
"""A target without a scheme and without a host."""
_MAILTO = "mailto:"

_TITLE = r"""(?:"[^"`<\\\n]*"|'[^'`<\\\n]*'|\([^()`<\\\n]*\))"""
_BEGUN_TITLE = r"""(?:"[^"`<\\\n]*|'[^'`<\\\n]*|\([^()`<\\\n]*)"""
_BLANKS = r"[ \t]*\n?[ \t]*"
_CLOSED = {
    "(": re.compile(rf"(?:{_BLANKS}{_TITLE})?{_BLANKS}\)"),
    ":": re.compile(rf"{_BLANKS}{_TITLE}[ \t]*(?=\n|\Z)|(?!{_BLANKS}[\"'(])"),
}
"""What ends an inline link, and a definition: a title with neither code nor HTML in it, or none."""
_UNDECIDED = re.compile(rf"{_BLANKS}(?:{_TITLE}{_BLANKS}|{_BEGUN_TITLE})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What stands behind `](` or `]:`."""

    url: str
    behind: str
    """The character that ends it."""
    is_closed: bool
    """True where what follows it is a title that every reader takes for one, or none."""
    is_next_line: bool = False
    """True where a line break stands before it."""


def read_target(text: str, at: int, start: int, *, is_complete: bool) -> Target | None:
    """The target whose sign `(` or `:` is the character before `at`; None where more is needed.

    `start` is where what waits for it begins.
    """
    opener = text[at - 1]
    gap = _GAP.match(text, at)
    assert gap is not None
    begin = gap.end()
    is_angled = text[begin : begin + 1] == "<"
    found = (_ANGLED if is_angled else _TARGET).match(text, begin + is_angled, begin + MAX_ADDRESS)
    assert found is not None
    end = found.end()
    if is_open(text, start, end, is_complete=is_complete):
        return None
    behind = text[end : end + 1]
    if is_angled and behind != ">":
        return Target(url="<", behind=behind, is_closed=False)
    end += is_angled
    is_closed = _CLOSED[opener].match(text, end) is not None
    is_undecided = _UNDECIDED.match(text, end, start + MAX_ADDRESS) is not None
    if is_undecided and is_open(text, start, len(text), is_complete=is_complete):
        return None
    return Target(
        url=found[0],
        behind=" " if is_angled else behind,
        is_closed=is_closed,
        is_next_line="\n" in gap[0],
    )


def leads_nowhere_else(opener: str, target: Target, addresses: Callable[[], Addresses]) -> bool:
    """True for a target that leads nowhere else, or where it may; `addresses` are asked for only then."""
    url = target.url
    if not target.is_closed and (url or opener == ":"):
        return False
    if opener == ":" and target.is_next_line:
        return bool(url) and addresses().may_link(url)
    if not url:
        return target.behind in _NO_TARGET[opener]
    if target.behind not in _TARGET_ENDS:
        return False
    if _HARMLESS.fullmatch(url) is not None:
        return True
    mail = url.removeprefix(_MAILTO)
    return addresses().may_write_to(mail) if mail != url else addresses().may_link(url)
