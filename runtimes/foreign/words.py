"""What is said of somebody else's code, and what it says itself: bounded, and nothing in it that is not shown. Pure."""

from __future__ import annotations

import asyncio
import re

MAX_LINE_CHARS = 300
"""How long one line of somebody else's words may be."""

_QUERY = re.compile(r"\?\S+")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


RAISED = (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)
"""What somebody else's function raises that is passed over or told, where nothing of ours is awaited: all but the
interrupt of the person at the keyboard."""


class Unfit(Exception):
    """What somebody else's code handed out is not what the seam says; the message says why, in one line."""


def in_one_line(text: str, limit: int = MAX_LINE_CHARS) -> str:
    """Printable, single blanks, no longer than the limit."""
    start = text[: 4 * limit]
    line = " ".join("".join(char if char.isprintable() else " " for char in start).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def in_lines(text: str, limit: int) -> str:
    """As it is, without control characters, no longer than the limit."""
    shown = _UNSHOWN.sub(" ", text[: 2 * limit])
    return shown if len(shown) <= limit and len(text) <= 2 * limit else shown[: limit - 1] + "…"


def kind_of(value: object) -> str:
    """What a value is, for a message."""
    return "None" if value is None else f"of the type {type(value).__name__}"


def text_of(error: BaseException) -> str:
    """The message of an exception; empty where even that raises."""
    try:
        return str(error)
    except RAISED:
        return ""


def words_of(error: BaseException) -> str:
    """The type of an exception and the first line of its message, without the queries of URLs, where secrets travel."""
    text = text_of(error).strip()
    said = in_one_line(_QUERY.sub("?…", text.splitlines()[0])) if text else ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
