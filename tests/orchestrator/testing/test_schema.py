"""The published JSON Schema of conversation files."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from orchestrator.testing.format.schema import FILE, conversation_schema
from runtimes.documents import parse_yaml
from runtimes.values import Json, pretty_json

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations" / "failures"
OPEN = {"Json", "Pattern"}
"""Definitions of values."""

VALIDATOR = jsonschema_rs.Draft202012Validator(conversation_schema())


def test_the_published_schema_is_the_generated_one() -> None:
    """`python -m orchestrator.testing.format.schema` writes it."""
    assert FILE.read_text(encoding="utf-8") == pretty_json(conversation_schema()) + "\n"


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(conversation_schema())


def test_every_object_of_the_format_is_closed_and_described() -> None:
    definitions = conversation_schema()["$defs"]
    assert isinstance(definitions, dict)
    for name, definition in definitions.items():
        assert isinstance(definition, dict)
        assert name in OPEN or (definition["description"] and definition["additionalProperties"] is False)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_files_that_are_read_fit_the_schema(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(parse_yaml(path.read_bytes(), path.name))] == []


@pytest.mark.parametrize(
    "turn",
    [
        {"say": "hi", "modle": "x"},
        {"say": "hi", "expect": {"calls": [{"call": "f", "status": "gone"}]}},
        {"say": "hi", "expect": {"calls": [{"call": "f", "with": {"a": {"$regx": "b"}}}]}},
        {"say": "hi", "expect": {"tokens": {"$at-most": "many"}}},
        {"say": "hi", "decide": "perhaps"},
    ],
)
def test_mistakes_do_not_fit_the_schema(turn: Json) -> None:
    assert not VALIDATOR.is_valid({"turns": [turn]})
    assert VALIDATOR.is_valid({"turns": [{"say": "hi"}]})
    assert not VALIDATOR.is_valid({"name": "nothing happens"})
