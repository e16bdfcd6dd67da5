"""Environment placeholders, `${{NAME}}` and `${{NAME:default}}`, as packages carry them in their documents. Pure.

They are filled in values that are parsed already, before any other language looks at the text: what a variable holds
cannot change the shape of a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runtimes.http import is_url
from runtimes.secret_variables import is_secret
from runtimes.values import Json, JsonObject

MAX_VARIABLE = 8192
"""Characters of a variable's value; a longer one is not filled in."""

MAX_FILLED = 1024 * 1024
"""Characters that all placeholders of one document may become; those beyond are left as they stand."""

_PLACEHOLDER = re.compile(r"\$\{\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\}")
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::(.*))?", re.DOTALL)
_MARKS = (b"${{", b"\\u0", b"\\U0", b"\\x")
"""What a placeholder begins with, and the escapes that may hide it."""
_BEGINNING = re.compile(r"\$\{\{\s*[A-Za-z0-9_]*")


class _Harmless(Mapping[str, str]):
    """The values that do not look like a secret; each is judged when it is asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        value = self._values[name]
        if is_secret(name, value):
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in self._values.items() if not is_secret(name, value))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Either(Mapping[str, str]):
    """Two mappings as one; the first wins."""

    def __init__(self, first: Mapping[str, str], second: Mapping[str, str]) -> None:
        self._first = first
        self._second = second

    def __getitem__(self, name: str) -> str:
        return self._first[name] if name in self._first else self._second[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._second, **self._first})

    def __len__(self) -> int:
        return len({*self._first, *self._second})

    def __bool__(self) -> bool:
        return any(True for _ in self._first) or any(True for _ in self._second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the values of placeholders come from."""

    given: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Values that somebody chose for these documents: they win. Those that look like a secret fill local files only."""
    ambient: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The variables of the process: they fill local files only, and never where they look like a secret."""

    def of(self, location: str) -> Mapping[str, str]:
        """The values for the document that lies at a path or an http(s) URL: whoever wrote it says where they go."""
        if is_url(location):
            return _Harmless(self.given)
        return _Either(self.given, _Harmless(self.ambient))


class _Filler:
    def __init__(self, values: Mapping[str, str], *, has_names: bool) -> None:
        self._values = values
        self._has_names = has_names
        self._left = MAX_FILLED

    def text(self, text: str) -> str:
        return _PLACEHOLDER.sub(self._value, text) if "${{" in text else text

    def _value(self, match: re.Match[str]) -> str:
        parts = _NAME.fullmatch(match[1])
        if parts is None:
            return match[0]
        value = self._values.get(parts[1]) if parts[1] in self._values else parts[2]
        if value is None or len(value) > min(MAX_VARIABLE, self._left) or not value.isprintable():
            return match[0]
        self._left -= len(value)
        return value

    def value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self._members(value)
        return value

    def _members(self, members: JsonObject) -> JsonObject:
        made: JsonObject = {}
        for written, item in members.items():
            name = self.text(written) if self._has_names and "${{" in written else written
            is_taken = name != written and (name in members or name in made)
            made[written if is_taken else name] = self.value(item)
        return made


def filled(value: Json, values: Mapping[str, str], *, has_names: bool = True) -> Json:
    """The document with its placeholders filled; those without a value are left.

    With `has_names` the names of members are filled as well, but for one that would become another member's.
    """
    return _Filler(values, has_names=has_names).value(value)


def may_have_placeholders(data: bytes) -> bool:
    """False where no string of a JSON or YAML text can have one; a cheap question before a walk over all of them."""
    return any(mark in data for mark in _MARKS)


def unresolved_placeholder(text: str) -> str | None:
    """The first placeholder that is left in a text; of one without an end, its beginning."""
    start = text.find("${{")
    if start < 0:
        return None
    found = _PLACEHOLDER.match(text, start) or _BEGINNING.match(text, start)
    return found[0] if found else None


def why_unresolved(placeholder: str) -> str:
    """What is the matter with a placeholder that is left, in words."""
    found = _PLACEHOLDER.fullmatch(placeholder)
    if found is None:
        return "has no end: a placeholder is ${{NAME}} or ${{NAME:default}}"
    return "has no value" if _NAME.fullmatch(found[1]) else "names no variable"
