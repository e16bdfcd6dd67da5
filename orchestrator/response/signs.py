"""What the guard of an answer's links looks at in Markdown text, as patterns. Pure."""

from __future__ import annotations

import re

from orchestrator.response.hidden import HIDING

SIGN = re.compile(r"(?:https?|ftp)\\?:\\?/\\?/|www\\?\.|!\[|//|[\\`<\[\]\n@&]", re.IGNORECASE)
"""What is looked at; anything else is text to every reader."""
BEGUN = re.compile(r"(?:!|/|ht{0,2}|ft?|(?:https?|ftp)\\?:?\\?/?\\?|www\\?|w{1,2})\Z", re.IGNORECASE)
"""What may become such a sign."""
LONGEST_BEGUN = 10
SPECIAL = re.compile(r"[\\`<\[\]\n@&!/]|www|(?:ht{0,2}|https?:?|ft?|ftp:?|w{1,2})\Z", re.IGNORECASE)
"""In each piece of a text that needs to be looked at more closely."""
BREAKS = re.compile(r"(?<=/)(?=/)|(?<=www)(?=\.|\Z)|(?=@)", re.IGNORECASE)
"""Where a space keeps what is left of an address from being one."""

SCHEME = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{0,31}")
UNTIL_ANGLE = re.compile(r"[^ \t\n<>]*")
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
LINE_BREAKS = ("<br>", "<br/>", "<br />")
NOT_BEFORE_BREAK = " \t\n>"
"""A tag behind these may begin a block of HTML, which hides what follows from Markdown."""
IN_CELL = re.compile(r"\|[ \t]*\Z")
NO_TAG = re.compile(r"<[A-Za-z][A-Za-z0-9]*[\\,;)($\]]")
"""What is no tag, and no address, to any reader."""
IMAGE = re.compile(r"!\[[^\[\]\\`<\n]*")
RUN = re.compile(r"[^ \t\n<]*")
TICKS = re.compile("`+")
IMAGE_AS_TEXT = "image: ["
TAIL = re.compile(r"[.,;!?)\]}'\"]{0,2}")
"""What every reader leaves out of a URL that it ends."""
NO_HOST = ("", " ", "\t", "\n", "/")
REFERENCE = re.compile(r"&#?[A-Za-z0-9]{0,40};?")
SPELT = re.compile(r"[A-Za-z0-9:/.@_+-]")
"""What an address is written with: a reference to such a character would spell one out."""


def shown_reference(reference: str) -> str:
    """A character by its name or number; one that could spell an address, or that hides, is kept as written."""
    from html import unescape

    meant = unescape(reference) if reference.endswith(";") else reference
    is_spelt = meant != reference and (SPELT.search(meant) or HIDING.search(meant))
    return f"\\{reference}" if is_spelt else reference
