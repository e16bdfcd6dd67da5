"""`docs/policy.md` says what the code decides (issue 7: the table is generated from the code)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.policy.rules import MODES, Mode
from orchestrator.policy.table import CONTEXTS, rows, table, with_tables
from orchestrator.policy.words import MAX_SCATTERED, MAX_SPOKEN_VALUES, MIN_DIGITS, MIN_TOKEN_CHARS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert with_tables(TEXT) == TEXT
    assert all(table(mode) in TEXT for mode in MODES)


def test_the_command_on_the_page_writes_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(TEXT.replace("**asks**", "**nods**"), encoding="utf-8")
    assert "`python -m orchestrator.policy.table docs/policy.md`" in TEXT
    subprocess.run([sys.executable, "-m", "orchestrator.policy.table", str(page)], check=True, timeout=60)
    assert page.read_text(encoding="utf-8") == TEXT


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the marks of the table 'strict' are missing"):
        with_tables("nothing here")


@pytest.mark.parametrize("mode", MODES)
def test_a_row_gets_no_looser_from_column_to_column(mode: Mode) -> None:
    rank = {"allow": 0, "ask": 1, "deny": 2}
    found = list(rows(mode))
    assert found
    for row in found:
        ranks = [rank[decision] for decision in row.decisions]
        assert len(ranks) == len(CONTEXTS)
        assert ranks == sorted(ranks), row


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    said = " ".join(TEXT.split())
    assert f"are at most {MAX_SCATTERED} in a call, none twice" in said
    assert f"all values, lists and objects at most {MAX_SPOKEN_VALUES}" in said
    assert f"At least one word of a value has {MIN_TOKEN_CHARS} letters or more, or {MIN_DIGITS} digits" in said
