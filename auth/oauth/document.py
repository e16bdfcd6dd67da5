"""What an authorization server answered, as JSON that is read member by member: it is a stranger's. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeGuard

from auth.errors import ProviderError

MAX_TEXT_CHARS = 2048
"""Characters of a URL, a name or a list of scopes."""

MAX_TEXTS = 200
"""Texts of a list."""

MAX_NUMBER_CHARS = 12
"""Digits of a number that is written as a text."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Raises: `ValueError` for a member that stands there twice (RFC 6749 5.1 wants each once)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands there twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """True for a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """True for a JSON array."""
    return isinstance(value, list)


def json_object(data: bytes) -> Mapping[str, object] | None:
    """The JSON object that these bytes are; None where they are none."""
    try:
        value: object = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if is_object(value) else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= MAX_NUMBER_CHARS:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(min(value, 10**MAX_NUMBER_CHARS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A JSON object, and who said it. Reading a member that is not what it should be raises: `ProviderError`."""

    place: str
    """The URL that it comes from without its query, for messages."""
    members: Mapping[str, object] = field(repr=False)

    def refuse(self, problem: str) -> ProviderError:
        """The error that says what is wrong with it; it has no word of the document."""
        return ProviderError(f"the answer of {self.place} cannot be used: {problem}")

    def text(self, name: str, limit: int = MAX_TEXT_CHARS) -> str:
        """A text, of characters that show; empty where there is none."""
        value = self.members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > limit or not value.isprintable():
            raise self.refuse(f"{name!r} is no text of at most {limit} characters")
        return value

    def seconds(self, name: str, limit: float) -> float | None:
        """A duration, which counts as the limit where it is longer; None where there is none."""
        value = self.members.get(name)
        if value is None:
            return None
        number = _number(value)
        if number is None or number < 0:
            raise self.refuse(f"{name!r} is no number of seconds")
        return min(number, limit)

    def flag(self, name: str) -> bool:
        """True where it says so."""
        return self.members.get(name) is True

    def first(self, name: str) -> str:
        """The first text of a list; empty where there is none."""
        values = self.members.get(name)
        if not is_array(values) or not values:
            return ""
        return Document(place=self.place, members={name: values[0]}).text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; none where there is no list."""
        values = self.members.get(name)
        if not is_array(values):
            return ()
        return tuple(Document(place=self.place, members={name: value}).text(name) for value in values[:MAX_TEXTS])
