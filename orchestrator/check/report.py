"""The report of `orchestrator validate`, for people, for programs and for GitHub. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import Problem
from orchestrator.render.sanitize import clean_line, plain_json
from runtimes.values import Json, JsonObject, pretty_json

MAX_BEFORE = 60
"""How many characters of the source line are shown before the place."""

MAX_AFTER = 60
"""How many are shown from the place on."""

_COLOURS: Mapping[Literal["error", "warning"], str] = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that was checked."""

    path: str
    text: str = ""
    """What is in it; empty where it could not be read."""
    problems: tuple[Problem, ...]

    @property
    def is_valid(self) -> bool:
        """True when there is no error; warnings are allowed."""
        return all(problem.severity != "error" for problem in self.problems)


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def _source(lines: Sequence[str], problem: Problem) -> list[str]:
    """The line of the text with a caret under the place."""
    if not 1 <= problem.line <= len(lines):
        return []
    line, at = lines[problem.line - 1], problem.column - 1
    before = line[max(0, at - MAX_BEFORE) : at].lstrip()
    after = line[at : at + MAX_AFTER].rstrip()
    lead = "…" if at > MAX_BEFORE else ""
    shown = lead + clean_line(before) + (" " if before[-1:].isspace() else "")
    rest = clean_line(after) + ("…" if len(line.rstrip()) > at + MAX_AFTER else "")
    return [f"    {shown}{rest}", f"    {' ' * _width(shown)}^"]


def _problem_lines(checked: Checked, lines: Sequence[str], problem: Problem, *, is_coloured: bool) -> list[str]:
    colour, plain = (_COLOURS[problem.severity], _PLAIN) if is_coloured else ("", "")
    place = f":{problem.line}:{problem.column}" if problem.line else ""
    head = f"{clean_line(checked.path)}{place}: {colour}{problem.severity}{plain} {problem.code}"
    told = [f"{head}: {clean_line(problem.message)}", *_source(lines, problem)]
    if problem.hint:
        told.append(f"    hint: {clean_line(problem.hint)}")
    if problem.clause:
        told.append(f"    spec: {problem.clause}")
    return told


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _verdict(checked: Checked) -> str:
    errors = sum(problem.severity == "error" for problem in checked.problems)
    verdict = "valid" if checked.is_valid else "not valid"
    warnings = len(checked.problems) - errors
    return f"{clean_line(checked.path)}: {verdict} ({_count(errors, 'error')}, {_count(warnings, 'warning')})"


def as_text(files: Sequence[Checked], *, is_coloured: bool = False) -> str:
    """For people: each problem with its source line, and a verdict for each file."""
    told: list[str] = []
    for checked in files:
        lines = checked.text.split("\n")
        for problem in checked.problems:
            told += [*_problem_lines(checked, lines, problem, is_coloured=is_coloured), ""]
        told.append(_verdict(checked))
    return "\n".join(told)


def _as_object(problem: Problem) -> JsonObject:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "pointer": problem.pointer,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
        "clause": problem.clause,
    }


def as_json(files: Sequence[Checked]) -> str:
    """For programs: one object, `{"files": [{"path", "valid", "problems": […]}]}`; line and column are 0 if unknown."""
    listed: list[Json] = [
        {"path": checked.path, "valid": checked.is_valid, "problems": [_as_object(item) for item in checked.problems]}
        for checked in files
    ]
    return plain_json(pretty_json({"files": listed}))


def _data(text: str) -> str:
    """Escaped as the text of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escaped as the value of a property of a workflow command."""
    return _data(clean_line(text)).replace(":", "%3A").replace(",", "%2C")


def _annotation(checked: Checked, problem: Problem) -> str:
    place = f",line={problem.line},col={problem.column}" if problem.line else ""
    more = [f"hint: {problem.hint}"] if problem.hint else []
    more += [f"spec: {problem.clause}"] if problem.clause else []
    text = "\n".join(clean_line(part) for part in (problem.message, *more))
    head = f"{problem.severity} file={_property(checked.path)}{place},title={_property(problem.code)}"
    return f"::{head}::{_data(text)}"


def as_github(files: Sequence[Checked]) -> str:
    """For GitHub Actions: one annotation for each problem."""
    return "\n".join(_annotation(checked, problem) for checked in files for problem in checked.problems)
