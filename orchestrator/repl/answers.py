"""What a person types where calls wait for an answer, as a decision about them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.render.sanitize import clean_line

MAX_NOTE = 500
"""Characters of the person's note that are kept."""
MAX_DIGITS = 4
"""Digits of a question's number; a longer one is none."""

ALL = "all"
"""Stands for every open question, in the place of a number."""

Choice = Literal["approve", "decline", "edit", "always"]

_WORDS: dict[str, Choice] = {
    "y": "approve",
    "yes": "approve",
    "n": "decline",
    "no": "decline",
    "e": "edit",
    "edit": "edit",
    "a": "always",
    "always": "always",
}
_TO_ALL: tuple[Choice, ...] = ("approve", "decline")
"""What may be said of all calls at once: the rest is about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the person decided of a call."""

    choice: Choice
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed, if it can be read."""

    which: str = ""
    """A number without leading zeros, `ALL`, or empty for the only question."""
    answer: Answer | None
    """None for a number alone: the question is to be shown again."""


def read_answer(text: str) -> Answer | None:
    """What was answered, if it was an answer; only a no has room for more words."""
    word, _, rest = clean_line(text).partition(" ")
    choice = _WORDS.get(word.casefold().rstrip(".,:;!"))
    note = rest.strip()[:MAX_NOTE]
    if choice is None or (note and choice != "decline"):
        return None
    return Answer(choice=choice, note=note)


def _which(word: str) -> str:
    word = word.casefold().rstrip(".,:;)")
    if word == ALL:
        return ALL
    return str(int(word)) if word.isdecimal() and len(word) <= MAX_DIGITS else ""


def read_typed(text: str) -> Typed | None:
    """An answer, after the number of its question or `all` where it has one; None for what is neither."""
    first, _, rest = clean_line(text).partition(" ")
    which = _which(first)
    if which not in ("", ALL) and not rest:
        return Typed(which=which, answer=None)
    answer = read_answer(rest if which else text)
    if answer is None or (which == ALL and answer.choice not in _TO_ALL):
        return None
    return Typed(which=which, answer=answer)
