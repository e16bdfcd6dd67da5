"""What the page on the library says in numbers is what the code has."""

from __future__ import annotations

from pathlib import Path

from orchestrator.journal.memory import MAX_FILES_BYTES
from orchestrator.turn.files import MAX_FILE_BYTES, MAX_NAMED_BYTES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "library.md"
MIB = 1024 * 1024


def test_the_limits_of_files_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"In memory it is {MAX_FILES_BYTES // MIB} MiB for a conversation" in text
    assert f"longer than {MAX_FILE_BYTES // MIB} MiB" in text
    assert f"more than {MAX_NAMED_BYTES // MIB} MiB together" in text
