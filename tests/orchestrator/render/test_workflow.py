"""Texts in which a runner of GitHub Actions finds no command (issue 6)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.render.workflow import json_without_commands, without_commands

PARTS = st.lists(st.sampled_from(["::", ":", "error", "##[", "#", "[", " ", "\t", "\u00a0", "\u3000", "\n", "a"]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::gone", ": :error::gone"),
        ("  \u00a0::stop-commands::x", "  \u00a0: :stop-commands::x"),
        ("fine\n\t::add-mask::a", "fine\n\t: :add-mask::a"),
        ("note ##[error]gone", "note ## [error]gone"),
        ("a::b and # [c]", "a::b and # [c]"),
    ],
)
def test_what_a_runner_takes_for_a_command_is_broken_up_and_nothing_else(text: str, shown: str) -> None:
    assert without_commands(text) == shown


@given(PARTS)
def test_no_line_begins_a_command_whatever_is_in_it(parts: list[str]) -> None:
    shown = without_commands("".join(parts))
    assert not any(line.strip().startswith("::") for line in shown.split("\n"))
    assert "##[" not in shown


@given(st.recursive(st.text() | PARTS.map("".join) | st.none(), lambda values: st.dictionaries(st.text(), values)))
def test_json_keeps_its_value(value: object) -> None:
    text = json_without_commands(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(text) == value
    assert "##[" not in text
