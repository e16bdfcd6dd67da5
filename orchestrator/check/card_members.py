"""What a member of an Adaptive Card may be: the vocabulary that the table of Adaptive Cards 1.6 is written in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from runtimes.values import Json

NEWEST = (1, 6)
"""The newest version of Adaptive Cards that the table knows."""

FIRST = (1, 0)
"""The version that all members have that say nothing else."""

Version: TypeAlias = tuple[int, int]

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")


def version_of(text: Json) -> Version | None:
    """The version that a text names; None where it names none."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else None


def version_text(version: Version) -> str:
    """As cards state it."""
    return f"{version[0]}.{version[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an element, of an action, or of an object inside one."""

    types: frozenset[str] = frozenset()
    """The JSON types that fit, by their names in JSON Schema; none where anything fits."""
    words: Mapping[str, Version] = field(default_factory=dict[str, Version])
    """The strings that are known, each with the version it came with; case does not matter."""
    pattern: str = ""
    """Of the strings that fit besides; without words and pattern every string does."""
    group: str = ""
    """What the objects are: a group of kinds, or a kind."""
    is_many: bool = False
    """An array of these objects."""
    is_required: bool = False
    since: Version = FIRST

    @property
    def required(self) -> Member:
        """The same, where it must be there."""
        return replace(self, is_required=True)

    def of(self, minor: int) -> Member:
        """The same, where it came with version 1.`minor`."""
        return replace(self, since=(1, minor))

    def takes(self, value: Json) -> bool:
        """Whether a value certainly fits, as far as that is seen at first sight: most values of most cards do."""
        if isinstance(value, str):
            is_any_text = "string" in self.types and not (self.words or self.pattern or self.is_many)
            return is_any_text or "${" in value
        if isinstance(value, bool):
            return "boolean" in self.types and not self.is_many
        return value is None or not self.types

    def fits(self, text: str) -> bool:
        """Whether a string is one that the member takes."""
        if not self.words and not self.pattern:
            return True
        return text.lower() in {word.lower() for word in self.words} or (
            bool(self.pattern) and re.fullmatch(self.pattern, text) is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of element, of action, or of object inside one."""

    members: Mapping[str, Member]
    since: Version = FIRST
    is_named: bool = True
    """It states its kind in `type`, and is told from others by it."""
    is_open: bool = False
    """It is a host's own, and its members are not known."""


def _typed(*types: str) -> Member:
    return Member(types=frozenset(types))


ANYTHING = Member()
TEXT = _typed("string")
FLAG = Member(types=frozenset({"boolean", "string"}), words={"true": FIRST, "false": FIRST})
NUMBER = _typed("number")
OBJECT = _typed("object")
DATA = _typed("object", "string")
TEXTS = Member(types=frozenset({"string"}), is_many=True)
PIXELS = Member(types=frozenset({"string"}), pattern=r"\d+(\.\d+)?px")
WIDTH = Member(
    types=frozenset({"number", "string"}), words={"auto": FIRST, "stretch": FIRST}, pattern=r"\d+(\.\d+)?(px|\*)?"
)


def words(known: str, **later: int) -> Member:
    """One of these words; `later` are those that came with a later version, each with its minor number."""
    versions = dict.fromkeys(known.split(), FIRST) | {word: (1, minor) for word, minor in later.items()}
    return Member(types=frozenset({"string"}), words=versions)


def sized(known: str) -> Member:
    """One of these words, or a size in pixels."""
    return replace(words(known), pattern=PIXELS.pattern)


def one(group: str) -> Member:
    """An object of that group."""
    return Member(types=frozenset({"object"}), group=group)


def many(group: str) -> Member:
    """An array of objects of that group."""
    return Member(types=frozenset({"object"}), group=group, is_many=True)


def or_text(member: Member) -> Member:
    """The same, or any string."""
    return replace(member, types=member.types | {"string"})


def or_dropped(group: str) -> Member:
    """An object of that group, or the word that says that there is to be nothing."""
    return Member(types=frozenset({"object", "string"}), words={"drop": FIRST}, group=group)
