"""One thing that is not as expected, in words: how values and texts are compared and shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from orchestrator.testing.format.matching import TooSlow, cut, first_difference, span_of
from orchestrator.testing.format.parts import Text
from orchestrator.testing.format.patterns import Pattern, PatternError
from runtimes.positions import pointer_to
from runtimes.values import Json

AROUND = 40
"""Characters of a text that an excerpt shows on each side of what it marks."""

MAX_LOOKED_THROUGH = 2000
"""Characters of a text in which the part that is nearest to an expected one is looked for."""

MAX_LOOKED_FOR = 200
"""Characters of the expected part that are looked for."""

MIN_NEAR = 4
"""Characters that a part must share with an expected one to be shown as near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing that is not as expected."""

    pointer: str
    """From the turn to the expectation."""
    message: str
    details: tuple[tuple[str, str], ...] = ()
    """Labels and texts, a line each."""
    rank: int = 0
    """How much fitted before: of several candidates, the one with most is the nearest."""

    def under(self, pointer: str) -> Mismatch:
        """The same, seen from further out."""
        return replace(self, pointer=pointer + self.pointer)


def ranked(found: Iterable[Mismatch | None]) -> Mismatch | None:
    """The first of a row of checks that fails, with how many fitted before it."""
    for rank, one in enumerate(found):
        if one is not None:
            return replace(one, rank=rank)
    return None


def value_mismatch(pattern: Pattern | None, value: Json, pointer: str, subject: str) -> Mismatch | None:
    """The first difference of a value; None where it fits or nothing is expected of it."""
    found = first_difference(pattern, value) if pattern is not None else None
    if found is None:
        return None
    place = (("at", found.path),) if found.path != "$" else ()
    details = (*place, ("expected", found.expected), ("came", found.actual))
    return Mismatch(pointer=pointer, message=subject, details=details)


def on_one_line(text: str) -> str:
    """The text with ⏎ for the ends of its lines."""
    return text.replace("\n", "⏎")


def excerpt(text: str, start: int, end: int) -> str:
    """A part of a text with what lies around it, marked with «»."""
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    lead, rest = "…" * (start > AROUND), "…" * (end + AROUND < len(text))
    return on_one_line(f"{lead}{before}«{cut(text[start:end])}»{after}{rest}")


def _near(part: str, text: str) -> str:
    """The text, with what is nearest to the part marked in it; from its beginning where nothing is near."""
    part, searched = part[:MAX_LOOKED_FOR], text[:MAX_LOOKED_THROUGH]
    block = SequenceMatcher(None, searched, part, autojunk=False).find_longest_match()
    if block.size < min(MIN_NEAR, len(part)):
        return on_one_line(cut(text)) if text else "nothing"
    return excerpt(text, block.a, block.a + block.size)


def _parting(expected: str, text: str) -> int:
    """Where two different texts part."""
    pairs = enumerate(zip(expected, text, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(expected), len(text)))


def _is_mismatch(expected: str, text: str, subject: str) -> Mismatch:
    at = _parting(expected, text)
    details = (("expected", excerpt(expected, at, len(expected))), ("came", excerpt(text, at, len(text))))
    return Mismatch(pointer="/is", message=f"{subject} is another", details=details)


def _of_parts(claim: Text, text: str, subject: str) -> Iterator[Mismatch]:
    for index, part in enumerate(claim.contains):
        if part not in text:
            details = (("expected", on_one_line(cut(part))), ("came", _near(part, text)))
            message = f"{subject} does not contain what it should"
            yield Mismatch(pointer=pointer_to("contains", index), message=message, details=details)
    for index, part in enumerate(claim.not_):
        if (at := text.find(part)) >= 0:
            details = (("not", on_one_line(cut(part))), ("came", excerpt(text, at, at + len(part))))
            message = f"{subject} contains what it should not"
            yield Mismatch(pointer=pointer_to("not", index), message=message, details=details)


def _span(expression: str, text: str) -> tuple[int, int] | str | None:
    """Where the expression is found, or why that cannot be said."""
    try:
        return span_of(expression, text)
    except (TooSlow, PatternError) as error:
        return str(error)


def _of_expressions(claim: Text, text: str, subject: str) -> Iterator[Mismatch]:
    for index, expression in enumerate(claim.regex):
        span = _span(expression, text)
        if not isinstance(span, tuple):
            details = (("regex", expression), ("came", on_one_line(cut(text)) or "nothing"))
            message = f"{subject} has nothing that the expression finds" if span is None else f"the expression {span}"
            yield Mismatch(pointer=pointer_to("regex", index), message=message, details=details)
    for index, expression in enumerate(claim.not_regex):
        span = _span(expression, text)
        if span is not None:
            came = excerpt(text, *span) if isinstance(span, tuple) else on_one_line(cut(text))
            told = f"the expression {span}" if isinstance(span, str) else f"{subject} has what must not be found"
            details = (("not regex", expression), ("came", came))
            yield Mismatch(pointer=pointer_to("not_regex", index), message=told, details=details)


def text_mismatches(claim: Text | None, text: str, pointer: str, subject: str) -> Iterator[Mismatch]:
    """All that is wrong with a text."""
    if claim is None:
        return
    if claim.is_ is not None and claim.is_ != text:
        yield _is_mismatch(claim.is_, text, subject).under(pointer)
    for found in (*_of_parts(claim, text, subject), *_of_expressions(claim, text, subject)):
        yield found.under(pointer)


def text_mismatch(claim: Text | None, text: str, pointer: str, subject: str) -> Mismatch | None:
    """The first thing that is wrong with a text."""
    return next(text_mismatches(claim, text, pointer, subject), None)


def plain_mismatch(expected: str | None, came: str, pointer: str, subject: str) -> Mismatch | None:
    """Where two words must be the same, if one is expected."""
    if expected is None or expected == came:
        return None
    return Mismatch(pointer=pointer, message=subject, details=(("expected", expected), ("came", came or "nothing")))
