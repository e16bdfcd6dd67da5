"""Which files conversations depend on, and which changes matter to them (issue 6)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.places import Placed
from orchestrator.testing.playing.watched import changed, folders_of, is_affected, stamps_in


def placed(*plugins: str) -> Placed:
    """A conversation with these plugins."""
    members = {"plugins": list(plugins), "turns": [{"say": "Hi", "model": "Hello"}]}
    return Placed(conversation=Conversation.model_validate(members))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("plugin/plugin.json", "tests/a.conversation.yaml", "tests/b.conversation.yaml", "tests/shots/a.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    return tmp_path.resolve()


def test_the_folders_are_those_of_the_file_and_of_its_plugins(folder: Path) -> None:
    file = str(folder / "tests" / "a.conversation.yaml")
    assert folders_of(placed("../plugin/plugin.json", "https://example.com/plugin.json"), file) == {
        folder / "tests",
        folder / "plugin",
    }
    assert folders_of(placed("../plugin"), file) == {folder / "tests", folder / "plugin"}


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("tests/a.conversation.yaml", True),
        ("tests/b.conversation.yaml", False),
        ("tests/shots/a.json", True),
        ("tests/a.cassette.yaml", True),
        ("plugin/cards/card.json", True),
        ("elsewhere/card.json", False),
    ],
)
def test_a_change_matters_where_it_may(folder: Path, path: str, is_one: bool) -> None:
    file = str(folder / "tests" / "a.conversation.yaml")
    assert is_affected(placed("../plugin/plugin.json"), file, [folder / path]) is is_one


def test_what_is_written_made_or_taken_away_has_changed(folder: Path) -> None:
    before = stamps_in([folder])
    assert changed(before, stamps_in([folder])) == frozenset()
    (folder / "plugin" / "plugin.json").write_text("{ }", encoding="utf-8")
    (folder / "plugin" / "card.json").write_text("{}", encoding="utf-8")
    (folder / "tests" / "b.conversation.yaml").unlink()
    assert changed(before, stamps_in([folder])) == {
        folder / "plugin" / "plugin.json",
        folder / "plugin" / "card.json",
        folder / "tests" / "b.conversation.yaml",
    }


def test_a_file_of_the_same_length_that_is_written_later_has_changed(folder: Path) -> None:
    path = folder / "plugin" / "plugin.json"
    before = stamps_in([folder])
    os.utime(path, ns=(1, before[path][0] + 1))
    assert changed(before, stamps_in([folder])) == {path}


def test_hidden_folders_and_those_that_programs_fill_are_not_looked_at(folder: Path) -> None:
    before = stamps_in([folder])
    for name in (".git", "__pycache__", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x", encoding="utf-8")
    (folder / ".swp").write_text("x", encoding="utf-8")
    (folder / "nothing").symlink_to(folder / "nowhere")
    assert stamps_in([folder]) == before


def test_a_folder_in_another_one_is_looked_at_once_and_no_more_files_than_the_limit(folder: Path) -> None:
    assert len(stamps_in([folder, folder / "tests"])) == 4
    assert len(stamps_in([folder], limit=3)) == 3
    assert stamps_in([folder / "nowhere"]) == {}
