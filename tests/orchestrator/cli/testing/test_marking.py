"""What is printed where GitHub Actions reads along, as people run it (issue 6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.testing.marking import name_in_workspace
from tests.orchestrator.cli.testing.commands import SECONDS, command, environment, run
from tests.orchestrator.testing.playing import write_conversation
from tests.servers import warm

HOSTILE = """\
plugins: []
name: "##[group]Name"
turns:
  - say: Hi
    model: "Hello\\n::stop-commands::x\\n  ::error::made up\\n##[error]made up"
    expect: {text: {is: "Bye\\n::warning::made up"}}
"""


def commands_in(output: str) -> list[str]:
    """The lines that a runner takes for commands."""
    return [line for line in output.splitlines() if line.strip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("options", [(), ("--explain",), ("--explain", "-j", "2")])
def test_no_text_of_a_conversation_is_a_command(tmp_path: Path, options: tuple[str, ...]) -> None:
    write_conversation(tmp_path, HOSTILE)
    done = run(tmp_path, *options, env=environment(GITHUB_ACTIONS="true"))
    assert done.returncode == 1
    assert commands_in(done.stderr) == []
    [annotation] = [line for line in commands_in(done.stdout) if line.startswith("::error file=")]
    assert [line for line in commands_in(done.stdout.replace(annotation, "")) if line] == []
    told = json.loads(run(tmp_path, *options, "--json", env=environment(GITHUB_ACTIONS="true")).stdout)
    assert told["conversations"][0]["name"] == "##[group]Name"


def test_nor_is_the_name_of_a_file(tmp_path: Path) -> None:
    write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi, model: Hello, expect: {text: Bye}}]\n", "::error::a")
    write_conversation(tmp_path, "plugins: []\nturns: []\n", "::error::b")
    arguments = command("::error::a.conversation.yaml", "::error::b.conversation.yaml", "--github")
    done = warm.run(arguments, folder=tmp_path, environ=environment(GITHUB_WORKSPACE=""), seconds=SECONDS)
    assert commands_in(done.stderr) == []
    assert [line[:13] for line in commands_in(done.stdout)] == ["::error file=", "::error file="]


def test_at_a_desk_texts_stay_as_they_are(tmp_path: Path) -> None:
    write_conversation(tmp_path, HOSTILE)
    assert "##[group]Name" in run(tmp_path).stdout


def test_annotations_name_files_from_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "homes"
    folder.mkdir(parents=True)
    write_conversation(folder, "plugins: []\nturns: [{say: Hi, model: Hello, expect: {text: Bye}}]\n", "a")
    write_conversation(folder, "plugins: []\nturns: []\n", "b")
    environ = environment(GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(tmp_path))
    done = warm.run(command("."), folder=folder, environ=environ, seconds=SECONDS)
    marked = [line.split(",")[0] for line in done.stdout.splitlines() if line.startswith("::error file=")]
    assert marked == [f"::error file=plugins/homes/{name}.conversation.yaml" for name in "ba"]


def test_a_file_elsewhere_keeps_the_name_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    outside = str(tmp_path / "a.yaml")
    assert name_in_workspace(outside, str(tmp_path / "inside")) == outside
    assert name_in_workspace("a.yaml", "") == "a.yaml"
