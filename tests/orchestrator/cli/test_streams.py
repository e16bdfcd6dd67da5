"""How wide what is told is (issue 6)."""

from __future__ import annotations

import io

import pytest

from orchestrator.cli.streams import told_width


@pytest.mark.parametrize(
    ("columns", "width"),
    [(None, 80), ("", 80), ("0", 80), ("x", 80), ("²", 80), ("20", 50), ("100", 100), ("400", 120), ("9" * 5000, 120)],
)
def test_off_a_terminal_it_is_80_unless_it_is_said(columns: str | None, width: int) -> None:
    assert told_width(io.StringIO(), {} if columns is None else {"COLUMNS": columns}) == width
