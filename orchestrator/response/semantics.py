"""Response semantics: which parts of an answer are results, and what the manifest says of each (spec 9.4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestrator.manifest.model import ResponseSemantics
from orchestrator.manifest.queries import Path, Reading, data_path_of, property_of, within_result
from orchestrator.response.jsonpath import MAX_NODES, Budget, InvalidQuery, select
from runtimes.values import Json, JsonObject

MAX_VALUE = 4096
"""Characters of a value that a property may have; a longer one is none."""

TEMPLATE_SELECTOR = "template_selector"
"""The property that is about cards and not about citations (spec 9.4.2.2)."""

_ROOT = "$"
_FIRST_MEMBER = re.compile(r"\$\.(\w+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results that an answer has."""

    values: Sequence[Json]
    """An element each of the arrays at the data path; else what is there, one result each (spec 9.4.2.1)."""
    path: str
    """The query that they were found by."""
    is_array: bool
    """True where there are elements of an array among them."""


def _repeated_array(readings: Mapping[str, Reading], payload: JsonObject) -> str | None:
    """The member whose array all paths lead into by name, which no query can do: its elements are what is meant."""
    cited = [reading for name, reading in readings.items() if name != TEMPLATE_SELECTOR]
    queries = [part.query for reading in cited for part in reading.parts if isinstance(part, Path)]
    members = {match[1] if (match := _FIRST_MEMBER.match(query)) else "" for query in queries}
    name = members.pop() if len(members) == 1 else ""
    return name if name and isinstance(payload.get(name), list) else None


def readings_of(semantics: ResponseSemantics) -> Mapping[str, Reading]:
    """What the properties are read as, by name; without those that say nothing."""
    read = ((name, property_of(written)) for name, written in semantics.properties.items())
    return {name: reading for name, reading in read if reading is not None}


def results_at(path: str, payload: Json) -> Results:
    """The results that a query finds. Raises: `InvalidQuery` for one that is none, or that costs too much."""
    nodes = select(path, payload)
    if len(nodes) == 1 and isinstance(nodes[0], list):
        return Results(values=nodes[0], path=path, is_array=True)
    values = (value for node in nodes for value in (node if isinstance(node, list) else (node,)))
    is_array = any(isinstance(node, list) for node in nodes)
    return Results(values=list(islice(values, MAX_NODES)), path=path, is_array=is_array)


def results_of(semantics: ResponseSemantics, payload: Json) -> Results:
    """The results in an answer. Raises: `InvalidQuery` for a data path that is none, or that costs too much."""
    path = data_path_of(semantics.data_path)
    if path == _ROOT and isinstance(payload, dict):
        name = _repeated_array(readings_of(semantics), payload)
        path = f"{_ROOT}.{name}" if name else path
    return results_at(path, payload)


def value_of(query: str, result: Json, budget: Budget) -> str | None:
    """The first value that the query selects, as text; None for containers, null and truth values."""
    try:
        nodes = select(query, result, budget)
    except InvalidQuery:
        return None
    value = nodes[0] if nodes else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return value if isinstance(value, str) else str(value)


def _found(reading: Reading, result: Json, path: str, budget: Budget) -> Iterator[str | None]:
    for part in reading.parts:
        if not isinstance(part, Path):
            yield part.text
            continue
        value = value_of(part.query, result, budget)
        if value is None and (meant := within_result(part.query, path)) is not None:
            value = value_of(meant, result, budget)
        yield value


def property_value(reading: Reading | None, result: Json, path: str, budget: Budget) -> str | None:
    """What a property says of a result that was found by `path`; None when a path in it selects nothing.

    The budget is that of all properties of all results of an answer.
    """
    if reading is None:
        return None
    texts = [text for text in _found(reading, result, path, budget) if text is not None]
    if len(texts) < len(reading.parts):
        return reading.otherwise or None
    text = "".join(texts).strip()
    return text if 0 < len(text) <= MAX_VALUE else None
