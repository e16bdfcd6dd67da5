"""Words of sentences and of identifiers: where they stand, their stems, the numbers they mean.

English only, and shallow: the stems need only be equal where two words are forms of one, not be words themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.model.offline.vocabulary import vocabulary

MAX_SENTENCE = 8_000
"""Characters of a person's message that are read."""
STEM_CACHE = 8_192
"""Words whose stems are remembered."""

STOP_WORDS = vocabulary(
    "a an the and or but nor so if then than as of in on at to from by for with without about into onto over "
    "under near this that these those it its they them their there here he she his her we our us you your i me "
    "my mine who whom which what when where why how is am are was were be been being do does did done has have "
    "had having can could will would shall should may might must not no any some all each every only just also "
    "too very more most much many few such same other another please kindly thanks thank ok okay hi hello hey "
    "let s t re ve ll d m etc e g don doesn didn isn like now right up out off per via across between within "
    "through during something anything nothing everything someone thing things want wants wanted need needs"
)
"""Words that say nothing about which function is meant."""

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019](?:s|t|re|ve|ll|d|m)\b)?|(?<=\w)-(?=\w)", re.IGNORECASE)
_RUN = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_DIGITS = re.compile(r"\d{1,15}")
_NUMBERS: dict[str, int] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_ENDINGS = (
    ("ication", "", 3),
    ("ifying", "if", 3),
    ("ified", "if", 3),
    ("ifies", "if", 3),
    ("ify", "if", 3),
    ("ingly", "", 4),
    ("ing", "", 3),
    ("ied", "i", 3),
    ("ed", "", 3),
    ("ion", "", 4),
    ("ability", "", 3),
    ("able", "", 4),
    ("ity", "", 4),
    ("ly", "", 4),
    ("e", "", 2),
    ("y", "i", 2),
)
_NOUNS = vocabulary("listing setting building meeting rating morning evening wedding pricing training")
_INNER_ENDINGS = (("ment", 3), ("ence", 4), ("enc", 4), ("anc", 4), ("ent", 4), ("ant", 4), ("ual", 3), ("al", 4))


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence, and where it stands in it."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def stem(self) -> str:
        return stem_of(self.lower)

    @property
    def is_capitalised(self) -> bool:
        return self.text[0].isupper()


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a sentence, without punctuation and possessive endings; `three-bedroom` is two words."""
    found = (match for match in _TOKEN.finditer(text[:MAX_SENTENCE]) if match[0] != "-")
    cut = ((match, re.split("['\u2019]", match[0])[0]) for match in found)
    return tuple(Word(word, match.start(), match.start() + len(word)) for match, word in cut)


def name_words(identifier: str) -> tuple[str, ...]:
    """The lower-case words of `getListings`, `set_windows_theme`, `all-PDFFiles` or of any prose."""
    return tuple(word.lower() for run in _RUN.findall(identifier) for word in _HUMP.split(run))


def readable(identifier: str) -> str:
    """An identifier as a person would write it: `themeName` is `theme name`."""
    return " ".join(name_words(identifier)) or identifier


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def _without_ending(word: str) -> str:
    for ending, replacement, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)] + replacement
    return word


def _without_inner_ending(word: str) -> str:
    if word.endswith("at") and len(word) >= 7:
        word = word[:-2]
    for ending, least in _INNER_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=STEM_CACHE)
def stem_of(word: str) -> str:
    """The part that the forms of a lower-case word share: `donation`, `donated` and `donates` have one stem."""
    if len(word) <= 3 or not word.isascii():
        return word
    singular = _singular(word)
    if singular in _NOUNS:
        return singular
    stem = _without_inner_ending(_without_ending(singular))
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem


def stems_of(words: Iterable[str]) -> tuple[str, ...]:
    """The stem of each, in order."""
    return tuple(stem_of(word) for word in words)


def number_of(word: str) -> int | None:
    """The number that a lower-case word means: `7`, `seven`, `dozen`; None for `a` and for every other word."""
    if _DIGITS.fullmatch(word):
        return int(word)
    return _NUMBERS.get(word)
