"""Issue 5: our card language answers what the reference answers, apart from a written list of differences."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.response.cards.table import NAMES
from runtimes.values import JsonObject
from tests.oracle.ours import agrees, answer, has_same_shape
from tests.oracle.reference import ask, why_silent

_CASES = Path(__file__).parents[3] / "cases" / "cards"
_DIFFERENCES = "differences.json"
_FILES = sorted(
    path
    for path in _CASES.glob("*.json")
    if path.name != _DIFFERENCES and path.read_text(encoding="utf-8").startswith("[\n{")
)
"""The tables; a file that is no array of rows is somebody else's."""

MIN_ROWS = 1500


def _rows(path: Path) -> list[JsonObject]:
    rows: list[JsonObject] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _answer_of(row: JsonObject) -> JsonObject:
    recorded = row["answer"]
    assert isinstance(recorded, dict)
    return recorded


def _question(row: JsonObject) -> JsonObject:
    return {name: row[name] for name in row if name not in ("answer", "ours", "why")}


def _key(row: JsonObject) -> str:
    return json.dumps([row.get(name) for name in ("expression", "scope", "locale", "template", "data", "host")])


def _different() -> set[str]:
    return {_key(row) for row in _rows(_CASES / _DIFFERENCES)}


def _disagreement(row: JsonObject) -> str:
    """What is wrong with our answer; empty when nothing is. A row with `shape` is compared by shape only."""
    ours, theirs = answer(row), _answer_of(row)
    if agrees(ours, theirs) or (row.get("shape") and has_same_shape(ours, theirs)):
        return ""
    return (
        f"{json.dumps(_question(row))[:300]}\n  reference {json.dumps(theirs)[:300]}\n  ours {json.dumps(ours)[:300]}"
    )


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_every_row_is_answered_as_the_reference_answered_it(path: Path) -> None:
    different = _different()
    wrong = [found for row in _rows(path) if _key(row) not in different and (found := _disagreement(row))]
    assert not wrong, f"{len(wrong)} rows differ:\n" + "\n".join(wrong[:20])


def test_there_are_enough_rows() -> None:
    assert sum(len(_rows(path)) for path in _FILES) >= MIN_ROWS


def test_every_function_has_rows() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in _FILES)
    assert [name for name in NAMES if name not in texts] == []
    assert [name for name in NAMES if name.isalpha() and f"{name}(" not in texts] == []


def test_every_difference_has_a_reason_and_is_one() -> None:
    for row in _rows(_CASES / _DIFFERENCES):
        ours, told = answer(row), row["ours"]
        assert isinstance(row["why"], str)
        assert isinstance(told, dict)
        assert agrees(ours, told), f"{row}\n{ours}"
        assert not agrees(ours, _answer_of(row)), f"no difference any more: {row}"


def _silent() -> bool:
    """Whether the reference cannot be asked; in continuous integration it must be there."""
    reason = why_silent()
    assert reason is None or not os.environ.get("CI"), reason
    return reason is not None


def test_the_recorded_answers_are_those_of_the_reference() -> None:
    """They are asked for together, since an engine takes longer to start than to answer."""
    if _silent():
        pytest.skip(f"the reference cannot be asked: {why_silent()}")
    files = [*_FILES, _CASES / _DIFFERENCES]
    rows = [(path.name, row) for path in files for row in _rows(path)]
    told = ask([_question(row) for _, row in rows])
    changed = [
        (name, row, answered)
        for (name, row), answered in zip(rows, told, strict=True)
        if answered != _answer_of(row) and not (row.get("shape") and has_same_shape(answered, _answer_of(row)))
    ]
    assert not changed, f"{len(changed)} rows are answered otherwise: {changed[:5]}"
