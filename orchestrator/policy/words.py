"""Whose words the arguments of a call are: the person's own, an address from elsewhere, or anything else. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Reversible
from typing import Literal

from orchestrator.policy.addresses import has_address
from runtimes.values import Json, JsonObject, dump_json

Words = Literal["spoken", "address", "other"]
"""`spoken`: every value stands in what the person typed, exactly as it is sent; `address`: one of those that do not has
a URL, a host or a mail address; `other`: anything else."""

MAX_VALUES = 256
"""Values of a call that are looked at, objects and lists among them; a call with more counts as having an address."""

MAX_ARGUMENT_CHARS = 65_536
"""Characters of all of them together, the same way."""

MAX_SPOKEN_CHARS = 200_000
"""Characters of what the person typed that are looked through, the newest first."""

MAX_VALUE_CHARS = 4_096
"""The longest value that may count as the person's words."""

MIN_TOKEN_CHARS = 4
"""A shorter word is no evidence of where a value comes from."""

MIN_DIGITS = 6
"""A number of fewer digits is none either."""

MAX_SCATTERED = 6
"""Words of a call, in all of its values together, that may stand apart in what the person typed, as those of a search
do: more could spell a secret with the person's own words."""

MAX_SPOKEN_VALUES = 8
"""Values of a call in the person's words, objects and lists among them: more could spell one the same way."""

MAX_FOUND = 50
"""Places of one message that a value is compared at."""

_JOINERS = ".@/:-_%#?&=+~\\"
"""What makes one word of two: a value beside one of them is part of something else."""

_REACH = 32
"""Characters beside a value that are looked at for what it is a part of."""

_WORD = re.compile(r"[^\W_]+")
_SCHEME = re.compile(r"\Ahttps?://")


def _is_telling(value: str) -> bool:
    """True when a word of it could hardly stand in a text by chance."""
    words = _WORD.findall(value)
    return any(len(word) >= (MIN_DIGITS if word.isdigit() else MIN_TOKEN_CHARS) for word in words)


def _goes_on(edge: str, beyond: str) -> bool:
    """True when the text continues a value without a break: at its `edge`, with what is `beyond`."""
    rest = beyond.lstrip(_JOINERS)
    is_joined = rest != beyond or edge in _JOINERS or edge.isalnum()
    return is_joined and rest[:1].isalnum()


def _stands_in(value: str, text: str) -> bool:
    start = -1
    for _ in range(MAX_FOUND):
        start = text.find(value, start + 1)
        if start < 0:
            return False
        end = start + len(value)
        before = text[max(0, start - _REACH) : start][::-1]
        if not _goes_on(value[-1], text[end : end + _REACH]) and not _goes_on(value[0], before):
            return True
    return False


def _forms(value: str) -> Iterator[str]:
    """The value; where it is an address, also without `https://` in front, and without one slash at the end."""
    yield value
    bare = _SCHEME.sub("", value)
    for form in dict.fromkeys((bare, value.removesuffix("/"), bare.removesuffix("/"))):
        if form != value and has_address(form):
            yield form


class _Texts:
    """What values are looked for in, newest first: as it is, and all in lower case."""

    def __init__(self, texts: Reversible[str]) -> None:
        self._left = reversed(texts)
        self._room = MAX_SPOKEN_CHARS
        self._read: list[tuple[str, str]] = []

    def _texts(self) -> Iterator[tuple[str, str]]:
        yield from self._read
        for text in self._left:
            self._room -= len(text)
            if self._room < 0:
                self._left = iter(())
                return
            self._read.append((text, text.lower()))
            yield self._read[-1]

    def _stands(self, value: str) -> bool:
        is_lower = value == value.lower()
        return any(_stands_in(value, text) or (is_lower and _stands_in(value, low)) for text, low in self._texts())

    def passages(self, value: str) -> tuple[str, ...]:
        """The value where it stands in one text, else its words where each does; nothing where one does not.

        Nothing is evened out but what `_forms` says: what differs from the text would carry what the person never said.
        """
        if len(value) > MAX_VALUE_CHARS or value != value.strip() or not _is_telling(value):
            return ()
        if any(_is_telling(form) and self._stands(form) for form in _forms(value)):
            return (value,)
        words = value.split(" ")
        is_few = 1 < len(words) <= MAX_SCATTERED
        return tuple(words) if is_few and all(self._is_word(word) for word in words) else ()

    def _is_word(self, word: str) -> bool:
        return word.split() == [word] and not word.isdigit() and self._stands(word)


def _inside(value: Json) -> list[Json]:
    """The members of an object with their names, or the elements of a list."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _is_hollow(value: Json) -> bool:
    return isinstance(value, dict | list) and not value


class _Reading:
    """Whose words the values of one call are, taken in one by one."""

    def __init__(self, texts: Reversible[str], *, may_scatter: bool) -> None:
        self._texts = _Texts(texts)
        self._may_scatter = may_scatter
        self._alone: set[str] = set()
        self._room = MAX_ARGUMENT_CHARS
        self._count = 0

    def whose(self, value: Json) -> Words:
        """Whose words one more value is, but for what is inside of it."""
        self._count += 1
        if isinstance(value, str):
            whose = self._whose_text(value)
        elif isinstance(value, dict | list):
            whose = "other" if any(map(_is_hollow, _inside(value))) else "spoken"
        else:
            is_number = value is not None and not isinstance(value, bool)
            whose = "spoken" if is_number and self._is_said(self._texts.passages(dump_json(value))) else "other"
        return "other" if whose == "spoken" and self._count > MAX_SPOKEN_VALUES else whose

    def _whose_text(self, value: str) -> Words:
        self._room -= len(value)
        if self._room < 0:
            return "address"
        passages = self._texts.passages(value)
        if not passages and has_address(value):
            return "address"
        return "spoken" if self._is_said(passages) else "other"

    def _is_said(self, passages: tuple[str, ...]) -> bool:
        """True for a whole passage, and for words that stand apart while they are few in the call, and none twice."""
        if not passages or (len(passages) > 1 and not self._may_scatter):
            return False
        for word in passages:
            if " " not in word:
                if word.lower() in self._alone:
                    return False
                self._alone.add(word.lower())
        return len(self._alone) <= MAX_SCATTERED


def _words_in(reading: _Reading, arguments: JsonObject, declared: Collection[str] | None) -> Words:
    words: Words = "spoken"
    waiting: list[Json] = list(arguments.values())
    if declared is not None:
        waiting += [name for name in arguments if name not in declared]
    for _ in range(MAX_VALUES):
        if not waiting:
            return words
        value = waiting.pop()
        whose = reading.whose(value)
        if whose == "address":
            return whose
        words = whose if words == "spoken" else words
        waiting += _inside(value)
    return "address" if waiting else words


def words_of(arguments: JsonObject, spoken: Reversible[str], declared: Collection[str] | None = None) -> Words:
    """Whose words the arguments are; `spoken` is what the person typed, the oldest first.

    `declared` are the names of the parameters, all that are used where it is None. Any other name was the model's to
    choose, as are those in objects inside: they count as values.
    """
    return _words_in(_Reading(spoken, may_scatter=True), arguments, declared)


def is_quoted(arguments: JsonObject, texts: Reversible[str], declared: Collection[str] | None = None) -> bool:
    """True when every value stands in one of the texts, exactly as it is sent; with `declared` as in `words_of`."""
    return _words_in(_Reading(texts, may_scatter=False), arguments, declared) == "spoken"
