"""How conversations went, for people, for programs and for build servers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from xml.etree import ElementTree

from orchestrator.errors import Problem
from orchestrator.render.sanitize import clean, clean_line
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.telling.coverage import merged
from orchestrator.testing.telling.coverage_report import coverage_json, coverage_lines
from orchestrator.testing.telling.explained_lines import lines_of_turn
from runtimes.values import Json, JsonObject

WIDTH = 80
"""Characters of a line, where nobody says it."""

SUITE = "orchestrator test"
"""What a report for build servers calls all of it."""

_STEP_INDENT = 2
"""Characters before the steps of a conversation."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GREEN, _RED, _PLAIN = "\x1b[32m", "\x1b[1;31m", "\x1b[0m"


def failure_text(file: str, failure: Failure) -> str:
    """The failure at its place in the file, as editors and terminals take places."""
    return f"{clean_line(file)}{':' if failure.line else ': '}{clean(failure.text)}"


def as_lines(outcome: Outcome, *, is_coloured: bool = False, width: int = WIDTH) -> Iterator[str]:
    """One line for a conversation, and under it what failed, and every step where that is told; steps take `width`."""
    word, colour = ("ok", _GREEN) if outcome.is_passed else ("FAIL", _RED)
    shown = f"{colour}{word}{_PLAIN}" if is_coloured else word
    yield f"{shown} {clean_line(f'{outcome.file}: {outcome.name} ({outcome.seconds:.2f} s)')}"
    for failure in outcome.failures:
        yield "\n".join(f"  {line}" for line in failure_text(outcome.file, failure).split("\n"))
    yield from (f"    {line}" for line in outcome.transcript)
    steps = (line for turn in outcome.explanation for line in lines_of_turn(turn, width=width - _STEP_INDENT))
    yield from (f"{'':{_STEP_INDENT}}{line}".rstrip() for line in steps)


def _mistakes(problems: Sequence[Problem]) -> str:
    files = len({problem.file for problem in problems})
    told = f"{len(problems)} mistake{'s' * (len(problems) > 1)} in {files} file{'s' * (files > 1)}"
    return f"; {told}, of which nothing was played"


def summary(
    outcomes: Sequence[Outcome],
    left: int,
    seconds: float,
    *,
    problems: Sequence[Problem] = (),
    is_interrupted: bool = False,
) -> str:
    """All of them in a line; `left` were not played, the others took so many seconds."""
    passed = sum(outcome.is_passed for outcome in outcomes)
    counts = [(passed, "passed"), (len(outcomes) - passed, "failed"), (left, "not played")]
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    lead = "interrupted: " if is_interrupted else ""
    return f"{lead}{told} in {seconds:.2f} s{_mistakes(problems) if problems else ''}"


def covered_lines(outcomes: Sequence[Outcome], *, width: int = WIDTH) -> Iterator[str]:
    """What all of them have exercised; nothing where that was not wanted."""
    coverages = [outcome.coverage for outcome in outcomes if outcome.coverage is not None]
    return coverage_lines(merged(coverages), width=width) if coverages else iter(())


def problem_line(problem: Problem) -> str:
    """A mistake in a file, at its place."""
    hint = f"; {problem.hint}" if problem.hint else ""
    return clean_line(f"{problem.file}{problem.place}: {problem.message}{hint}")


def failure_json(failure: Failure) -> JsonObject:
    """The failure, for programs."""
    return {
        "kind": failure.kind,
        "pointer": failure.pointer,
        "line": failure.line,
        "column": failure.column,
        "message": failure.message,
        "details": dict(failure.details),
    }


def _outcome_json(outcome: Outcome) -> JsonObject:
    told: JsonObject = {
        "file": outcome.file,
        "name": outcome.name,
        "passed": outcome.is_passed,
        "seconds": round(outcome.seconds, 3),
        "failures": [failure_json(failure) for failure in outcome.failures],
    }
    if outcome.transcript:
        told["transcript"] = list[Json](outcome.transcript)
    if outcome.explanation:
        told["explanation"] = [asdict(turn) for turn in outcome.explanation]
    return told


def _problem_json(problem: Problem) -> JsonObject:
    return {
        "file": problem.file,
        "code": problem.code,
        "pointer": problem.pointer,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def as_json(
    outcomes: Sequence[Outcome], problems: Sequence[Problem], left: int, *, is_interrupted: bool = False
) -> JsonObject:
    """All that is known, for programs."""
    passed = sum(outcome.is_passed for outcome in outcomes)
    coverages = [outcome.coverage for outcome in outcomes if outcome.coverage is not None]
    coverage: JsonObject = {"coverage": coverage_json(merged(coverages))} if coverages else {}
    return {
        "interrupted": is_interrupted,
        "passed": passed,
        "failed": len(outcomes) - passed,
        "not_played": left,
        "conversations": [_outcome_json(outcome) for outcome in outcomes],
        **coverage,
        "problems": [_problem_json(problem) for problem in problems],
    }


def _xml_text(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _suite(
    root: ElementTree.Element, name: str, *, tests: int, failures: int = 0, errors: int = 0
) -> ElementTree.Element:
    counts = {"tests": tests, "failures": failures, "errors": errors}
    return ElementTree.SubElement(
        root, "testsuite", {"name": _xml_text(name), **{key: str(count) for key, count in counts.items()}}
    )


def _case(suite: ElementTree.Element, file: str, name: str, seconds: float = 0.0) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=_xml_text(file), name=_xml_text(name), time=f"{seconds:.3f}"
    )


def _add_outcome(suite: ElementTree.Element, outcome: Outcome) -> None:
    case = _case(suite, outcome.file, outcome.name, outcome.seconds)
    if outcome.failures:
        failure = ElementTree.SubElement(case, "failure", message=_xml_text(outcome.failures[0].message))
        failure.text = _xml_text("\n".join(failure_text(outcome.file, one) for one in outcome.failures))
    if outcome.transcript:
        ElementTree.SubElement(case, "system-out").text = _xml_text("\n".join(outcome.transcript))


def as_junit(outcomes: Sequence[Outcome], problems: Sequence[Problem] = (), not_counted: str = "") -> str:
    """JUnit XML: a suite for each file, a case for each conversation, and an error for each mistake in a file.

    `not_counted` says why it does not have everything; empty where it does.
    """
    root = ElementTree.Element("testsuites", name=SUITE)
    for file in dict.fromkeys(outcome.file for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.file == file]
        suite = _suite(root, file, tests=len(own), failures=sum(not outcome.is_passed for outcome in own))
        suite.set("time", f"{sum(outcome.seconds for outcome in own):.3f}")
        for outcome in own:
            _add_outcome(suite, outcome)
    for file in dict.fromkeys(problem.file for problem in problems):
        mistakes = [problem for problem in problems if problem.file == file]
        suite = _suite(root, file, tests=len(mistakes), errors=len(mistakes))
        for problem in mistakes:
            error = ElementTree.SubElement(
                _case(suite, file, problem.code), "error", message=_xml_text(problem.message)
            )
            error.text = _xml_text(problem_line(problem))
    if not_counted:
        suite = _suite(root, SUITE, tests=1, errors=1)
        ElementTree.SubElement(_case(suite, SUITE, "everything"), "error", message=_xml_text(not_counted))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
