"""Texts of a description as a manifest may carry them: within a length, and no templates."""

from __future__ import annotations

import re

MAX_LABEL = 60
"""Characters of a name that is shown to people."""

_READ_AT_MOST = 64 * 1024
"""Characters of a text that are looked at: what lies beyond is cut anyway."""

_LOCALIZATION = re.compile(r"\[\[(?=[A-Za-z_])")
_OPEN_PLACEHOLDER = re.compile(r"\$(\{(\{[^}]*\}?)?)?$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORDS = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def cut(text: str, limit: int, *, mark: str = "…") -> str:
    """At most `limit` characters, ending at a word where one ends near; a placeholder is kept whole or left out."""
    if len(text) <= limit:
        return text
    kept = _OPEN_PLACEHOLDER.sub("", text[: limit - len(mark)])
    words = kept.rpartition(" ")[0] if not text[len(kept)].isspace() else kept
    return (words if len(words) > limit // 2 else kept).rstrip(" ,;:-") + mark


def without_keys(text: str) -> str:
    """Text that begins no localization key (spec 3.4): a description has none."""
    return _LOCALIZATION.sub("[ [", text)


def prose(text: str, limit: int) -> str:
    """Text that may have several lines."""
    return cut(without_keys(text[:_READ_AT_MOST]).strip(), limit)


def one_line(text: str, limit: int, *, mark: str = "…") -> str:
    """The same on one line: every run of white space is one space."""
    words = " ".join(text[:_READ_AT_MOST].split())
    return cut(without_keys(words), limit, mark=mark)


def first_sentence(text: str) -> str:
    """Up to the end of the first sentence, or of the first line that has words."""
    line = text[:_READ_AT_MOST].strip().partition("\n")[0]
    return _SENTENCE.split(line, maxsplit=1)[0]


def has_words(text: str) -> bool:
    """True for a text with a letter or a digit: signs alone say nothing, and may become nothing."""
    return any(char.isalnum() for char in text)


def without_braces(text: str) -> str:
    """Text that neither Liquid nor the card language takes for a template."""
    return re.sub(r"[{}]", "", text)


def label(name: str) -> str:
    """A name as people read it: `listPrice_usd` is `List price usd`; letters, digits and spaces only."""
    spaced = _NOT_WORDS.sub(" ", _CAMEL.sub(" ", name[: 2 * MAX_LABEL])).strip()
    words = " ".join(word if word.isupper() else word.lower() for word in spaced.split())[:MAX_LABEL].strip()
    return words[:1].upper() + words[1:]
