"""A sentence being read into arguments: what has been found so far, and which of its words are used up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from orchestrator.model.offline.choose import Tool
from orchestrator.model.offline.dates import Day, days_in
from orchestrator.model.offline.schema import Parameter, is_valid
from orchestrator.model.offline.words import MAX_SENTENCE, Word, stems_of, words_of
from runtimes.values import Json, JsonObject

MAX_ITEMS = 20
"""Items that an array is given."""

_QUOTE = re.compile(
    r"\"([^\"]{1,2000})\"|\u201c([^\u201d]{1,2000})\u201d|(?<!\w)['\u2018]([^\n]{1,2000}?)['\u2019](?!\w)"
)

Span = tuple[int, int]
"""From where to where in the sentence, in characters."""


def quotes_in(text: str) -> tuple[tuple[Span, str], ...]:
    """The quoted pieces of a text, each with the span of its quotes."""
    return tuple((match.span(), next(part for part in match.groups() if part)) for match in _QUOTE.finditer(text))


def _put_in(target: JsonObject, path: tuple[str, ...], value: Json) -> None:
    for name in path[:-1]:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        target = inner
    target[path[-1]] = value


class Draft:
    """The arguments of one call as they are found. The passes of `fill` put values into it, the surest first."""

    def __init__(self, tool: Tool, text: str, today: date) -> None:
        self.tool = tool
        self.text = text[:MAX_SENTENCE]
        self.words = words_of(self.text)
        self.stems = tuple("no" if word.lower == "without" else word.stem for word in self.words)
        self.quotes = quotes_in(self.text)
        self.days: tuple[Day, ...] = days_in(self.text, today)
        self._values: dict[tuple[str, ...], Json] = {}
        self._claimed: list[Span] = []

    @property
    def root(self) -> JsonObject:
        """The schema of all arguments."""
        return self.tool.definition.parameters

    def open(self, wanted: Callable[[Parameter], bool]) -> tuple[Parameter, ...]:
        """The parameters of that sort without a value, the required ones first."""
        found = [p for p in self.tool.parameters if p.path not in self._values and wanted(p)]
        return tuple(sorted(found, key=lambda parameter: not parameter.is_required))

    def is_free(self, span: Span) -> bool:
        """True when no value has been taken from there."""
        return all(span[1] <= start or end <= span[0] for start, end in self._claimed)

    def put(self, parameter: Parameter, value: Json, *spans: Span) -> bool:
        """Takes a value when it satisfies the schema; the words it comes from are then used up."""
        if parameter.is_array and not isinstance(value, list):
            value = [value]
        if not is_valid(value, parameter.written, self.root):
            return False
        self._values[parameter.path] = value
        self._claimed.extend(spans)
        return True

    def drop(self, span: Span) -> None:
        """Keeps words from being taken that no parameter can express."""
        self._claimed.append(span)

    def mentions(self, parameter: Parameter) -> Iterator[tuple[int, int]]:
        """Where the sentence names the parameter: first and last word, the fullest mentions first."""
        own = stems_of(parameter.words)
        stems = self.stems
        size = len(own)
        whole = [at for at in range(len(stems) - size + 1) if size and stems[at : at + size] == own]
        yield from ((at, at + size - 1) for at in whole)
        covered = {at + step for at in whole for step in range(size)}
        alone = parameter.telling or frozenset(own[-1:])
        yield from ((at, at) for at, stem in enumerate(stems) if stem in alone and at not in covered)

    def between(self, left: Word, right: Word) -> str:
        """The characters between two words."""
        return self.text[left.end : right.start]

    def arguments(self) -> JsonObject:
        """The values found, without those of optional objects that stay incomplete."""
        everything = self._nested(lambda parameter: True)
        if is_valid(everything, self.root, self.root):
            return everything
        required = {parameter.path[0] for parameter in self.tool.parameters if parameter.is_required}
        sound = {
            name
            for name, value in everything.items()
            if name in required or is_valid(value, self._member(name), self.root)
        }
        return self._nested(lambda parameter: parameter.path[0] in sound)

    def missing(self) -> Parameter | None:
        """The first required parameter without a value."""
        found = self.open(lambda parameter: parameter.is_required)
        return found[0] if found else None

    def _member(self, name: str) -> Json:
        properties = self.root.get("properties")
        return properties.get(name, True) if isinstance(properties, dict) else True

    def _nested(self, wanted: Callable[[Parameter], bool]) -> JsonObject:
        arguments: JsonObject = {}
        for parameter in self.tool.parameters:
            if parameter.path in self._values and wanted(parameter):
                _put_in(arguments, parameter.path, self._values[parameter.path])
        return arguments
