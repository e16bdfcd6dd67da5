"""`orchestrator validate` takes conversation files, and folders with some of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.orchestrator.cli.test_validate import validate
from tests.orchestrator.testing.playing import write_conversation, write_plugin

UNKNOWN = "turns: [{say: Hi, model: {call: getHom}}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path)
    return tmp_path


def test_a_mistake_is_drawn_at_its_place(folder: Path) -> None:
    path = write_conversation(folder, UNKNOWN)
    done = validate(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{path}:2:33: warning conversation-function: no plugin of the conversation has a function 'getHom'",
        "    turns: [{say: Hi, model: {call: getHom}}]",
        "                                    ^",
        "    hint: did you mean 'getHome'?",
        "",
        f"{path}: valid (0 errors, 1 warning)",
    ]
    assert validate("--strict", path).returncode == 1


def test_a_folder_is_searched_however_deep(folder: Path) -> None:
    (folder / "deep").mkdir()
    write_conversation(folder / "deep", "plugins: ../plugin.json\nturns: [{say: Hi}]\n", "good")
    write_conversation(folder, "turns: []\n", "bad")
    done = validate(folder, "--json")
    files = json.loads(done.stdout)["files"]
    assert (done.returncode, [file["valid"] for file in files]) == (1, [False, True])
    assert [file["path"] for file in files] == [
        str(folder / "bad.conversation.yaml"),
        str(folder / "deep" / "good.conversation.yaml"),
    ]


def test_a_package_is_checked_with_the_conversations_in_it(folder: Path) -> None:
    agent = {"version": "v1.0", "name": "A", "description": "A", "actions": [{"id": "a", "file": "plugin.json"}]}
    (folder / "declarativeAgent.json").write_text(json.dumps(agent))
    write_conversation(folder, UNKNOWN)
    files = json.loads(validate(folder, "--json").stdout)["files"]
    assert [Path(file["path"]).name for file in files] == [folder.name, "plugin.json", "one.conversation.yaml"]


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_other_reports_have_the_place_too(folder: Path, form: str) -> None:
    path = write_conversation(folder, UNKNOWN)
    done = validate("--format", form, path)
    if form == "github":
        assert done.stdout.startswith(f"::warning file={path},line=2,col=33,title=conversation-function::")
        return
    [run] = json.loads(done.stdout)["runs"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"].startswith("a conversation names a function")
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"]) == (2, 33)


def test_a_conversation_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    done = validate(tmp_path / "gone.conversation.yaml")
    assert done.returncode == 1
    assert " error unreadable: " in done.stdout
