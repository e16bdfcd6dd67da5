"""For each kind of expectation one file that fails, and the exact words that a person then reads (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.events import Event
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.judging.judge import judge
from tests.orchestrator.testing.stories import ANSWERED, BROKEN, SEARCHED, observed, unscripted

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations" / "failures"
FILES = sorted(CASES.glob("*.conversation.yaml"))
OTHER_STORIES: dict[str, tuple[Event, ...]] = {
    "question_left_open": SEARCHED,
    "end_by_error_unexpected": BROKEN,
    "end_detail": BROKEN,
}
"""What happened, where it is not the story that most files are judged by."""


def _name(path: Path) -> str:
    return path.name.removesuffix(".conversation.yaml")


def told(path: Path) -> str:
    """The failures of the file's only turn."""
    file = read_conversations(path.read_bytes(), path.name)
    assert file.problems == ()
    [placed] = file.conversations
    turn = placed.conversation.turns[0]
    happened = (observed if turn.model else unscripted)(turn, OTHER_STORIES.get(_name(path), ANSWERED))
    return "".join(f"{failure.text}\n" for failure in judge(turn, happened, placed.turn(0)))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_failure_says_what_was_expected_what_came_and_where(path: Path) -> None:
    assert told(path) == path.with_name(f"{_name(path)}.txt").read_text(encoding="utf-8")


def test_every_text_belongs_to_a_file() -> None:
    assert {path.stem for path in CASES.glob("*.txt")} == {_name(path) for path in FILES}
