"""What a conversation file that is made of a chat says before the first word."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.policy.rules import Policy, Rule
from orchestrator.testing.chats.chat_start import (
    MAX_FOLDERS,
    ChatStart,
    NotedVariables,
    free_folder_beside,
    is_conversation,
    refuse_near_miss,
    settings_of,
)
from orchestrator.testing.format.policy_setting import PolicySetting, policy_of
from runtimes.local_endpoint import LocalEndpoint
from runtimes.placeholders import Environment


def test_plugins_are_named_from_where_the_file_lies(tmp_path: Path) -> None:
    start = ChatStart(
        sources=[str(tmp_path / "app" / "plugin.json"), "https://x.example/plugin.json#top"],
        allowed_hosts=["127.0.0.1:80"],
    )
    hosts = {"allow_hosts": ["127.0.0.1:80"]}
    assert settings_of(start, [], tmp_path / "tests") == {
        "plugins": [
            {"source": "../app/plugin.json", **hosts},
            {"source": "https://x.example/plugin.json", **hosts},
        ]
    }


def test_the_policy_and_what_is_remembered_go_with_the_chat(tmp_path: Path) -> None:
    """Issue 7: a chat is played again under the policy that it was held under."""
    rule = Rule(effect="allow", plugin="homes", hash="ab" * 32, until=1_800_000_000.0, reason="trusted")
    policy = Policy(mode="strict", rules=(rule,), together=(frozenset({"homes", "loans"}),))
    start = ChatStart(sources=["plugin.json"], policy=policy, remembered=("homes-getHome",))
    settings = settings_of(start, [], tmp_path)
    assert settings["remembered"] == ["homes-getHome"]
    assert policy_of(PolicySetting.model_validate(settings["policy"]), []) == policy
    assert settings_of(ChatStart(sources=[]), [], tmp_path) == {"plugins": []}


def test_programs_are_those_that_the_plugins_name_without_what_looks_like_a_credential(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.touch()
    variables = {"KIND": "test", "API_TOKEN": "0123456789"}
    start = ChatStart(
        sources=[],
        local={
            "one": LocalEndpoint(command=(sys.executable, str(script), "/no/such/file"), directory=str(tmp_path)),
            "two": LocalEndpoint(command=("two", str(script)), environment=variables),
            "three": LocalEndpoint(command=("three",)),
        },
    )
    settings = settings_of(start, ["one", "two", "four"], tmp_path)
    assert settings["local"] == {
        "one": {"command": ["python", "service.py", "/no/such/file"]},
        "two": {
            "command": ["two", str(script)],
            "directory": "${{TEMPORARY_FOLDER}}",
            "environment": {"KIND": "test"},
        },
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("homes.conversation.yml", "did you mean 'chats/homes.conversation.yaml'"),
        ("homes.Conversation.YAML", "did you mean 'chats/homes.conversation.yaml'"),
        ("homes.conversations.yaml", "did you mean 'chats/homes.conversation.yaml'"),
        ("homes.conversation", "did you mean 'chats/homes.conversation.yaml'"),
        (".conversation.yml", "did you mean 'chats/NAME.conversation.yaml'"),
        (".conversation.yaml", "has no name of its own"),
    ],
)
def test_a_name_that_is_almost_that_of_a_conversation_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        refuse_near_miss(Path("chats", name))


@pytest.mark.parametrize("name", ["homes.conversation.yaml", "homes.md", "conversation.yaml", "a.conversation.jsonl"])
def test_other_names_are_not(name: str) -> None:
    refuse_near_miss(Path("chats", name))


def test_a_folder_beside_has_a_name_that_is_free(tmp_path: Path) -> None:
    path = tmp_path / "homes.conversation.yaml"
    assert free_folder_beside(path).name == "homes.files"
    for number in range(1, MAX_FOLDERS + 1):
        (tmp_path / ("homes.files" if number == 1 else f"homes.files.{number}")).mkdir()
    with pytest.raises(UsageError, match="remove them"):
        free_folder_beside(path)


def test_variables_are_those_that_documents_asked_for() -> None:
    given = NotedVariables({"SUFFIX": "dev", "SECRET_KEY": "0123456789", "OTHER": "x"})
    environment = Environment(given=given, ambient={"HOME": "/"})
    assert "OTHER" in given
    assert [environment.of("plugin.json").get(name) for name in ("SUFFIX", "SECRET_KEY", "NONE")] == [
        "dev",
        "0123456789",
        None,
    ]
    assert (len(given), sorted(given)) == (3, ["OTHER", "SECRET_KEY", "SUFFIX"])
    assert settings_of(ChatStart(sources=[], variables=given), [], Path())["environment"] == {"SUFFIX": "dev"}


def test_the_suffix_decides() -> None:
    assert is_conversation(Path("a.conversation.yaml"))
    assert not is_conversation(Path("a.yaml"))
