"""Whether a person speaks of a topic for which the instructions name `withdraw`; no topic is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.model.offline.words import STOP_WORDS, stem_of, words_of

MIN_LISTED = 3
"""Items that make a list of topics out of a sentence."""
MAX_ITEM_WORDS = 3
"""Words of one topic."""
MAX_ITEM = 200
"""Characters of one item of a list."""
MAX_LINE = 4_000
"""Characters of one line of the instructions that are read."""

_SEGMENT = re.compile(r"[.?!:;](?:\s|$)|[()\[\]]")
_ITEM = re.compile(r",|\bor\b|\band\b")
_LEAD = re.compile(r".*\b(?:about|like|such as|involving|including|concerning)\b", re.DOTALL)
_TAIL = re.compile(r"\b(?:then|call|invoke|use|you|i|please|must|should|so)\b.*", re.DOTALL)


def _items(segment: str) -> Iterator[frozenset[str]]:
    """The stems of each topic of a list, such as `sex, politics or hate speech`."""
    parts = _ITEM.split(segment.lower())
    if len(parts) < MIN_LISTED:
        return
    for part in parts:
        words = words_of(_TAIL.sub("", _LEAD.sub("", part[:MAX_ITEM])))
        told = frozenset(word.stem for word in words if word.lower not in STOP_WORDS)
        if told and len(words) <= MAX_ITEM_WORDS:
            yield told


def sensitive_topics(system: str, tool: str) -> tuple[frozenset[str], ...]:
    """The topics listed in the lines of the instructions that name the tool, each as its stems."""
    lines = [line[:MAX_LINE] for line in system.splitlines() if tool in line]
    return tuple(item for line in lines for segment in _SEGMENT.split(line) for item in _items(segment))


def touches(text: str, topics: tuple[frozenset[str], ...]) -> bool:
    """Whether every word of one of the topics is said."""
    said = frozenset(stem_of(word.lower) for word in words_of(text))
    return any(topic <= said for topic in topics)
