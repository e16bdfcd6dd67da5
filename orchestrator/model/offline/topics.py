"""Whether a person speaks of a topic for which the instructions name `withdraw`; no topic is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.model.offline.words import STOP_WORDS, stem_of, words_of

MIN_LISTED = 3
"""Items that make a list of topics out of a sentence."""
MAX_ITEM_WORDS = 3
"""Words of one topic."""
MAX_ITEM = 200
"""Characters of one item of a list."""
MAX_LINE = 4_000
"""Characters of one line of the instructions that are read."""

_PLUGIN = "## Plugin "
_FUNCTION = re.compile(r"### `([^`-]+)-[^`]+`\s*\Z")
_SEGMENT = re.compile(r"[.?!:;](?:\s|$)|[()\[\]]")
_ITEM = re.compile(r",|\bor\b|\band\b")
_LEAD = re.compile(r".*\b(?:about|like|such as|involving|including|concerning)\b", re.DOTALL)
_TAIL = re.compile(r"\b(?:then|call|invoke|use|you|i|please|must|should|so)\b.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, and whose instructions name it."""

    owner: str | None
    """The namespace of the plugin; None for what counts for all of them."""
    stems: frozenset[str]


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


def _owned_lines(system: str) -> Iterator[tuple[str | None, str]]:
    """The lines, each with the namespace whose section it stands in: what introduces a plugin is in its section."""
    waiting: list[str] = []
    owner: str | None = None
    is_waiting = False
    for line in system.splitlines():
        heading = _FUNCTION.match(line)
        if heading:
            owner, is_waiting = heading[1], False
            yield from ((owner, before) for before in waiting)
            waiting.clear()
        elif line.startswith(_PLUGIN):
            is_waiting = True
        elif is_waiting:
            waiting.append(line)
        else:
            yield owner, line
    yield from ((None, line) for line in waiting)


def sensitive_topics(system: str, tool: str) -> tuple[Topic, ...]:
    """The topics listed in the lines of the instructions that name the tool."""
    lines = [(owner, line[:MAX_LINE]) for owner, line in _owned_lines(system) if tool in line]
    return tuple(
        Topic(owner, stems) for owner, line in lines for segment in _SEGMENT.split(line) for stems in _items(segment)
    )


def touches(text: str, topics: tuple[Topic, ...], tools: frozenset[str] = frozenset()) -> bool:
    """Whether every word of one of the topics is said; with `tools` named, only the topics of their plugins count."""
    said = frozenset(stem_of(word.lower) for word in words_of(text))
    owners = {tool.partition("-")[0] for tool in tools}
    return any(topic.stems <= said for topic in topics if topic.owner is None or not owners or topic.owner in owners)
