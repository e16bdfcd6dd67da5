"""Which conversations are played, and which files are refused (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.testing.collect import Choice, collect, conversation_files
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
    ("settings", "place", "what"),
    [
        ("services: {homes: {command: python}}", ":2:11", "services are not started"),
        ("credentials: {key: test}", ":2:14", "credentials are not sent"),
        ("clock: 2026-11-21T09:00:00Z", ":2:8", "the clock cannot be set"),
        ("api: {recorded: tape.json}", ":2:17", "recorded answers are not replayed"),
        ("api: {mock: openapi, examples: false}", ":2:32", "the mock always gives"),
        ("api: {real: true, stubs: [{path: /, answer: 200}]}", ":2:26", "stubs do not come before the real service"),
    ],
)
def test_what_is_not_supported_is_refused_at_its_place(tmp_path: Path, settings: str, place: str, what: str) -> None:
    shared = write_conversation(tmp_path, f"\n{settings}\nplugins: []\nconversations:\n" + "- turns: [{say: Hi}]\n" * 2)
    alone = write_conversation(tmp_path, f"\n{settings}\nplugins: []\nturns: [{{say: Hi}}]\n", "two")
    for path in (shared, alone):
        [problem] = collect([path], Choice()).problems
        assert problem.place == place
        assert problem.message.startswith(what)
        assert problem.file == str(path)


def test_what_a_conversation_says_itself_is_refused_there(tmp_path: Path) -> None:
    text = "plugins: []\nconversations:\n- turns: [{say: Hi}]\n  clock: 2026-11-21T09:00:00Z\n"
    [problem] = collect([write_conversation(tmp_path, text)], Choice()).problems
    assert problem.place == ":4:10"


def test_what_is_not_played_is_not_refused(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, f"clock: 2026-11-21T09:00:00Z\n{HELLO}")
    assert collect([path], Choice(text="bye")).problems == ()
