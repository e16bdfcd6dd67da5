"""The turns around a failure (issue 6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_json, as_junit, as_lines
from orchestrator.testing.telling.transcript import WIDTH
from tests.orchestrator.testing.telling import CASES, told_everything

LAST = "    decide: approve\n"


async def failing(folder: Path, expect: str) -> Outcome:
    """The fourth of five turns expects this, and fails."""
    outcome = await told_everything(folder, (LAST, f"{LAST}    expect: {{{expect}}}\n"))
    assert outcome.failures
    return outcome


def marked(outcome: Outcome) -> list[str]:
    """The labels of the lines that are marked."""
    return [line.split()[1] for line in outcome.transcript if line.startswith("> ")]


async def test_the_turn_that_fails_is_told_and_of_those_before_a_line(tmp_path: Path) -> None:
    outcome = await failing(tmp_path, "questions: [{call: dropHome, answer: decline}], text: [gone, for good]")
    told = "".join(f"{line}\n" for line in outcome.transcript)
    assert told == (CASES / "everything.transcript.txt").read_text(encoding="utf-8")


async def test_what_passes_has_none(tmp_path: Path) -> None:
    assert (await told_everything(tmp_path)).transcript == ()


@pytest.mark.parametrize(
    ("expect", "labels"),
    [
        ("text: Hello", ["answer"]),
        ("end: disengaged", ["ended"]),
        ("calls: [{call: dropHome, status: failed}]", ["call"]),
        ("requests: [DELETE /homes/3]", ["sent"]),
        ("requests: [DELETE /homes/2, DELETE /homes/3]", []),
        ("requests: {include: [GET /]}", []),
        ("prompts: Nothing like it", []),
    ],
)
async def test_the_line_is_marked_where_one_is_known(tmp_path: Path, expect: str, labels: list[str]) -> None:
    assert marked(await failing(tmp_path, expect)) == labels


async def test_it_stands_under_the_failures(tmp_path: Path) -> None:
    outcome = await failing(tmp_path, "text: Hello")
    lines = list(as_lines(replace(outcome, explanation=())))
    assert lines[-len(outcome.transcript) :] == [f"    {line}" for line in outcome.transcript]
    assert "does not contain what it should" in lines[1]


async def test_reports_for_programs_have_it(tmp_path: Path) -> None:
    outcome = await failing(tmp_path, "text: Hello")
    match as_json([outcome], (), 0):
        case {"conversations": [{"transcript": list(told)}]}:
            assert tuple(told) == outcome.transcript
        case other:
            raise AssertionError(other)
    case_ = ElementTree.fromstring(as_junit([outcome])).find(".//testcase/system-out")
    assert case_ is not None
    assert case_.text == "\n".join(outcome.transcript)


async def test_no_line_is_long_or_moves_a_terminal(tmp_path: Path) -> None:
    decide = "    decide:\n      - {call: dropHome"
    outcome = await told_everything(tmp_path, (decide, f"    expect: {{text: {'x' * 200}}}\n{decide}"))
    assert outcome.transcript
    assert [line for line in outcome.transcript if len(line) > WIDTH or "\x1b" in line or "\u202e" in line] == []


async def test_a_conversation_that_cannot_begin_has_none(tmp_path: Path) -> None:
    outcome = await told_everything(tmp_path, ("plugins: plugin.json", "plugins: nowhere.json"))
    assert outcome.failures
    assert (outcome.transcript, outcome.explanation, outcome.coverage) == ((), (), None)
