"""Text of strangers inside a Markdown document: words that are read, and no mark-up. Pure."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\`*\[\]<>~|&]|(?<!\w)_|_(?!\w)|^[#+=-]|^\d{1,9}[.)]")
"""What Markdown may take for more than itself: anywhere in a line, or at its beginning."""

_IN_ADDRESS = str.maketrans({"<": "%3C", ">": "%3E", " ": "%20"})


def in_markdown(text: str) -> str:
    """One line of text, so that Markdown shows it as it stands."""
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def address_in_markdown(url: str) -> str:
    """An http or https URL as a link that shows itself; anything else as text."""
    if not url.lower().startswith(("http://", "https://")):
        return in_markdown(url)
    return f"<{url.translate(_IN_ADDRESS)}>"
