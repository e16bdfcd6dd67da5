"""What docs/testing.md shows of explanations, transcripts and coverage is what is told."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.testing.telling.coverage import KINDS
from orchestrator.testing.telling.explanation import (
    Excerpt,
    ExplainedCall,
    ExplainedCard,
    ExplainedExchange,
    ExplainedQuestion,
    ExplainedRequest,
    ExplainedTurn,
)

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
CASES = ROOT / "tests" / "cases" / "conversations" / "told"
SHAPES = (ExplainedTurn, ExplainedRequest, ExplainedCall, ExplainedExchange, ExplainedQuestion, ExplainedCard)


def _section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _shown(title: str) -> str:
    [block] = re.findall(r"```console\n(.*?)```", _section(title), re.DOTALL)
    return str(block)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What a failure says", "everything.transcript.txt"),
        ("Every step", "saved_search.txt"),
        ("What was exercised", "everything.coverage.txt"),
    ],
)
def test_what_is_shown_is_what_is_told(title: str, name: str) -> None:
    assert (CASES / name).read_text(encoding="utf-8").startswith(_shown(title))


def test_every_member_of_an_explanation_is_in_the_document() -> None:
    members = {one.name for shape in SHAPES for one in fields(shape)}
    assert [name for name in sorted(members) if f"`{name}`" not in _section("Every step")] == []
    assert f"`{{{', '.join(one.name for one in fields(Excerpt))}}}`" in _section("Every step")


def test_every_kind_that_is_counted_is_in_the_document() -> None:
    assert [kind for kind in KINDS if f"| `{kind}` |" not in _section("What was exercised")] == []
