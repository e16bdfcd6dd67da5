"""The conversation files in the documents are read, and fit the published schema."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest

from orchestrator.testing.format.patterns import MATCHERS
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.schema import FILE
from orchestrator.testing.playing.run import run_conversation
from runtimes.documents import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = [
    block
    for page in ("testing.md", "recordings.md", "live.md")
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_file_in_the_document_has_no_problems(block: str) -> None:
    file = read_conversations(block.encode(), "docs.conversation.yaml")
    assert file.problems == ()
    assert file.conversations


@pytest.mark.parametrize("block", BLOCKS)
def test_a_file_in_the_document_fits_the_schema(block: str) -> None:
    validator = jsonschema_rs.Draft202012Validator(FILE.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(parse_yaml(block.encode(), "docs"))] == []


@pytest.mark.parametrize(
    ("mark", "folder"),
    [
        ("Find homes and save the search", "contoso_real_estate/conversations"),
        ("WindowsSettingsPlugin", "windows_settings/conversations"),
        ("Atlantis", "contoso_real_estate"),
        ("service: homes", "contoso_real_estate/conversations"),
        ("look in Tacoma?", "contoso_real_estate"),
        ("nothing is deleted here", "contoso_real_estate"),
    ],
)
async def test_a_file_in_the_document_passes_over_the_example(mark: str, folder: str) -> None:
    [block] = [block for block in BLOCKS if mark in block]
    place = ROOT / "examples" / folder / "docs.conversation.yaml"
    for placed in read_conversations(block.encode(), "docs.conversation.yaml").conversations:
        outcome = await run_conversation(placed, str(place))
        assert [failure.text for failure in outcome.failures] == []


def test_every_matcher_is_in_the_document() -> None:
    assert [name for name in MATCHERS if f"`{{{name}:" not in TEXT] == []


def test_the_failure_in_the_document_is_one() -> None:
    [shown] = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    told = ROOT / "tests" / "cases" / "conversations" / "failures" / "calls_arguments.txt"
    assert shown == told.read_text(encoding="utf-8")
