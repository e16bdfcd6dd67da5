"""What a conversation file that is made of a chat says before the first word."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.testing.chats.chat_start import ChatStart, NotedVariables, is_conversation, settings_of
from runtimes.base import LocalEndpoint
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
