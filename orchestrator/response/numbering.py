"""The numbers that a turn's citations have, and the marks by which an answer cites them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.content import Citation, NumberedCitation, Shown
from orchestrator.events import CallDecided, CallReturned, Event, ReplyReceived, TurnStarted

MAX_LISTED_TITLE = 80
"""Characters of a title in the list that the model is given."""

MAX_RANGE = 100
"""Numbers that a mark such as `[1-3]` may stand for; a longer range is no mark."""

_CODE = re.compile(r"^[ \t]*~~~.*?(?:^[ \t]*~~~|\Z)|```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_INDENTED = ("    ", "\t")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_NUMBERS = r"\^?\d{1,4}(?:\s*[-\u2013]\s*\d{1,4})?"
_MARK = re.compile(
    rf"\[({_NUMBERS}(?:\s*[,;]\s*{_NUMBERS}){{0,20}})\]|\u3010({_NUMBERS})[^\u3010\u3011\n]{{0,80}}\u3011"
)
_NUMBER = re.compile(r"(\d+)(?:\s*[-\u2013]\s*(\d+))?")
_BRACKETS = str.maketrans("[]\u3010\u3011\n\r", "()()  ")


def numbers_of(shown: Iterable[Shown | None]) -> Mapping[Citation, int]:
    """The citations of a turn's calls, in the order of the calls, from 1 on; the same citation has one number."""
    unique = dict.fromkeys(citation for part in shown if part is not None for citation in part.citations)
    return {citation: number for number, citation in enumerate(unique, start=1)}


def source_list(citations: Iterable[Citation], numbers: Mapping[Citation, int]) -> str:
    """One line that tells the model the numbers of an answer's citations; empty without any."""
    entries = [
        f"[{numbers[citation]}] {citation.title.translate(_BRACKETS)[:MAX_LISTED_TITLE].strip()}"
        for citation in dict.fromkeys(citations)
    ]
    return f"[sources: {'; '.join(entries)}]" if entries else ""


def _without_indented_code(text: str) -> Iterator[str]:
    """The lines of Markdown that are no indented code: what is indented below an item of a list is part of that."""
    is_code, is_after_blank, is_in_list = False, True, False
    for line in text.split("\n"):
        if not line.strip():
            is_after_blank = True
            continue
        is_indented = line.startswith(_INDENTED)
        if not is_indented:
            is_in_list = bool(_LIST_ITEM.match(line)) or (is_in_list and (line[0] == " " or not is_after_blank))
        is_code = is_indented and not is_in_list and (is_code or is_after_blank)
        is_after_blank = False
        if not is_code:
            yield line


def _marked(text: str) -> Iterator[int]:
    for mark in _MARK.finditer("\n".join(_without_indented_code(_CODE.sub(" ", text)))):
        for number in _NUMBER.finditer(mark[1] or mark[2]):
            first, last = int(number[1]), int(number[2] or number[1])
            if last - first < MAX_RANGE:
                yield from range(first, last + 1)


def cited_numbers(text: str) -> frozenset[int]:
    """The numbers that an answer cites by `[1]`, `[1, 2]`, `[1-3]`, `[^1]` or `【1】`, outside of code."""
    return frozenset(_marked(text))


def numbered(numbers: Mapping[Citation, int], answer: str) -> tuple[NumberedCitation, ...]:
    """Every citation with its number, and whether the answer cites it."""
    cited = cited_numbers(answer)
    return tuple(
        NumberedCitation(
            title=citation.title,
            subtitle=citation.subtitle,
            url=citation.url,
            thumbnail_url=citation.thumbnail_url,
            information_protection_label=citation.information_protection_label,
            number=number,
            is_cited=number in cited,
        )
        for citation, number in numbers.items()
    )


class TurnCitations:
    """The citations of a turn for whoever reads its events as they come: with the numbers that the model is given."""

    def __init__(self) -> None:
        self._shown: dict[str, Shown | None] = {}

    def read(self, event: Event) -> None:
        """Takes in one event; a new turn begins anew."""
        match event:
            case TurnStarted():
                self._shown.clear()
            case ReplyReceived():
                self._shown.update((call.call_id, None) for call in event.calls)
            case CallDecided() if event.edited is not None:
                self._shown[event.edited.call_id] = None
            case CallReturned():
                self._shown[event.call_id] = event.shown
            case _:
                pass

    @property
    def numbers(self) -> Mapping[Citation, int]:
        """As far as the calls have returned."""
        return numbers_of(self._shown.values())
