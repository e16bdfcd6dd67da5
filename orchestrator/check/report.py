"""The report of `orchestrator validate`, for people, for programs and for GitHub. Pure.

What was checked is one thing that a person named; its problems may stand in other files, to which it refers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.errors import Problem
from orchestrator.render.sanitize import clean_line, plain_json
from orchestrator.render.workflow import annotation
from runtimes.values import Json, JsonObject, pretty_json

MAX_BEFORE = 60
"""How many characters of the source line are shown before the place."""

MAX_AFTER = 60
"""How many are shown from the place on."""

_COLOURS: Mapping[Literal["error", "warning"], str] = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
_PLAIN = "\x1b[0m"
_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that change what stands before them, or are not drawn: accents, joiners, selectors."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A document that was checked, with what it refers to."""

    path: str
    text: str = field(default="", repr=False)
    """What is in it; empty where it could not be read."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What is in each of the files that it refers to, as far as they could be read."""
    problems: tuple[Problem, ...]

    @property
    def is_valid(self) -> bool:
        """True when there is no error; warnings are allowed."""
        return all(problem.severity != "error" for problem in self.problems)

    def file_of(self, problem: Problem) -> str:
        """The file in which the problem stands."""
        return problem.file or self.path

    def in_order(self) -> Sequence[Problem]:
        """The problems by file and place: its own first, then those of the other files as these were read."""
        ranks = {name: rank for rank, name in enumerate(self.texts)} | {self.path: -1}
        return sorted(
            self.problems,
            key=lambda found: (
                ranks.get(self.file_of(found), len(ranks)),
                self.file_of(found),
                found.line,
                found.column,
                found.severity,
            ),
        )


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    drawn = [char for char in text if unicodedata.category(char) not in _WITHOUT_WIDTH]
    return len(drawn) + sum(unicodedata.east_asian_width(char) in "WF" for char in drawn)


def _source(lines: Sequence[str], problem: Problem) -> list[str]:
    """The line of the text with a caret under the place."""
    if not 1 <= problem.line <= len(lines):
        return []
    line, at = lines[problem.line - 1], max(problem.column - 1, 0)
    if problem.before and line.startswith(f'"{problem.before}', at):
        at += 1 + len(problem.before)
    before = line[max(0, at - MAX_BEFORE) : at].lstrip()
    after = line[at : at + MAX_AFTER]
    lead = "…" if at > MAX_BEFORE else ""
    shown = lead + clean_line(before) + (" " if before[-1:].isspace() else "")
    rest = clean_line(after) + ("…" if len(line) > at + MAX_AFTER else "")
    return [f"    {shown}{rest}", f"    {' ' * _width(shown)}^"]


def _problem_lines(file: str, lines: Sequence[str], problem: Problem, *, is_coloured: bool) -> list[str]:
    colour, plain = (_COLOURS[problem.severity], _PLAIN) if is_coloured else ("", "")
    place = f":{problem.line}:{problem.column}" if problem.line else ""
    head = f"{clean_line(file)}{place}: {colour}{problem.severity}{plain} {problem.code}"
    told = [f"{head}: {clean_line(problem.message)}", *_source(lines, problem)]
    if problem.hint:
        told.append(f"    hint: {clean_line(problem.hint)}")
    if problem.clause:
        told.append(f"    spec: {problem.clause}")
    return told


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _tally(problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    return f"({_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')})"


def _verdict(checked: Checked) -> str:
    verdict = "valid" if checked.is_valid else "not valid"
    return f"{clean_line(checked.path)}: {verdict} {_tally(checked.problems)}"


def _summary(files: Sequence[Checked]) -> str:
    valid = sum(checked.is_valid for checked in files)
    verdict = f"{valid} valid, {len(files) - valid} not valid"
    return f"{len(files)} checked: {verdict} {_tally([item for checked in files for item in checked.problems])}"


def _told(checked: Checked, *, is_coloured: bool) -> Iterator[str]:
    texts = {**checked.texts, checked.path: checked.text}
    lines = {name: [line.rstrip() for line in text.split("\n")] for name, text in texts.items()}
    for problem in checked.in_order():
        file = checked.file_of(problem)
        yield from _problem_lines(file, lines.get(file, ()), problem, is_coloured=is_coloured)
        yield ""
    yield _verdict(checked)


def as_text(files: Sequence[Checked], *, is_coloured: bool = False) -> str:
    """For people: each problem with its source line, a verdict for each document, and one line for all of them."""
    told = [line for checked in files for line in _told(checked, is_coloured=is_coloured)]
    if len(files) > 1:
        told.append(_summary(files))
    return "\n".join(told)


def whole(text: str) -> str:
    """The text as JSON can have it: names of files may have bytes that are no characters."""
    return _SURROGATE.sub("\ufffd", text)


def _as_object(problem: Problem, file: str) -> JsonObject:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "pointer": whole(problem.pointer),
        "line": problem.line,
        "column": problem.column,
        "message": whole(problem.message),
        "hint": whole(problem.hint),
        "clause": problem.clause,
        "file": whole(file),
    }


def _as_verdict(checked: Checked) -> JsonObject:
    problems: list[Json] = [_as_object(item, checked.file_of(item)) for item in checked.in_order()]
    return {"path": whole(checked.path), "valid": checked.is_valid, "problems": problems}


def as_json(files: Sequence[Checked]) -> str:
    """For programs: one object, `{"files": [{"path", "valid", "problems": […]}]}`; line and column are 0 if unknown."""
    return plain_json(pretty_json({"files": [_as_verdict(checked) for checked in files]}))


def in_words(problem: Problem) -> str:
    """What is wrong and what to do about it, one line for each, harmless to a terminal."""
    more = [f"hint: {problem.hint}"] if problem.hint else []
    more += [f"spec: {problem.clause}"] if problem.clause else []
    return "\n".join(clean_line(part) for part in (problem.message, *more))


def _annotation(file: str, problem: Problem) -> str:
    return annotation(
        problem.severity,
        in_words(problem),
        file=file,
        line=problem.line,
        column=problem.column,
        title=problem.code,
    )


def as_github(files: Sequence[Checked]) -> str:
    """For GitHub Actions: one annotation for each problem."""
    return "\n".join(_annotation(checked.file_of(item), item) for checked in files for item in checked.in_order())
