"""An earlier result that live models are held against: its file, and what has become worse since. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator
from pydantic_core import ErrorDetails

from orchestrator.errors import Problem
from orchestrator.testing.live.evaluation import Counted, Evaluated
from orchestrator.testing.live.rates import Rate, chance_of_as_few, is_worse, least_to_be_worse
from runtimes.positions import pointer_to
from runtimes.values import InvalidJson, JsonObject, parse_json, pretty_json
from runtimes.yaml_positions import positions_of

MAX_BASELINE_BYTES = 4 * 1024 * 1024
"""How large a baseline may be."""

MAX_COUNT = 10_000
"""How many runs a baseline may count; the work of a comparison grows with them."""

MAX_PROBLEMS = 20
"""How many mistakes of a baseline are named."""

_WORDS: Mapping[str, str] = {
    "extra_forbidden": "there is no member {0!r} here",
    "missing": "member {0!r} is missing",
    "model_type": "it should be an object",
    "string_type": "it should be a text",
    "tuple_type": "it should be a list",
}
"""What is wrong, by the validator's name for the mistake, where that has worse words."""

_Count = Annotated[StrictInt, Field(ge=0, le=MAX_COUNT)]


class _Member(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptExpectation(_Member):
    """How often an expectation held."""

    at: str
    """From the conversation to it."""
    held: _Count
    of: _Count

    @model_validator(mode="after")
    def _is_rate(self) -> KeptExpectation:
        if self.held > self.of:
            raise ValueError("'held' cannot be more than 'of'")
        return self


class KeptConversation(_Member):
    """How often a conversation passed."""

    file: str
    """Relative to the baseline, with slashes."""
    name: str
    passed: _Count
    of: _Count
    """Runs that were counted."""
    expectations: tuple[KeptExpectation, ...] = ()

    @model_validator(mode="after")
    def _is_rate(self) -> KeptConversation:
        if self.passed > self.of:
            raise ValueError("'passed' cannot be more than 'of'")
        return self


class Baseline(_Member):
    """An earlier result."""

    format: Literal[1] = 1
    model: str
    """The model that it was measured with."""
    conversations: tuple[KeptConversation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """Something that is worse than it was."""

    expected: Counted | None
    """None for the conversation as a whole."""
    before: Rate
    now: Rate

    @property
    def chance(self) -> float:
        """How probable so bad a result is where nothing has changed."""
        return chance_of_as_few(self.now, self.before)


def _told(item: ErrorDetails) -> str:
    words = item["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    named = _WORDS[item["type"]].format(*item["loc"][-1:]) if item["type"] in _WORDS else words
    return f"the baseline cannot be read: {named}"


def _problem(name: str, data: bytes, pointer: str, message: str) -> Problem:
    place = positions_of(data).nearest(pointer)
    return Problem(
        severity="error",
        code="baseline",
        message=message,
        pointer=pointer,
        line=place.line,
        column=place.column,
        file=name,
    )


def read_baseline(data: bytes, name: str) -> Baseline | tuple[Problem, ...]:
    """The baseline that a file is, or what is wrong with it."""
    try:
        value = parse_json(data)
    except InvalidJson as error:
        message = f"the baseline is no JSON: {error.reason}"
        found = Problem(
            severity="error", code="baseline", message=message, line=error.line, column=error.column, file=name
        )
        return (found,)
    try:
        return Baseline.model_validate(value)
    except ValidationError as error:
        items = error.errors(include_url=False)[:MAX_PROBLEMS]
        return tuple(_problem(name, data, pointer_to(*item["loc"]), _told(item)) for item in items)


def relative_file(file: str, baseline: Path) -> str:
    """What a conversation file is called in a baseline: the same wherever the command is run."""
    path = os.path.relpath(Path(file).resolve(), baseline.resolve().parent)
    return PurePath(path).as_posix()


def _keyed(conversations: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, int]]:
    """Files and names, with a number for those that have them in common."""
    seen: dict[tuple[str, str], int] = {}
    for key in conversations:
        seen[key] = seen.get(key, 0) + 1
        yield *key, seen[key]


def written_baseline(model: str, conversations: Sequence[Evaluated], path: Path) -> str:
    """The text of a baseline that is to be at the path; equal results give equal texts."""
    kept = [
        KeptConversation(
            file=relative_file(one.file, path),
            name=one.name,
            passed=one.passed.held,
            of=one.passed.of,
            expectations=tuple(
                KeptExpectation(at=counted.expected.at, held=counted.rate.held, of=counted.rate.of)
                for counted in one.expectations
            ),
        )
        for one in conversations
    ]
    in_order = sorted(kept, key=lambda one: (one.file, one.name))
    document: JsonObject = Baseline(model=model, conversations=tuple(in_order)).model_dump(mode="json")
    return pretty_json(document) + "\n"


def _known(baseline: Baseline) -> Mapping[tuple[str, str, int], KeptConversation]:
    names = [(one.file, one.name) for one in baseline.conversations]
    return dict(zip(_keyed(names), baseline.conversations, strict=True))


def _worse(now: Evaluated, before: KeptConversation) -> Iterator[Worse]:
    then = Rate(held=before.passed, of=before.of)
    if is_worse(now.passed, then):
        yield Worse(expected=None, before=then, now=now.passed)
    rates = {one.at: Rate(held=one.held, of=one.of) for one in before.expectations}
    for counted in now.expectations:
        rate = rates.get(counted.expected.at)
        if rate is not None and is_worse(counted.rate, rate):
            yield Worse(expected=counted, before=rate, now=counted.rate)


def _before(names: Sequence[tuple[str, str]], baseline: Baseline, path: Path) -> tuple[KeptConversation | None, ...]:
    """What the baseline at the path has of conversations, by their files and names."""
    known = _known(baseline)
    return tuple(known.get(key) for key in _keyed([(relative_file(file, path), name) for file, name in names]))


def least_runs(names: Sequence[tuple[str, str]], baseline: Baseline, path: Path) -> int:
    """How often conversations must be played so that each could be called worse than in the baseline at the path."""
    counts = {kept.of for kept in _before(names, baseline, path) if kept is not None and kept.of}
    return max(map(least_to_be_worse, counts), default=1)


def compared(
    conversations: Sequence[Evaluated], baseline: Baseline, path: Path
) -> tuple[tuple[Worse, ...] | None, ...]:
    """For each conversation what has become worse since the baseline at the path; None for one that is not in it."""
    kept = _before([(one.file, one.name) for one in conversations], baseline, path)
    return tuple(
        tuple(_worse(now, before)) if before is not None and before.of else None
        for now, before in zip(conversations, kept, strict=True)
    )
