"""What a first conversation has a person say for a function, and what it is called with: words and arguments. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator.mock.generate import generated
from orchestrator.tools.arguments import InvalidArguments
from orchestrator.tools.toolbox import BoundFunction
from runtimes.values import JsonObject

MAX_SAID = 100
"""Characters of what the person says, where it is made of a description."""

MAX_OPTIONAL = 2
"""Arguments that are given where none is demanded."""

MIN_SHARED_WORDS = 2
"""Words that a conversation starter and a function must share to belong together."""

_STEM_CHARS = 5
"""Characters by which two words are the same: `repair` and `repairs` are."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SENTENCE = re.compile(r"[.!?](?:\s|$)|\n")


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.casefold()[:_STEM_CHARS] for word in _WORD.findall(text) if len(word) > 2)


def _described(function: BoundFunction) -> str:
    return function.declaration.description or function.signature.description


def _sentence(text: str) -> str:
    first = _SENTENCE.split(text.strip(), maxsplit=1)[0].strip()
    return first if len(first) <= MAX_SAID else first[: MAX_SAID + 1].rpartition(" ")[0]


def _own_words(function: BoundFunction) -> str:
    return _sentence(_described(function)) or " ".join(_WORD.findall(function.name)).capitalize() or function.name


def _telling(functions: Sequence[BoundFunction]) -> Mapping[str, frozenset[str]]:
    """The words of each function, by the name of its tool, without those that most of them have."""
    words = {one.tool_name: _stems(f"{one.name} {_described(one)}") for one in functions}
    had = Counter(word for stems in words.values() for word in stems)
    common = frozenset(word for word, count in had.items() if len(functions) > 1 and count * 2 > len(functions))
    return {tool: stems - common for tool, stems in words.items()}


def words_for(functions: Sequence[BoundFunction], starters: Sequence[str]) -> Mapping[str, str]:
    """What is said for each function, by the name of its tool: the starter with the most of its words, or in its place;
    else its description, else its name in words."""
    telling = _telling(functions)
    shared = [(len(stems & _stems(starter)), starter, tool) for tool, stems in telling.items() for starter in starters]
    said: dict[str, str] = {}
    for count, starter, tool in sorted(shared, key=lambda one: -one[0]):
        if count >= MIN_SHARED_WORDS and tool not in said and starter not in said.values():
            said[tool] = starter
    if len(starters) == len(functions):  # as `orchestrator new` writes them: one for each, in their order
        for function, starter in zip(functions, starters, strict=True):
            if starter not in said.values() and _stems(starter) & _stems(_described(function)):
                said.setdefault(function.tool_name, starter)
    return {one.tool_name: said.get(one.tool_name) or _own_words(one) for one in functions}


def _few(schema: JsonObject) -> JsonObject:
    """The schema with the properties that are demanded, or else with a few."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return schema
    demanded = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    chosen = demanded or list(properties)[:MAX_OPTIONAL]
    return {**schema, "properties": {name: properties[name] for name in chosen if name in properties}}


def arguments_for(function: BoundFunction) -> JsonObject:
    """Arguments that fit, as few as may be. Raises: `InvalidArguments` where none were found."""
    for schema in (_few(function.parameters), function.parameters):
        made = generated(schema, function.name)
        try:
            return function.checker.check(made if isinstance(made, dict) else {})
        except InvalidArguments as error:
            refusal = error
    raise refusal
