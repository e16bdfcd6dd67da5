"""The text of an HTML page, in time proportional to its length however broken it is.

The parser of the standard library takes the square of the length for unclosed comments and tags, and it cannot be
stopped; every pattern here consumes what it has looked at. It reads words: no scripts, no styles, no attributes.
"""

from __future__ import annotations

import re

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
"""The media types of a page."""

MAX_PAGE_CHARS = 1_000_000
"""How much of a page is read; reading takes time in which nothing else runs."""

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][^\s/>]*+)(?:=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))|[^>])*+(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)"
    r"|(?P<text>[^<]++|<)",
    re.DOTALL,
)
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "textarea", "object")
"""Elements that are left out with all that is in them."""
_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in _UNSEEN}
_BREAK = re.compile(
    r"address|article|aside|blockquote|body|br|d[dlt]|div|fieldset|figcaption|figure|footer|form|h[1-6r]|head|header|html"
    r"|li|main|nav|ol|option|p|pre|section|summary|table|tbody|tfoot|thead|title|tr|ul"
)
"""Elements that start a line, and end one."""
_CELLS = frozenset({"td", "th"})
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")
"""Numeric references beyond all characters; turning thousands of digits into a number takes their square."""


def _pieces(page: str) -> list[str]:
    pieces: list[str] = []
    at = 0
    while (token := _TOKEN.match(page, at)) is not None:
        at = token.end()
        name = (token["name"] or "").lower()
        if token["text"] is not None:
            pieces.append(re.sub(r"\s+", " ", token["text"]))
        elif name in _ENDS and not token["close"]:
            end = _ENDS[name].search(page, at)
            at = end.start() if end else len(page)
        elif _BREAK.fullmatch(name):
            pieces.append("\n- " if name == "li" and not token["close"] else "\n")
        elif name in _CELLS and token["close"]:
            pieces.append("\t")
    return pieces


def html_to_text(page: str) -> str:
    """The words of a page as far as it is read: a line for each paragraph, row or item, with no empty ones."""
    from html import unescape

    text = unescape(_LONG_REFERENCE.sub("\ufffd", "".join(_pieces(page[:MAX_PAGE_CHARS]))))
    lines = (re.sub(r"[ \xa0]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and line != "-")
