"""What docs/recordings.md shows of recordings is what they are."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.testing.recordings.cassette_file import read_cassette, write_cassette

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8")


def test_the_cassette_in_the_document_is_one_as_it_is_written() -> None:
    [shown] = re.findall(r"```yml\n(.*?)```", TEXT, re.DOTALL)
    read = read_cassette(shown.encode(), "docs")
    assert read.problems == ()
    assert write_cassette(read.cassette).decode().partition("\n")[2] == shown


def test_the_difference_in_the_document_is_one() -> None:
    [shown] = re.findall(r"```diff\n(.*?)```", TEXT, re.DOTALL)
    cases = ROOT / "tests" / "cases" / "conversations" / "recordings"
    assert shown == (cases / "a_description_of_a_function.txt").read_text(encoding="utf-8")
