"""Which conversations are played, and which files are refused (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.testing.format.finding import conversation_files
from orchestrator.testing.playing.collect import Choice, collect
from tests.orchestrator.testing.playing import write_conversation

HELLO = "tags: [smoke, slow]\nname: Hello there\nturns: [{say: Hi, model: Hello}]\n"


def test_a_folder_is_searched_and_hidden_ones_in_it_are_not(tmp_path: Path) -> None:
    for folder in ("b", "a/deep", ".hidden", "a/.venv"):
        (tmp_path / folder).mkdir(parents=True)
        write_conversation(tmp_path / folder, HELLO)
    (tmp_path / "a" / "other.yaml").write_text("")
    found = conversation_files([str(tmp_path), str(tmp_path / "b" / "one.conversation.yaml")])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a/deep/one.conversation.yaml",
        "b/one.conversation.yaml",
    ]


def test_a_hidden_folder_that_is_named_is_searched(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    path = write_conversation(tmp_path / ".hidden", HELLO)
    assert conversation_files([str(tmp_path / ".hidden")]) == (path,)


def test_a_path_where_nothing_is_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or folder"):
        conversation_files([str(tmp_path / "nowhere")])


def test_a_file_that_is_too_long_is_wrong_use(tmp_path: Path) -> None:
    path = tmp_path / "one.conversation.yaml"
    path.write_bytes(b" " * (4 * 1024 * 1024 + 1))
    with pytest.raises(UsageError, match="is longer than"):
        collect([path], Choice())


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        (Choice(), 1),
        (Choice(text="HELLO"), 1),
        (Choice(text="one.conv"), 1),
        (Choice(text="bye"), 0),
        (Choice(text="by_name_file"), 0),  # a part of the folder's name
        (Choice(tags=("slow", "other")), 1),
        (Choice(tags=("other",)), 0),
        (Choice(text="hello", tags=("other",)), 0),
    ],
)
def test_conversations_are_chosen_by_name_file_and_tag(tmp_path: Path, choice: Choice, count: int) -> None:
    assert len(collect([write_conversation(tmp_path, HELLO)], choice).conversations) == count


@pytest.mark.parametrize(
    ("settings", "cassette"), [("", "one"), ("api: recorded", "one"), ("api: {recorded: two.cassette.yaml}", "two")]
)
def test_the_mistakes_of_a_cassette_are_told_with_its_name(tmp_path: Path, settings: str, cassette: str) -> None:
    tape = tmp_path / f"{cassette}.cassette.yaml"
    tape.write_text("cassette: 1\nconversations:\n  - name: 3\n    said: no\n", encoding="utf-8")
    path = write_conversation(tmp_path, f"{settings}\nplugins: []\nconversations:\n" + "- turns: [{say: Hi}]\n" * 2)
    first, second = collect([path], Choice()).problems
    assert (first.file, first.place, first.message) == (str(tape), ":3:11", "'name' must be a text")
    assert (second.file, second.place, second.message) == (str(tape), ":4:5", "there is no member 'said' here")


def test_a_cassette_that_nothing_is_played_from_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "one.cassette.yaml").write_text("[", encoding="utf-8")
    path = write_conversation(tmp_path, HELLO)
    assert collect([path], Choice()).problems == ()
    assert collect([path], Choice(text="bye")).problems == ()
